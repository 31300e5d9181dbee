"""The demo as a newcomer runs it: it tells the whole story, ends by itself and leaves nothing behind."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.cli.demo import _program
from reconciler.report.markdown.render import render as as_comment
from reconciler.report.text import render
from tests.support.servers import ROOT
from tests.support.world import World

RECONCILE = [sys.executable, "-c", "from reconciler.cli.main import main; main()"]
STORY = (
    "validate",
    "test-connection --app wiki",
    "plan --out plan.json --app thousandeyes",
    "plan --out tickets.json --app tickets",
    "plan --out wiki.json --app wiki",
    "apply plan.json tickets.json wiki.json",
    "plan --detailed-exitcode",
    "plan --app wiki --detailed-exitcode --out drift.json",
    "apply drift.json",
    "plan --app thousandeyes --detailed-exitcode --out roles.json",
    "apply roles.json",
    "plan --app thousandeyes --detailed-exitcode --out leaver.json",
    "apply leaver.json",
    "plan --detailed-exitcode",
    "run --once --app wiki",
)
LONGEST = 191  # lines that somebody reads to the end: 200, of which `make demo` needs nine at first


def environ(folder: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(folder), "RECONCILE_CACHE_DIR": ""}


def servers(folder: Path) -> list[int]:
    """Processes that work in a folder of the demo's."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            at_work = os.readlink(process / "cwd").startswith(str(folder))
        except OSError:
            continue
        found += [int(process.name)] if at_work else []
    return found


def test_the_whole_story_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    ran = subprocess.run([*RECONCILE, "demo"], env=environ(tmp_path), capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert ran.returncode == 0, ran.stderr
    assert tuple(re.findall(r"^\$ reconcile (.*)$", ran.stdout, re.MULTILINE)) == STORY
    assert len(ran.stdout.splitlines()) <= LONGEST
    after = dict(zip(STORY, ran.stdout.split("$ reconcile ")[1:], strict=False))
    assert "0 errors, 1 warning" in after["validate"] and "Legacy Viewer is disabled" in after["validate"]
    assert 'title: "Intern" -> "Principal Engineer"' in after[STORY[7]] and "[drift]" in after[STORY[7]]
    assert "gain a privileged role (Organization Admin)" in after[STORY[9]]
    assert "mary@example.com gains Organization Admin (privileged) through group On Call" in after[STORY[9]]
    gone = re.search(
        r"grace@example.com loses Organization Admin \(privileged\), desired/apps/thousandeyes/assignments.yaml:3 in \w{7},",
        ran.stdout,
    )
    assert gone is not None, "the line that is gone, in the commit where it stood"
    assert "- disable User/grace@example.com" in after[STORY[11]] and "- orgAdmin" in after[STORY[11]]
    assert "No changes. Wiki matches the declaration." in after[STORY[13]]
    assert "To: wiki-owners@example.com\nSubject: [reconcile] Wiki: in quarantine" in after[STORY[14]]
    assert list(tmp_path.iterdir()) == [] and servers(tmp_path) == []


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*RECONCILE, "demo", "--keep"], env=environ(tmp_path), stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL
    ) as process:
        yield process
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert list(tmp_path.iterdir()) == [] and servers(tmp_path) == []


def test_the_servers_that_are_kept_serve_a_second_terminal(kept: subprocess.Popen[str], tmp_path: Path) -> None:
    assert kept.stdout is not None
    said = []
    while not said or "Ctrl-C" not in said[-1]:
        said.append(kept.stdout.readline())
    variables = dict(re.findall(r"export (\w+)=(\S+)", "".join(said)))
    assert len(variables) == 6
    folder = next(tmp_path.glob("reconcile-demo-*"))
    second = subprocess.run(
        [*RECONCILE, "plan", "--detailed-exitcode"],
        env={**environ(tmp_path), **variables},
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert (second.returncode, second.stdout.count("No changes.")) == (0, 3), second.stderr


def test_the_second_terminal_is_told_of_a_program_that_it_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "reconcile"
    here.touch(0o755)
    monkeypatch.setattr("sys.argv", [str(here)])
    monkeypatch.setenv("PATH", "/nowhere")
    assert _program() == str(here)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert _program() == "reconcile"


def test_the_plan_that_the_readme_opens_with_is_the_one_that_the_example_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything is applied, then Ada gets a role for a time."""
    monkeypatch.chdir(tmp_path)
    world = World(Path("."))
    shutil.rmtree("desired")
    shutil.copytree(ROOT / "desired", "desired")
    world.seed("contractor@example.org")
    world.converge()
    with open("desired/apps/wiki/assignments.yaml", "a", encoding="utf-8") as file:
        file.write("  - {user: ada@example.com, role: Wiki Admin, expires: 2027-01-31}\n")
    plan = world.plan()
    shown = render(plan, lambda text, code: text).replace(world.client.base_url, "https://wiki.example.com/scim/v2")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert shown == readme.partition("$ reconcile plan --app wiki\n")[2].partition("```")[0]
    comment = as_comment(plan).partition("\n")[2].partition("<details>")[0]
    assert comment.rstrip() == readme.partition("```markdown\n")[2].partition("```")[0].rstrip(), "what the pull request shows"
