"""The chain of the log: what follows what, and at which record it is seen that one was altered, dropped, moved or put in."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.record.log.audit import Kind, audit_record
from reconciler.record.log.chain import (
    NOTHING,
    Link,
    chained,
    hash_of,
    hash_of_all,
    link_of,
    verify,
    verify_files,
)

AT = "2026-06-01T08:00:00Z"


def record(name: str) -> dict[str, Any]:
    return {"activityDateTime": AT, "sourceIdentity": {"displayName": f"User/{name}"}, "reconcile": {"kind": "object"}}


def log(count: int) -> list[dict[str, Any]]:
    """Saved two at a time."""
    rows, last = list[dict[str, Any]](), NOTHING
    for start in range(0, count, 2):
        linked, last = chained([record(str(number)) for number in range(start, min(start + 2, count))], last)
        rows += linked
    return rows


def problems(rows: list[dict[str, Any]], trusted: str = "") -> list[tuple[int, str]]:
    return [(problem.number, problem.what) for problem in verify(rows, trusted).ended()]


def test_each_record_carries_the_hash_of_the_one_before_it() -> None:
    (first, second), last = chained([record("a"), record("b")], NOTHING)
    assert link_of(first) == Link(1, "") and link_of(second) == Link(2, hash_of(first))
    assert last == Link(2, hash_of(second))
    assert first["reconcile"] == {"kind": "object", "chain": {"number": 1, "previous": ""}}
    assert second["reconcile"]["chain"] == {"number": 2, "previous": hash_of(first), "head": True}


def test_the_hash_is_of_canonical_json() -> None:
    assert hash_of({"b": 1, "a": "ä"}) == hash_of({"a": "ä", "b": 1})
    assert hash_of({"a": 1}) == "sha256:015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"


def test_a_whole_log_has_no_problem_and_its_heads_are_those_that_were_saved_last() -> None:
    check = verify(log(5))
    assert check.ended() == [] and [number for number, _ in check.heads] == [2, 4, 5] and check.last.number == 5


def test_without_a_trusted_head_a_cut_end_is_not_seen_and_with_one_it_is() -> None:
    rows = log(4)
    assert problems(rows[:3]) == []
    ((number, what),) = problems(rows[:3], hash_of(rows[3]))
    assert number == 0 and "is none of the records" in what
    assert problems(rows, hash_of(rows[3])) == [] == problems(rows, hash_of(rows[1]))


def test_records_before_the_chain_are_covered_by_what_it_says_it_began_with() -> None:
    old = [{"activityDateTime": AT, "id": str(number)} for number in range(3)]
    details = {"records": 3, "digest": hash_of_all(map(hash_of, old))}
    begun = audit_record(Kind.CHAIN_BEGUN, "wiki", AT, "", starter={}, details=details)
    rows, _ = chained([begun, record("a")], NOTHING)
    assert problems([*old, *rows]) == [] == problems([*reversed(old), *rows])
    assert [what for _, what in problems([*old[1:], *rows])] == [
        "the 3 records before the chain are not what they were when it began"
    ]
    assert problems([{**old[0], "id": "x"}, *old[1:], *rows]) != []
    assert problems([*old, *log(2)]) == [(0, "3 records have no link, and the chain does not say that it began with them")]
    assert problems([*log(2), old[0]]) == [(2, "a record without a link was put in after it")]


def test_what_was_pruned_is_missing_by_right_only_where_the_chain_says_so() -> None:
    rows = log(4)
    cut = {"number": 2, "hash": hash_of(rows[1])}
    rows += chained([audit_record(Kind.PRUNED, "wiki", AT, "", starter={}, details=cut)], Link(4, hash_of(rows[3])))[0]
    assert problems(rows) == [] == problems(rows[2:]) == problems(rows[2:], hash_of(rows[1]))
    assert problems(rows[3:]) == [(3, "it and those before it are missing, and no record says that they were pruned")]
    assert problems(rows[2:], hash_of(rows[0])) != []


SIZES = st.integers(3, 12)


@given(SIZES.flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 2))))
def test_dropping_any_record_is_seen_at_that_place(where: tuple[int, int]) -> None:
    size, place = where
    rows = log(size)
    del rows[place]
    ((number, _),) = problems(rows)
    assert number == (1 if place == 0 else place + 2)


@given(SIZES.flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1))), st.text(min_size=1))
def test_altering_any_record_is_seen_at_that_place(where: tuple[int, int], text: str) -> None:
    size, place = where
    rows = log(size)
    head = hash_of(rows[-1])
    rows[place] = {**rows[place], "altered": text}
    assert problems(rows, head)[0][0] == (place + 1 if place < size - 1 else 0)


@given(SIZES.flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1), st.integers(0, size - 1))))
def test_moving_any_record_is_seen_no_later_than_there(where: tuple[int, int, int]) -> None:
    size, source, target = where
    rows = log(size)
    rows.insert(target, rows.pop(source))
    found = problems(rows)
    assert (found == []) == (source == target)
    if found:
        assert found[0][0] <= max(source, target) + 2


def test_an_audit_record_has_the_shape_of_a_directory_audit() -> None:
    made = audit_record(
        Kind.LOCK_BROKEN, "wiki", AT, "it never ended", starter={"user": "ada", "host": "desk"}, details={"lock": "1"}
    )
    assert made["id"] == audit_record(
        Kind.LOCK_BROKEN, "wiki", AT, "it never ended", starter={"user": "ada", "host": "desk"}, details={"lock": "1"}
    )["id"]  # fmt: skip
    assert {name: made[name] for name in ("activityDisplayName", "result", "resultReason", "jobId")} == {
        "activityDisplayName": "a lock was broken",
        "result": "success",
        "resultReason": "it never ended",
        "jobId": "wiki",
    }
    assert made["initiatedBy"]["id"] == "ada"
    assert made["reconcile"] == {"kind": "lockBroken", "startedBy": {"user": "ada", "host": "desk"}, "details": {"lock": "1"}}


ALTERED = {
    "a letter as an escape": (b"sourceIdentity", rb"\u0073ourceIdentity"),
    "a slash as an escape": (b"User/1", rb"User\/1"),
    "a space": (b'{"activity', b'{ "activity'),
    "a carriage return": (b"}\n", b"}\r\n"),
    "a key that is there twice": (b'"reconcile":{', b'"reconcile":{"kind":"cycle"},"reconcile":{'),
}


@pytest.mark.parametrize("form", [orjson.OPT_SORT_KEYS, 0], ids=["sorted", "as it came"])
def test_lines_as_they_are_written_are_whole(form: int) -> None:
    block = b"".join(orjson.dumps(row, option=form | orjson.OPT_APPEND_NEWLINE) for row in log(4))
    assert verify_files([("a.jsonl", block)]).ended() == []


@pytest.mark.parametrize(("old", "new"), ALTERED.values(), ids=ALTERED)
def test_a_line_that_says_the_same_in_other_bytes_was_altered(old: bytes, new: bytes) -> None:
    lines = [orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in log(4)]
    lines[1] = lines[1].replace(old, new)
    found = [(problem.where, problem.what[:38]) for problem in verify_files([("a.jsonl", b"".join(lines))]).ended()]
    assert found == [("a.jsonl:2", "its bytes are not those that were writ")]


def test_a_line_that_no_kill_leaves_is_told_and_one_that_was_torn_off_is_not_held_against_the_log() -> None:
    lines = [orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in log(2)]
    for junk in (b"junk", b"[1]", b"7", b"{junk", b"{}x"):
        check = verify_files([("a.jsonl", b"".join([lines[0], junk + b"\n", lines[1]]))])
        assert [problem.where for problem in check.ended()] == ["a.jsonl:2"], junk
    check = verify_files([("a.jsonl", b"".join([lines[0], lines[1][:40] + b"\n", lines[1]]))])
    assert check.ended() == [] and check.no_records == ["a.jsonl:2"]
