"""Every page is typed as it stands, a page in a world of its own: a checkout of the example, applied to real servers.

Of the blocks of a page `sh` is typed, command by command: each must end in 0, or as a comment says (`# exit 3`). `diff` is done
to the file that it names, `yaml` and `json` are read. `console` shows commands that cannot be typed here, which are listed below,
`text` what is printed. The tutorial is typed from an empty folder, by test_tutorial_page.py.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from tests.support.example import example
from tests.support.gitworld import ENV, git
from tests.support.servers import ROOT, TOKEN, Desk, scim_server
from tests.support.thousandeyes import thousandeyes

README = ROOT / "README.md"
DOCS = ROOT / "reconciler/docs"
MADE = ("codes", "commands", "environment", "options", "keys", "functions", "profile-values")  # made from code, and tried there
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
KINDS = {"sh", "diff", "yaml", "json", "ini", "console", "text", "markdown"}
# Commands that no test types: they start servers or run on, reach GitHub, or need another machine. First lines, by page.
NOT_TYPED = {
    ("README", "$ reconcile plan --app wiki"),  # compared by test_demo.py
    ("README", "$ make demo    # the whole story, on this machine, against real SCIM servers that it starts and ends itself"),
    ("access", '$ reconcile access --at 2026-03-01 --role "Organization Admin"'),  # the log of this test begins today
    ("access", "$ reconcile access --diff 2026-01-01 2026-04-01 --format csv"),
    ("access", "$ reconcile revoke --app wiki --id 5f1c2a --reason 'INC-9: not ours'"),  # test_revoke_id.py revokes one
    ("howto-recover", "$ reconcile unlock 5f1c2ad09be74a1f8d3a3a7a0d5f2c11 --app wiki"),
    ("log", "$ reconcile record verify --app wiki --since sha256:4f1c..."),  # the head of another log
    ("record", '$ ssh-keygen -t ed25519 -N "" -C reconcile -f reconcile-key'),  # secrets of GitHub
    ("review", "$ reconcile review close 2026-Q4 --evidence review-2026-Q4.zip"),  # test_review.py closes one
    ("service", "$ reconcile run --pull             # until stopped; follow the remote's main branch"),
    ("tutorial", "$ SCIM_TOKEN=secret python -m reconciler.demo generic --port 8101"),
}

GONE = {("howto-recover", "reconcile plan\n")}  # blocks before which the record is lost


class Block(NamedTuple):
    kind: str
    text: str


def blocks(page: Path) -> list[Block]:
    return [Block(*found) for found in BLOCK.findall(page.read_text(encoding="utf-8"))]


PAGES = [page for page in (README, *sorted(DOCS.glob("*.md"))) if page.stem not in MADE]
TYPED = [page for page in PAGES if page.stem != "tutorial" and any(block.kind in ("sh", "diff") for block in blocks(page))]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with scim_server() as url:
        yield url


@pytest.fixture
def desk(server: str, tmp_path: Path) -> Iterator[Desk]:
    """The example, committed and applied, with a remote and a second one that is private."""
    desk = Desk(tmp_path / "identity", server)
    for name in ("origin", "private"):
        git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", f"{name}.git")
    git(desk.folder, "init", "--quiet", "--initial-branch=main")
    git(desk.folder, "remote", "add", "origin", str(tmp_path / "origin.git"))
    (desk.folder / ".gitignore").write_text(".reconcile/\n*.json\n", encoding="utf-8")
    desk.environ |= {name: value for name, value in ENV.items() if name.startswith("GIT_")}
    desk.environ |= {"PRIVATE_REPOSITORY": str(tmp_path / "private.git"), "PATH": f"{Path(sys.executable).parent}:{ENV['PATH']}"}
    with thousandeyes(TOKEN) as (there, _):
        example(desk, f"{server}/{tmp_path.name}-wiki", there)
        git(desk.folder, "add", "--all")
        git(desk.folder, "commit", "--quiet", "--message", "The example")
        ran = desk.reconcile("apply", "--auto-approve")
        assert ran.code == 0, ran
        yield desk


@pytest.mark.parametrize("page", TYPED, ids=lambda page: page.stem)
def test_a_page_does_what_it_says(page: Path, desk: Desk) -> None:
    for block in blocks(page):
        if block.kind == "diff":
            change(desk.folder, block.text)
        if (page.stem, block.text) in GONE:
            shutil.rmtree(desk.folder / ".reconcile")
        for command in commands(block.text) if block.kind == "sh" else ():
            expected = int(found[1]) if (found := re.search(r"# exit (\d+)", command)) else 0
            assert typed(desk, command) == (expected, ""), command


def commands(text: str) -> list[str]:
    """A block's commands: what shells take together stays together."""
    found: list[str] = []
    for line in text.splitlines():
        if found and (found[-1].endswith("\\") or found[-1].count("'") % 2):
            found[-1] += f"\n{line}"
        elif line.strip() and not line.startswith("#"):
            found.append(line)
    return found


def typed(desk: Desk, command: str) -> tuple[int, str]:
    """The exit code, and what was said where it is not 0 or a safeguard's; a command of ours alone needs no shell."""
    words = shlex.split(command, comments=True)
    if words[0] == "reconcile" and not {">", "|", "&&"} & set(words):
        ran = desk.reconcile(*words[1:])
        code, said = ran.code, ran.out + ran.err
    else:
        done = subprocess.run(["bash", "-c", command], cwd=desk.folder, env=desk.environ, capture_output=True, text=True)
        code, said = done.returncode, done.stdout + done.stderr
    return code, "" if code in (0, 3) else said


def change(folder: Path, text: str) -> None:
    """A diff without line numbers: its old lines stand in the file once."""
    head, *lines = text.splitlines()
    file = folder / head.removeprefix("--- ")
    old, new = ("".join(f"{line[1:]}\n" for line in lines if line[0] in sides) for sides in (" -", " +"))
    before = file.read_text(encoding="utf-8")
    assert before.count(old) == 1, f"{file} does not hold once:\n{old}"
    file.write_text(before.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_block_is_told_by_its_indentation_alone(page: Path) -> None:
    """Markdown takes lines that are indented by four for code, and nothing would type them."""
    outside = BLOCK.sub("", page.read_text(encoding="utf-8"))
    assert re.findall(r"\n\n(?:    |\t)(.*)", outside) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_each_block_says_what_it_is_and_can_be_read(page: Path) -> None:
    for kind, text in blocks(page):
        assert kind in KINDS, f"say what this block is, `sh` to have it typed or `console` to show it:\n{text}"
        if kind == "yaml":
            yaml.safe_load(text)
        elif kind == "json":
            json.loads(text)


def test_what_no_test_types_is_listed() -> None:
    shown = {(page.stem, block.text.splitlines()[0]) for page in PAGES for block in blocks(page) if block.kind == "console"}
    assert shown == NOT_TYPED
