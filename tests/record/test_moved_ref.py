"""A record moved from one ref of a remote to another, and back: its history comes along, and nothing that was known is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.cycle.proof import proof_of
from reconciler.record.git.store import GitStore
from reconciler.record.migrate import migrate
from reconciler.record.model import Record
from reconciler.record.store import RecordError
from tests.support.gitworld import GitWorld, git

REF, BRANCH = "refs/reconcile/<app>", "refs/heads/reconcile/<app>"
SINCE = "2026-06-01T00:00:00Z"


@pytest.fixture
def world(tmp_path: Path) -> GitWorld:
    found = GitWorld(tmp_path)
    store = found.store()
    for number in range(3):
        with store.lock("reconcile apply", SINCE):
            store.save(Record("wiki", runs=number + 1, entries={"User/a": {"id": "1"}}))
            store.log([{"activityDateTime": SINCE, "provisioningAction": "create"}])
    return found


def commits(world: GitWorld, ref: str) -> list[str]:
    return git(world.bare, "rev-list", ref.replace("<app>", "wiki")).split()


def files(world: GitWorld, ref: str) -> str:
    return git(world.bare, "ls-tree", "-r", ref.replace("<app>", "wiki"))


def test_a_record_moves_to_a_branch_and_back_with_its_whole_history(world: GitWorld) -> None:
    before, tree = commits(world, REF), files(world, REF)
    assert migrate(world.store(), world.store(named=BRANCH), SINCE) == 1
    assert files(world, REF) == "" and files(world, BRANCH) == tree
    assert set(before) < set(commits(world, BRANCH))
    assert world.store(named=BRANCH).load() == Record("wiki", runs=3, entries={"User/a": {"id": "1"}})
    assert proof_of(world.store(named=BRANCH), before[0]).problems == ()

    there = commits(world, BRANCH)
    assert migrate(world.store(named=BRANCH), world.store(), SINCE) == 1
    assert files(world, BRANCH) == "" and files(world, REF) == tree
    assert set(there) < set(commits(world, REF))
    assert world.store().load() is not None
    assert world.store().read_lock() is None and world.store(named=BRANCH).read_lock() is None


def test_another_machine_that_knew_the_old_ref_takes_the_new_one_and_refuses_one_that_was_begun_anew(world: GitWorld) -> None:
    other = world.clone("other")
    assert world.store(other).load() is not None
    migrate(world.store(), world.store(named=BRANCH), SINCE)
    assert world.store(other).load() is None  # it has a reconciler.yaml of before, and sees the end
    assert world.store(other, named=BRANCH).load() is not None
    tree = git(world.bare, "rev-parse", "refs/heads/reconcile/wiki^{tree}").strip()
    git(world.bare, "update-ref", "refs/heads/reconcile/wiki", git(world.bare, "commit-tree", tree, "-m", "x").strip())
    with pytest.raises(RecordError, match="was rewritten"):
        world.store(other, named=BRANCH).load()


def test_where_else_a_record_lies_is_found(world: GitWorld) -> None:
    branch = world.store(named=BRANCH)
    assert branch.load() is None and branch.elsewhere() == [REF] and world.store().elsewhere() == []
    git(world.bare, "update-ref", "refs/heads/reconcile/wiki", "main")  # a branch that is not a record
    assert world.store().elsewhere() == []
    git(world.bare, "update-ref", "-d", "refs/heads/reconcile/wiki")
    migrate(world.store(), branch, SINCE)
    assert world.store().elsewhere() == [BRANCH] and world.store(named=BRANCH).elsewhere() == []


def test_a_branch_that_is_no_record_is_not_written_to(world: GitWorld) -> None:
    git(world.bare, "update-ref", "refs/heads/reconcile/wiki", "main")
    with pytest.raises(RecordError, match="is not a record"):
        migrate(world.store(), world.store(named=BRANCH), SINCE)
    assert world.store().load() is not None and world.store().read_lock() is None


def hook(world: GitWorld, name: str, script: str) -> None:
    file = world.bare / "hooks" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o700)


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("update", 'case "$1" in refs/heads/reconcile/*) echo "protected branch hook declined" >&2; exit 1;; esac'),
        ("post-receive", "git update-ref -d refs/heads/reconcile/wiki 2>/dev/null; true"),
    ],
)
def test_the_old_ref_stays_where_the_new_one_was_not_written(world: GitWorld, name: str, script: str) -> None:
    before = files(world, REF)
    hook(world, name, script)
    with pytest.raises(RecordError) as caught:
        migrate(world.store(), world.store(named=BRANCH), SINCE)
    assert "refs/reconcile" not in caught.value.remedy
    (world.bare / "hooks" / name).unlink()
    assert files(world, REF) == before and world.store().load() is not None


def test_a_protected_branch_takes_what_only_goes_forward(world: GitWorld) -> None:
    git(world.bare, "config", "receive.denyNonFastForwards", "true")
    migrate(world.store(), world.store(named=BRANCH), SINCE)
    store: GitStore = world.store(named=BRANCH)
    with store.lock("reconcile apply", SINCE):
        store.save(Record("wiki", runs=9))
    migrate(world.store(named=BRANCH), world.store(), SINCE)
    migrate(world.store(), world.store(named=BRANCH), SINCE)
    found = world.store(named=BRANCH).load()
    assert found is not None and found.runs == 9
