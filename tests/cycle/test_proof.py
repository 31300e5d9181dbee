"""The proof that a log is whole: at which file and line it breaks, whoever altered, dropped, moved or rewrote it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.cycle.audited import prune_log
from reconciler.cycle.proof import proof_of
from reconciler.record.local import LocalStore
from reconciler.record.log.chain import hash_of
from reconciler.record.log.read import records_of
from reconciler.record.model import Record
from reconciler.record.store import RecordError, Store
from reconciler.report.log_proof import as_json, as_text
from tests.support.gitworld import GitWorld, git


def line(name: str) -> dict[str, Any]:
    return {"activityDateTime": "2026-06-01T00:00:00Z", "sourceIdentity": {"displayName": f"User/{name}"}}


@pytest.fixture
def local(tmp_path: Path) -> LocalStore:
    store = LocalStore(tmp_path / "records", "wiki")
    for name in "abcde":
        store.log([line(name)])
    return store


def file_of(store: LocalStore) -> Path:
    return store.folder / "log/2026-06.jsonl"


def edited(store: LocalStore, edit: Callable[[list[str]], list[str]]) -> list[str]:
    """What was there, once its lines were edited."""
    lines = file_of(store).read_text().splitlines()
    file_of(store).write_text("".join(f"{row}\n" for row in edit(list(lines))))
    return lines


def told(store: LocalStore, since: str = "") -> list[tuple[int, str]]:
    """Record and place of each problem, the place without the folder."""
    return [(p.number, p.where.rpartition("/")[2]) for p in proof_of(store, since).problems]


def test_a_whole_log_is_proved_from_any_head_that_was_its_own(local: LocalStore) -> None:
    lines = file_of(local).read_text().splitlines()
    proof = proof_of(local, hash_of(json.loads(lines[2])))
    assert proof.problems == () and proof.check.last == (5, hash_of(json.loads(lines[4])))
    text = as_text([proof])
    assert "wiki: 5 records in" in text and f"head 5 {hash_of(json.loads(lines[4]))}" in text and "is among them" in text


def test_an_altered_line_is_told_with_its_place_and_what_its_hash_should_be(local: LocalStore) -> None:
    before = edited(local, lambda rows: [row.replace("User/b", "User/x") for row in rows])
    (problem,) = proof_of(local).problems
    altered = hash_of(json.loads(file_of(local).read_text().splitlines()[1]))
    assert (problem.number, problem.where) == (2, f"{file_of(local)}:2")
    assert altered in problem.what and hash_of(json.loads(before[1])) in problem.what
    (row,) = json.loads(as_json([proof_of(local)]))["apps"]
    assert row["verified"] is False and row["problems"][0]["where"] == f"{file_of(local)}:2"


def test_a_dropped_line_and_moved_ones_are_told_with_their_places(local: LocalStore) -> None:
    before = edited(local, lambda rows: [*rows[:2], *rows[3:]])
    assert told(local) == [(4, "2026-06.jsonl:3")]
    edited(local, lambda _: [before[0], before[2], before[1], *before[3:]])
    assert [number for number, _ in told(local)] == [3, 2, 4]


def test_a_dropped_end_is_seen_from_a_head_that_the_caller_kept(local: LocalStore) -> None:
    before = edited(local, lambda rows: rows[:-1])
    assert told(local) == [(0, "")]  # this checkout knew it
    local.known.file.unlink()
    assert told(local) == []
    (problem,) = proof_of(local, hash_of(json.loads(before[-1]))).problems
    assert "is none of the records: the log was rewritten, cut or is another one" in problem.what


def test_what_a_kill_tore_off_is_told_and_wrong_is_nothing(local: LocalStore) -> None:
    with file_of(local).open("a") as file:
        file.write('{"activityDateTime": "20')
    local.log([line("f")])
    proof = proof_of(local)
    assert proof.problems == () and proof.check.no_records == [f"{file_of(local)}:6"]
    assert "no record, as a kill leaves one" in as_text([proof])


def dated(name: str, month: str) -> dict[str, Any]:
    return {**line(name), "activityDateTime": f"2026-{month}-01T00:00:00Z"}


def pruned(store: Store) -> None:
    """Five records of three months, the first two months of which are cut."""
    for name, month in zip("abcde", ("04", "04", "05", "06", "06"), strict=True):
        store.log([dated(name, month)])
    rows = list(records_of(store.log_blocks()))
    assert prune_log(store, "2026-06") == 3
    left = list(records_of(store.log_blocks()))
    assert [row["sourceIdentity"]["displayName"] for row in left[:-1]] == ["User/d", "User/e"]
    details = left[-1]["reconcile"]["details"]
    assert (details["records"], details["number"], details["hash"]) == (3, 3, hash_of(rows[2]))
    for known in (rows[2], rows[3], rows[4]):
        assert proof_of(store, hash_of(known)).problems == ()
    assert prune_log(store, "2026-06") == 0


def test_what_is_pruned_leaves_a_summary_by_which_the_rest_is_still_proved(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "records", "wiki")
    pruned(store)
    assert sorted(file.name for file in (store.folder / "log").glob("*.jsonl"))[0] == "2026-06.jsonl"
    file = sorted((store.folder / "log").glob("*.jsonl"))[-1]
    file.write_text("".join(row for row in file.read_text().splitlines(True) if '"pruned"' not in row))
    assert [p.what for p in proof_of(store).problems] == [
        "it and those before it are missing, and no record says that they were pruned"
    ]


# In Git


def test_in_git_what_is_pruned_leaves_a_summary_too(tmp_path: Path) -> None:
    world = GitWorld(tmp_path)
    world.store().save(Record("wiki"))
    pruned(world.store())
    assert not any(path.startswith(("log/2026-04", "log/2026-05")) for path in world.files())


@pytest.fixture
def world(tmp_path: Path) -> GitWorld:
    world = GitWorld(tmp_path)
    store = world.store()
    store.save(Record("wiki"))
    for name in "abc":
        store.log([line(name)])
    return world


def rewritten(world: GitWorld, edit: Callable[[Path], object]) -> None:
    """Somebody commits on top of the ref whatever `edit` makes of its files."""
    folder = world.clone("theirs")
    git(folder, "fetch", "--quiet", "origin", "refs/reconcile/wiki")
    git(folder, "checkout", "--quiet", "FETCH_HEAD")
    edit(folder)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", "nothing to see")
    git(folder, "push", "--quiet", "origin", "HEAD:refs/reconcile/wiki")


def logged(folder: Path) -> list[Path]:
    return sorted(folder.glob("log/*/*.jsonl"))


def test_in_git_a_dropped_end_is_seen_by_the_head_that_lies_beside_it(world: GitWorld) -> None:
    assert proof_of(world.store()).problems == ()
    rewritten(world, lambda folder: logged(folder)[-1].unlink())
    (problem,) = proof_of(world.store()).problems
    assert problem.number == 3 and "it is missing, and so is all after record 2" in problem.what


def test_in_git_an_altered_record_is_told_with_its_file(world: GitWorld) -> None:
    def alter(folder: Path) -> None:
        file = logged(folder)[0]
        file.write_text(file.read_text().replace("User/a", "User/x"))

    rewritten(world, alter)
    (problem,) = proof_of(world.store()).problems
    assert problem.number == 1 and problem.where.startswith("log/2026-06/0000000001-") and problem.where.endswith(":1")


def test_a_rewritten_ref_is_seen_by_who_knew_it_and_from_a_commit_that_the_caller_kept(world: GitWorld) -> None:
    known = world.store().head()[0]
    assert proof_of(world.store(), known).problems == ()
    git(world.checkout, "push", "--quiet", "origin", ":refs/reconcile/wiki")
    other = world.store(world.clone("begun-anew"))
    other.save(Record("wiki"))
    other.log([line("z")])
    with pytest.raises(RecordError, match="was rewritten: this machine last saw"):
        proof_of(world.store())
    (problem,) = proof_of(other, known).problems
    assert f"{known} is not a commit from which" in problem.what
