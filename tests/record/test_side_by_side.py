"""Two processes of one checkout on one Git record: neither takes the other's writes for somebody's, nor waits for it for ever."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from reconciler.record import flock
from reconciler.record.git.repository import Repository
from reconciler.record.model import Record
from reconciler.record.store import Unreachable
from tests.support.gitworld import GitWorld

SINCE = "2026-06-01T00:00:00Z"


@pytest.fixture
def world(tmp_path: Path) -> GitWorld:
    return GitWorld(tmp_path)


def save(world: GitWorld, runs: int) -> None:
    store = world.store()
    with store.lock("reconcile run", SINCE):
        store.save(Record("wiki", runs=runs))


def test_what_another_process_pushes_while_we_look_is_not_taken_for_a_rewritten_ref(
    world: GitWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(world, 1)
    ask, pushed = Repository.remote_head, list[int]()

    def slow(self: Repository, ref: str) -> str | None:
        head = ask(self, ref)
        if not pushed:
            pushed.append(2)
            save(world, 2)
        return head

    monkeypatch.setattr(Repository, "remote_head", slow)
    found = world.store().load()
    assert pushed and found is not None and found.runs in (1, 2)


def test_one_that_hangs_holds_up_no_other_for_ever(world: GitWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    save(world, 1)
    monkeypatch.setattr(flock, "PATIENCE", 0.05)
    store = world.store()
    with open(store.ref.folder / "busy", "r+b") as busy:
        fcntl.flock(busy, fcntl.LOCK_EX)
        with pytest.raises(Unreachable, match="another reconcile has been busy with") as error:
            store.load()
        assert "see whether one of this checkout was stopped" in error.value.remedy
    assert world.store().load() is not None
