"""The checkout that `run --pull` applies: the remote's main branch and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from reconciler.service.events import Event
from reconciler.service.loop import Loop, Settings
from reconciler.service.pull import Main, NotMerged
from tests.support.gitworld import git

FILE = "desired/people.yaml"


def commit(folder: Path, text: str) -> None:
    (folder / FILE).write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", text)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "remote.git")
    git(tmp_path, "clone", "--quiet", "remote.git", "here")
    folder = tmp_path / "here"
    (folder / "desired").mkdir()
    git(folder, "checkout", "--quiet", "-B", "main")
    commit(folder, "one")
    git(folder, "push", "--quiet", "origin", "main")
    monkeypatch.chdir(folder)
    return folder


def edited(folder: Path) -> None:
    (folder / FILE).write_text("another")


def added(folder: Path) -> None:
    (folder / "desired/more.yaml").write_text("another")


def ahead(folder: Path) -> None:
    commit(folder, "two")


def elsewhere(folder: Path) -> None:
    git(folder, "switch", "--quiet", "-c", "mine")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (edited, f"changes that are not committed: {FILE}"),
        (added, "not committed: desired/more.yaml"),
        (ahead, "commits that main at the remote has not"),
        (elsewhere, "on the branch mine, not on main"),
    ],
)
def test_what_nobody_has_merged_is_refused_also_where_the_remote_has_nothing_new(
    here: Path, change: Callable[[Path], None], words: str
) -> None:
    main = Main(Path("desired"))
    assert main.pull() is None
    change(here)
    with pytest.raises(NotMerged, match=words):
        main.pull()


def test_a_file_beside_the_declarations_is_nobodys_business(here: Path) -> None:
    (here / "notes.txt").write_text("mine")
    assert Main(Path("desired")).pull() is None


def test_no_cycle_begins_until_the_checkout_is_as_merged(here: Path) -> None:
    said: list[Event] = []
    loop = Loop(Settings(Path("desired"), once=True, poll=60), said.append)
    loop.turns = cast(Any, {"wiki": SimpleNamespace(child=None, due="2000-01-01T00:00:00Z")})
    edited(here)
    loop._pull()
    loop._begin()
    assert loop._is_done() and "no cycle begins" in said[0].message and "[NotMerged]" in said[0].message
    loop.polled = ""
    (here / FILE).write_text("one")
    loop._pull()
    assert not loop.unmerged
    for end in (loop.wake, loop.waker):
        end.close()
