"""A log that lost what this checkout knew is refused until a person trusts it; one that only grew, or was pruned, is not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from reconciler.cycle.audited import prune_log, tell_trusted
from reconciler.cycle.proof import proof_of
from reconciler.record.local import LocalStore
from reconciler.record.log.chain import NOTHING, Link, chained, hash_of, link_of
from reconciler.record.log.known import lost
from reconciler.record.model import Record
from reconciler.record.store import RecordError
from tests.support.gitworld import GitWorld, git

REF = "refs/reconcile/wiki"


def line(name: str, month: int = 6) -> dict[str, Any]:
    return {"activityDateTime": f"2026-{month:02}-01T00:00:00Z", "sourceIdentity": {"displayName": f"User/{name}"}}


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    found = LocalStore(tmp_path / ".reconcile", "wiki")
    with found.lock("reconcile apply", "2026-06-01T00:00:00Z"):
        found.save(Record("wiki"))
        for name in "abcd":
            found.log([line(name)])
    return found


def rows(store: LocalStore) -> list[str]:
    return (store.folder / "log/2026-06.jsonl").read_text().splitlines(keepends=True)


def forged(name: str) -> str:
    """A chain of its own, whole, as somebody could compute it who may write the file."""
    last, made = NOTHING, []
    for each in [*"abc", name]:
        new, last = chained([line(each)], last)
        made += new
    return "".join(orjson.dumps(row).decode() + "\n" for row in made)


WAYS: dict[str, Callable[[list[str]], str]] = {
    "cut": lambda lines: "".join(lines[:-1]),
    "emptied": lambda lines: "",
    "forged": lambda lines: forged("mallory"),
    "altered": lambda lines: "".join(lines[:-1]) + lines[-1].replace("User/d", "User/x"),
    "reordered": lambda lines: "".join([*lines[:2], lines[3], lines[2]]),
}


@pytest.mark.parametrize("how", WAYS)
def test_a_log_that_lost_its_history_is_refused_until_a_person_trusts_it(store: LocalStore, how: str) -> None:
    (store.folder / "log/2026-06.jsonl").write_text(WAYS[how](rows(store)))
    with pytest.raises(RecordError, match="lost its history") as caught:
        store.load()
    head = store.log_head().hash or "none"
    assert caught.value.code == "RecordLostHistory"
    assert f"reconcile record trust {head} --app wiki" in caught.value.remedy
    said = [problem.what for problem in proof_of(store).problems]  # what is wrong in itself is said before what was known
    assert said and (how == "reordered" or "lost its history" in said[0])
    store.log([line("e")])  # what is appended does not make it right
    with pytest.raises(RecordError, match="lost its history"):
        store.load()
    assert not store.trust(head)
    assert store.trust(store.log_head().hash)
    tell_trusted(store, head)
    assert store.load() == Record("wiki")
    told = b"".join(store.log_blocks()).splitlines()[-1]
    assert b"recordCommand" in told and head.encode() in told


def test_a_folder_that_is_restored_from_an_old_copy_is_found_out(store: LocalStore, tmp_path: Path) -> None:
    shutil.copytree(store.folder, tmp_path / "copy")
    store.log([line("e")])
    shutil.rmtree(store.folder)
    shutil.copytree(tmp_path / "copy", store.folder)
    with pytest.raises(RecordError, match="it ends with record 4; this checkout last knew record 5"):
        LocalStore(store.root, "wiki").load()


def test_a_log_that_grows_or_is_pruned_is_not_refused(store: LocalStore) -> None:
    store.log([line("e", 7)])
    assert store.load() is not None
    assert prune_log(store, "2026-07") == 4 and store.load() is not None
    assert prune_log(store, "2026-08") == 1 and store.load() is not None


def test_a_record_that_moved_away_leaves_nothing_that_is_known(store: LocalStore) -> None:
    store.retire("elsewhere")
    assert store.load() is None
    LocalStore(store.root, "wiki").log([line("new")])
    assert store.load() is None


def test_a_file_that_makes_no_sense_says_nothing(store: LocalStore) -> None:
    store.known.file.write_text(json.dumps([1]))
    assert store.load() is not None


@pytest.fixture
def world(tmp_path: Path) -> Iterator[GitWorld]:
    found = GitWorld(tmp_path)
    store = found.store()
    store.save(Record("wiki"))
    for name in "abc":
        store.log([line(name)])
    assert found.store().load() is not None
    yield found


def rewritten(world: GitWorld) -> None:
    """A descendant of what was there whose log is another one, with a chain that is whole."""
    folder = world.clone("mallory")
    git(folder, "fetch", "--quiet", "origin", f"{REF}:refs/heads/forged")
    git(folder, "checkout", "--quiet", "forged")
    shutil.rmtree(folder / "log")
    new, last = chained([line("mallory"), line("b"), line("c"), line("d")], NOTHING)
    (folder / "log/2026-06").mkdir(parents=True)
    text = "".join(orjson.dumps(row).decode() + "\n" for row in new)
    (folder / "log/2026-06/0000000001-20260601T000000Z-00000000-001.jsonl").write_text(text)
    (folder / "log/head.json").write_text(json.dumps({"number": last.number, "hash": last.hash}))
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", "x")
    git(folder, "push", "--quiet", "origin", f"HEAD:{REF}")


def test_a_log_that_was_rewritten_on_top_of_the_ref_is_found_by_who_knew_it(world: GitWorld) -> None:
    rewritten(world)
    with pytest.raises(RecordError, match="lost its history") as caught:
        world.store().load()
    head = git(world.bare, "rev-parse", REF).strip()
    assert caught.value.code == "RecordLostHistory" and f"trust {head} --app wiki" in caught.value.remedy
    proof = proof_of(world.store())
    assert ["lost its history" in problem.what for problem in proof.problems] == [True]  # the chain itself is whole
    with pytest.raises(RecordError, match="lost its history"):
        world.store().load()
    assert world.store().trust(head) and world.store().load() is not None
    tell_trusted(world.store(), head)
    assert world.store().load() is not None and proof_of(world.store()).problems == ()
    assert world.store(world.clone("new")).load() is not None  # who is new here has nothing to compare with


def test_what_another_machine_appends_or_prunes_is_taken(world: GitWorld) -> None:
    other = world.store(world.clone("other"))
    other.log([line("d", 7)])
    assert world.store().load() is not None
    assert prune_log(other, "2026-07") == 3
    assert world.store().load() is not None


def test_a_chain_is_compared_from_its_end() -> None:
    records, last = chained([line(name) for name in "abcd"], NOTHING)
    newest = records[::-1]
    links = [Link(at.number, hash_of(record)) for record in records if (at := link_of(record))]
    assert [lost(link, newest) for link in links] == [""] * 4 and links[-1] == last
    assert lost(links[1], [newest[0], newest[2], newest[3]]) == "record 3 was altered, dropped or moved"
    assert lost(links[1], newest[:2]) == "record 2 is missing"
    assert lost(links[1], []) == "no record is left"
    assert lost(Link(2, "sha256:0"), newest) == "record 2 is another one"
