"""Whoever may push to refs/reconcile/* can put anything there: what is no record is refused, and nothing is added to it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from reconciler.record import lease
from reconciler.record.git import shards
from reconciler.record.model import Record
from reconciler.record.store import Locked, RecordError
from tests.support.gitworld import ENV, GitWorld, git

REF, LOST = "refs/reconcile/wiki", "1" * 40
SINCE = "2026-06-01T00:00:00Z"


@pytest.fixture
def world(tmp_path: Path) -> GitWorld:
    world = GitWorld(tmp_path)
    record = Record("wiki")
    record.entries["User/ada@example.com"] = {"id": "7"}
    world.store().save(record)
    return world


def made(world: GitWorld, *command: str, given: bytes = b"") -> str:
    done = subprocess.run(["git", "-C", str(world.bare), *command], env=ENV, check=True, capture_output=True, input=given)
    return done.stdout.decode().strip()


def point(world: GitWorld, id: str) -> None:
    git(world.bare, "update-ref", REF, id)


def added(world: GitWorld, mode: str, kind: str, id: str, name: bytes) -> None:
    """A commit on top, with one more thing in its tree."""
    rows = [row for row in made(world, "ls-tree", "-z", REF).encode().split(b"\0") if row and not row.endswith(b"\t" + name)]
    tree = made(world, "mktree", "-z", "--missing", given=b"\0".join([*rows, f"{mode} {kind} {id}\t".encode() + name, b""]))
    point(world, made(world, "commit-tree", tree, "-p", REF, "-m", "x"))


def text(world: GitWorld, content: bytes) -> str:
    return made(world, "hash-object", "-w", "--stdin", given=content)


def tagged(world: GitWorld) -> None:
    git(world.bare, "tag", "-a", "-m", "m", "t", REF)
    point(world, made(world, "rev-parse", "refs/tags/t"))


FORGED: dict[str, Callable[[GitWorld], object]] = {
    "a text": lambda world: point(world, text(world, b"x")),
    "a tag": tagged,
    "a folder": lambda world: point(world, made(world, "rev-parse", f"{REF}^{{tree}}")),
    "the main branch": lambda world: point(world, made(world, "rev-parse", "main")),
    "a program": lambda world: added(world, "100755", "blob", text(world, b"x"), b"journal.jsonl"),
    "a foreign file": lambda world: added(world, "100644", "blob", text(world, b"x"), b"run.sh"),
    "a name that is no text": lambda world: added(world, "100644", "blob", text(world, b"x"), b"\xff\x1b[31m"),
    "a link": lambda world: added(world, "120000", "blob", text(world, b"/etc/hosts"), b"record.json"),
    "another repository": lambda world: added(world, "160000", "commit", LOST, b"record.json"),
    "another repository for a lock": lambda world: added(world, "160000", "commit", LOST, b"lock.json"),
}


@pytest.mark.parametrize("how", FORGED)
def test_a_ref_that_holds_anything_but_a_record_is_refused_and_left_as_it_is(world: GitWorld, how: str) -> None:
    FORGED[how](world)
    forged = made(world, "rev-parse", REF)
    for number, work in enumerate(
        (
            lambda s: s.load(),
            lambda s: s.save(Record("wiki")),
            lambda s: s.lock("x", SINCE).__enter__(),
            lambda s: s.prune(1, world.clock()),
            lambda s: s.read_log(),
        )
    ):
        with pytest.raises(RecordError, match="is not a record: it holds"):
            work(world.store(world.clone(f"machine{number}")))
    assert made(world, "rev-parse", REF) == forged


def test_what_we_write_is_a_record_in_every_state_of_it(world: GitWorld) -> None:
    store = world.store(world.clone("machine"))
    with store.lock("reconcile apply", SINCE):
        record = store.load()
        assert record is not None
        record.under_way = ["sha256:0"]
        store.save(record)
        store.journal({"address": "User/ada@example.com", "step": "update"})
        store.log([{"activityDateTime": SINCE}])
        assert world.store(world.clone("another")).load() is not None
    assert {path.partition("/")[0] for path in world.files()} == {"record.json", "record", "journal.jsonl", "log"}
    store.retire("elsewhere")
    assert world.store(world.clone("third")).load() is None


def test_a_ref_that_no_app_can_have_is_no_apps_record(world: GitWorld) -> None:
    head = made(world, "rev-parse", REF)
    (world.bare / "refs/reconcile/a").mkdir()
    for name in (b"a/b", b"\xff\xfe", "wiki\u202e".encode()):
        Path(os.fsdecode(os.fsencode(world.bare / "refs/reconcile") + b"/" + name)).write_text(f"{head}\n")
    assert world.store().apps() == ["wiki"]


def test_an_entry_stands_once_and_in_the_file_of_its_address() -> None:
    record = Record("wiki")
    record.entries["User/ada@example.com"] = {"id": "7"}
    files = shards.to_files(record)
    (path,) = (path for path in files if path != shards.META)
    assert shards.from_files(files, "x") == record
    for forged in ({path: files[path] * 2}, {path: b"", "record/zz.jsonl": files[path]}):
        with pytest.raises(RecordError, match="is damaged"):
            shards.from_files({**files, **forged}, "x")


@pytest.mark.parametrize("pid", [2**40, -(2**40)])
def test_a_lock_with_a_number_that_no_process_has_is_held_until_it_lapses(world: GitWorld, pid: int) -> None:
    lock = {**lease.mine("x", SINCE, world.clock(), 600).as_json(), "pid": pid}
    added(world, "100644", "blob", text(world, orjson.dumps(lock)), b"lock.json")
    with pytest.raises(Locked), world.store().lock("x", SINCE):
        pass
