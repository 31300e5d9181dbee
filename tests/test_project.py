"""The project's own files: the Pythons that it is tested on, its image, and its hook for pre-commit."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from tests.benchmarks import cycle, hour, leaver
from tests.benchmarks.measure import Cost, verdict
from tests.support.servers import ROOT

SAID = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = SAID["project"]


class Step(NamedTuple):
    """One instruction of a Dockerfile, its continued lines joined."""

    word: str
    rest: str


def image() -> list[Step]:
    text = (ROOT / ".github/Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = (line.split(None, 1) for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return [Step(word, rest) for word, rest in lines]


def test_each_python_that_the_package_names_is_tested_and_no_other() -> None:
    said = [entry.rpartition(" ")[2] for entry in PROJECT["classifiers"] if "Python :: 3." in entry]
    ci = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    assert ci["jobs"]["test"]["strategy"]["matrix"]["python"] == said == ["3.11", "3.12", "3.13", "3.14"]
    assert PROJECT["requires-python"] == f">={said[0]}"
    steps = [step.word for step in image() if step.word == "FROM"]
    bases = {step.rest.split()[0] for step in image() if step.word == "FROM"}
    assert len(steps) == 2 and bases == {"python:3.13-slim"}  # small, with a version, one of those that are tested


def test_the_last_stage_of_the_image_runs_the_command_as_a_user_without_rights() -> None:
    steps = image()
    last = steps[max(number for number, step in enumerate(steps) if step.word == "FROM") :]
    words = [step.word for step in last]
    (user,) = [step.rest for step in last if step.word == "USER"]
    assert user == "10001" and "--uid 10001" in next(step.rest for step in last if step.word == "RUN")
    assert "RUN" not in words[words.index("USER") :] and "COPY" not in words[words.index("USER") :]
    assert [step.rest for step in last if step.word == "ENTRYPOINT"] == ['["reconcile"]']
    # Of the build nothing comes along but what pip installed, and no secret and no download is part of it.
    assert [step.rest for step in last if step.word == "COPY"] == ["--from=build /installed /usr/local"]
    assert {step.word for step in steps} <= {"FROM", "COPY", "RUN", "USER", "WORKDIR", "ENTRYPOINT", "CMD"}
    assert not re.search(r"curl|wget|sudo|chmod", " ".join(step.rest for step in steps))


def test_the_hook_validates_declarations() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert (hook["entry"], hook["pass_filenames"]) == ("reconcile validate", False)
    assert f"{{id: {hook['id']}}}" in (ROOT / "reconciler/docs/github.md").read_text(encoding="utf-8")
    assert re.match(hook["files"], "desired/apps/wiki/app.yaml") and not re.match(hook["files"], "src/desired.yaml")


def test_make_installs_what_builds_the_package_and_for_the_story_nothing_that_tests_need() -> None:
    """The package is built beside it, not in a folder of its own, so that the story begins within 20 seconds."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    given = dict(re.findall(r"^(\w+) [:?]= (.*)$", text, re.MULTILINE))
    builders = {re.split(r"[<>=]", need)[0] for need in SAID["build-system"]["requires"]}
    assert builders | {"pip", "editables"} == set(given["BUILDER"].split()) and "--no-build-isolation" in given["INSTALL"]
    assert re.findall(r"^\t\$\(INSTALL\) -e '.\[(.*)\]'$", text, re.MULTILINE) == ["demo,test", "demo"]
    story, tests = (PROJECT["optional-dependencies"][extra] for extra in ("demo", "test"))
    assert story == ["scim2-server==0.8.3", "aiosmtpd>=1.4.6"] and "scim2-server[cursor]==0.8.3" in tests


def test_make_brings_pip_by_venv_where_python_has_none(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "$@"\ncase "$*" in "-m pip"*) exit 1; esac\n', encoding="utf-8")
    python.chmod(0o755)
    (tmp_path / "venv/bin").mkdir(parents=True)
    (tmp_path / "venv/bin/python").symlink_to(python)
    command = ["make", "-s", "-f", ROOT / "Makefile", f"PYTHON={python}", f"VENV={tmp_path}/venv", f"{tmp_path}/venv/.builds"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    said = [re.sub(r"\S*/venv", "VENV", line) for line in ran.stdout.splitlines()]
    quick = "install --quiet --disable-pip-version-check --no-compile"
    assert said == [
        "-m venv --without-pip VENV",
        f"-m pip --python VENV/bin/python {quick} pip hatchling editables",
        "-m venv VENV",
        f"-m pip {quick} --upgrade pip hatchling editables",
    ]


def test_a_benchmark_whose_promise_is_not_kept_says_so_and_ends_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    """What it promises is what the page says."""
    page = (ROOT / "reconciler/docs/cost.md").read_text(encoding="utf-8")
    assert f"promised are {cycle.PROMISED:.0f} s" in page and leaver.PROMISED == 300 and "five minutes" in page
    well = hour.Arrived([], [])
    assert verdict([*cycle.broken([Cost(9, 1.9, 1)]), *leaver.broken(107), *hour.broken(0, well, [])]) == 0
    assert capsys.readouterr().out == ""
    for broken in (
        cycle.broken([Cost(1, 2.1, 1)]),
        leaver.broken(301),
        hour.broken(1, well, []),
        hour.broken(0, hour.Arrived(["User/a"], []), []),
        hour.broken(0, hour.Arrived([], ["User/a"]), []),
        hour.broken(0, well, ["ada is there 2 times"]),
    ):
        assert verdict(broken) == 1 and capsys.readouterr().out.startswith("not kept: ")
