"""Where the log's lines lie: a file a month in a folder, files written once in Git; records of earlier versions first."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from reconciler.record.local import LocalStore
from reconciler.record.log import files
from reconciler.record.log.chain import Link, hash_of, kind_of, link_of, verify
from reconciler.record.log.files import LogFiles, lines_from_the_end
from reconciler.record.log.read import records_of
from reconciler.record.store import RecordError, Store
from tests.support.gitworld import GitWorld, git


def line(name: str, at: str = "2026-06-01T00:00:00Z") -> dict[str, Any]:
    return {"activityDateTime": at, "sourceIdentity": {"displayName": f"User/{name}"}}


def names(store: Store) -> list[str]:
    return [row["sourceIdentity"]["displayName"].removeprefix("User/") for row in store.read_log()]


def problems(store: Store) -> list[str]:
    return [problem.what for problem in verify(records_of(store.log_blocks())).ended()]


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "records", "wiki")


def test_a_month_is_a_file_and_what_is_told_late_stands_where_it_was_written(store: LocalStore) -> None:
    store.log([line("a", "2026-05-31T23:59:59Z")])
    store.log([line("b", "2026-06-01T00:00:00Z")])
    store.log([line("late", "2026-05-31T23:00:00Z")])
    folder = store.folder / "log"
    assert {file.name: len(file.read_text().splitlines()) for file in folder.glob("*.jsonl")} == {
        "2026-05.jsonl": 1,
        "2026-06.jsonl": 2,
    }
    assert names(store) == ["a", "b", "late"] and problems(store) == []
    assert b"".join(store.log_blocks("2026-07-01T00:00:00Z")) == (folder / "2026-06.jsonl").read_bytes()
    assert oct((folder / "2026-06.jsonl").stat().st_mode & 0o777) == "0o600"


def test_a_log_that_was_moved_here_lies_by_months_and_its_oldest_can_be_cut(store: LocalStore, tmp_path: Path) -> None:
    source = LocalStore(tmp_path / "before", "wiki")
    for name, at in (("a", "2026-04-30"), ("b", "2026-05-01"), ("late", "2026-04-29"), ("c", "2026-06-01")):
        source.log([line(name, f"{at}T00:00:00Z")])
    store.restore_log(source.read_log())
    folder = tmp_path / "records/wiki/log"
    assert {file.stem: len(file.read_text().splitlines()) for file in sorted(folder.glob("*.jsonl"))} == {
        "2026-04": 1, "2026-05": 2, "2026-06": 1,
    }  # fmt: skip
    assert not problems(store) and names(store) == ["a", "b", "late", "c"]
    assert [file.stem for file in store.log_files.before("2026-06")] == ["2026-04", "2026-05"]


def test_records_of_the_one_file_of_earlier_versions_are_read_and_covered(store: LocalStore) -> None:
    store.folder.mkdir(parents=True)
    (store.folder / "log.jsonl").write_text("".join(json.dumps(line(name)) + "\n" for name in "xy"))
    assert names(store) == ["x", "y"] and store.log_head() == Link(0, "")
    store.log([line("a")])
    assert names(store) == ["x", "y", "a"] and problems(store) == []
    begun = next(row for row in records_of(store.log_blocks()) if kind_of(row) == "chainBegun")
    assert begun["reconcile"]["details"]["records"] == 2 and link_of(begun) == Link(1, "")
    (store.folder / "log.jsonl").write_text(json.dumps(line("x")) + "\n")
    assert problems(store) == ["the 2 records before the chain are not what they were when it began"]


def test_a_line_that_a_kill_tore_off_is_left_out_and_the_chain_goes_on(store: LocalStore) -> None:
    store.log([line("a")])
    (file,) = (store.folder / "log").glob("*.jsonl")
    with file.open("ab") as opened:
        opened.write(b'{"activityDateTime":"2026-06-01T00:')
    store.log([line("b")])
    assert names(store) == ["a", "b"] and problems(store) == []


def test_the_newest_record_is_found_without_reading_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    rows = [{"number": number, "text": "x" * size} for number, size in enumerate((10, 200_000, 70_000, 3))]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert list(lines_from_the_end(file)) == rows[::-1]
    file.write_text("\n".join(map(json.dumps, rows)))
    assert next(lines_from_the_end(file)) == rows[-1]
    assert LogFiles(tmp_path / "nowhere").last() == Link(0, "")


def test_what_is_no_record_is_said(store: LocalStore) -> None:
    store.log([line("a")])
    (file,) = (store.folder / "log").glob("*.jsonl")
    old, said = store.folder / "log.jsonl", "the log is damaged: {}: '{}' is not a record"
    for where, junk, number in ((file, "[1]", 2), (old, "garbage", 1), (old, "{}\ngarbage", 2)):
        kept = where.read_bytes() if where.exists() else b""
        where.write_bytes(kept + junk.encode() + b"\n")
        with pytest.raises(RecordError, match=re.escape(said.format(f"{where}:{number}", junk[-7:]))):
            store.read_log()
        where.write_bytes(kept)


def test_in_git_files_are_written_once_and_the_chain_goes_through_months(tmp_path: Path) -> None:
    remote = GitWorld(tmp_path)
    store = remote.store()
    store.log([line("b"), line("a", "2026-05-01T00:00:00Z")])
    before = {path for path in remote.files() if path != "log/head.json"}
    store.log([line("late", "2026-05-02T00:00:00Z")])
    assert before < set(remote.files()) and len(before) == 2
    assert names(store) == ["a", "b", "late"] and problems(store) == []
    last = list(records_of(store.log_blocks()))[-1]
    assert store.log_head() == Link(3, hash_of(last)) == Link(**json.loads(remote.show("log/head.json")))


def test_a_dropped_file_of_the_log_in_git_is_seen(tmp_path: Path) -> None:
    remote = GitWorld(tmp_path)
    store = remote.store()
    for name in "abc":
        store.log([line(name)])
    (path,) = [path for path in remote.files() if "/0000000002-" in path]
    git(remote.checkout, "fetch", "--quiet", "origin", "refs/reconcile/wiki:refs/heads/forged")
    git(remote.checkout, "checkout", "--quiet", "forged")
    git(remote.checkout, "rm", "--quiet", path)
    git(remote.checkout, "commit", "--quiet", "-m", "nothing to see")
    git(remote.checkout, "push", "--quiet", "origin", "HEAD:refs/reconcile/wiki")
    assert problems(store) == ["record 2 is missing before it"]


@pytest.mark.parametrize("text", [b"", b"a\n", b"a\nb", b"abcdefghijk\nb\n", b"ab\ncdefghijklmnopqrstuvwxyz", b"abc\n\nabcd\n"])
def test_blocks_end_where_lines_end_however_long_these_are(tmp_path: Path, text: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "BLOCK", 4)
    (tmp_path / "log.jsonl").write_bytes(text)
    found = list(files.blocks_of(tmp_path / "log.jsonl"))
    assert b"".join(found) == text and all(block.endswith(b"\n") for block in found[:-1])
