"""The project's own files: the Pythons that it is tested on, its image, and its hook for pre-commit."""

from __future__ import annotations

import re
import tomllib
from typing import NamedTuple

import yaml

from tests.support.servers import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


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
    assert re.match(hook["files"], "desired/apps/wiki/app.yaml") and not re.match(hook["files"], "src/desired.yaml")
