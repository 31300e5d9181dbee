"""What is seen of a log while somebody reads it: names that it has, and what is missing. Blocks in, both out."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from reconciler.record.log import about
from reconciler.record.log.audit import Kind, audit_record
from reconciler.record.log.chain import NOTHING, Link, chained, hash_of
from reconciler.record.log.read import record_of
from reconciler.report.log_watch import Sought, Watch, words
from tests.report.test_logs import LOG, NOW


def block(rows: Any) -> bytes:
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


def dump_sorted(row: dict[str, Any]) -> bytes:
    """As Git has it."""
    return orjson.dumps(row, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


@pytest.mark.parametrize(
    ("kind", "name", "seen"),
    [
        ("user", "GRACE@x.org", True),
        ("user", "ädä@x.org", True),  # of a version that knew no other place for it
        ("user", "ad@x.org", False),
        ("group", "net", True),
        ("group", "Core", True),  # through which a role came
        ("group", "Cor", False),
        ("role", "admin", True),
        ("role", "Adm", False),
    ],
)
def test_a_name_is_known_that_the_log_has_and_no_part_of_one(kind: str, name: str, seen: bool) -> None:
    sought = Sought(kind, name)
    assert b"".join(Watch([sought]).over("wiki", [block(LOG.values())])) == block(LOG.values())
    assert sought.seen is seen
    sought.read(block(LOG.values()))  # as whoever is told of a slip
    assert sought.seen is seen
    assert seen or {"user": "ada@x.org", "group": "Core", "role": "Admin"}[kind] in sought.names.values()


def test_names_with_signs_that_json_escapes_are_names() -> None:
    told = {"reconcile": {"address": 'User/a"b\\c@x.org', "access": [{"kind": "role", "what": 'Say "]"'}], "roles": ['Say "]"']}}
    user, role = Sought("user", 'a"b\\c@x.org'), Sought("role", 'say "]"')
    list(Watch([user, role]).over("wiki", [block([told])]))
    assert user.seen and role.seen


def numbered() -> list[dict[str, Any]]:
    rows = (
        {
            "id": str(day),
            "activityDateTime": f"2026-06-0{day}T08:00:00Z",
            "reconcile": {"kind": "object"},
            "targetSystem": {"a": {}},
        }
        for day in range(1, 8)
    )
    return chained(rows, NOTHING)[0]


def gaps(blocks: list[bytes], since: str = "", until: str = "") -> list[str]:
    watch = Watch()
    list(watch.over("wiki", blocks))
    return [words(gap) for gap in watch.gaps("wiki", since, until)]


def test_a_lost_week_and_a_lost_beginning_are_named_where_they_touch_the_time_that_is_asked_for() -> None:
    rows = numbered()
    assert gaps([block(rows)]) == []
    lost = [block(rows[:2]), block(rows[4:])]
    said = ["the log is not whole between 2026-06-02T08:00:00Z and 2026-06-05T08:00:00Z: record 5 comes after record 2"]
    assert gaps(lost) == gaps(lost, "2026-06-04", "2026-06-06") == said
    assert gaps(lost, "2026-06-06") == gaps(lost, "", "2026-06-01T23:59:59Z") == []
    (begun,) = gaps([block(rows[2:])])
    assert begun == (
        "the log is not whole before 2026-06-03T08:00:00Z: it begins with record 3, and no record says that those before it "
        "were pruned"
    )
    assert gaps([block(rows[2:])], "2026-06-02") == [begun], "the record before that time would have been walked too"
    assert gaps([block(rows[2:])], "2026-06-04") == [], "what is asked for is whole"


def test_a_loss_inside_a_block_is_dated_by_the_records_beside_it() -> None:
    rows = numbered()
    inside = [block([*rows[:2], *rows[3:]])]
    said = ["the log is not whole between 2026-06-02T08:00:00Z and 2026-06-04T08:00:00Z: record 4 comes after record 2"]
    assert gaps(inside) == gaps(inside, "2026-06-02", "2026-06-03") == gaps(inside, "2026-06-03") == said
    assert gaps(inside, "2026-06-05") == gaps(inside, "", "2026-06-01T23:59:59Z") == []
    put_in = [block([rows[0], {"reconcile": {"kind": "object"}}, *rows[1:]])]
    assert gaps(put_in) == [
        "the log is not whole between 2026-06-01T08:00:00Z and 2026-06-07T08:00:00Z: 1 record without a link was put in"
    ]


@pytest.mark.parametrize("as_made", [True, False])
@pytest.mark.parametrize("instead", [b'{"half', b'{"half":{"a":{}}}', b"{}", b'{"id":"7","reconcile":{"kind":"object"}'])
@pytest.mark.parametrize("at", [0, 3, 6])
def test_a_record_that_another_line_was_written_over_is_missing(as_made: bool, instead: bytes, at: int) -> None:
    rows = numbered()
    lines = [block([row]) if as_made else dump_sorted(row) for row in rows]
    assert gaps([b"".join(lines)]) == [] == gaps([b"".join([*lines, b'{"torn'])]), "nothing hangs on what a kill tore off"
    lines[at] = instead + b"\n"
    after = chained([{"activityDateTime": "2026-06-08T08:00:00Z", "reconcile": {"kind": "object"}}], last(rows))[0]
    said = gaps([b"".join(lines), block(after)])
    why = "it begins with record 2" if at == 0 else f"record {at + 2} comes after record {at}"
    assert why in said[-1]


def test_a_block_of_whole_records_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[bytes] = []
    monkeypatch.setattr(about, "record_of", lambda line: parsed.append(line) or record_of(line))  # type: ignore[func-returns-value]
    rows = numbered()
    assert gaps([block(rows)]) == [] == gaps([b"".join(map(dump_sorted, rows))])
    assert len(parsed) == 4, "the first and the last one of each"


def test_what_was_pruned_and_a_loss_that_was_accepted_are_named() -> None:
    rows = numbered()
    details = {"records": 2, "number": 2, "hash": "sha256:1", "before": "2026-06"}
    pruned = audit_record(Kind.PRUNED, "wiki", NOW, "cut", starter={}, details=details)
    trusted = audit_record(
        Kind.RECORD_COMMAND, "wiki", NOW, "trusted", starter={}, details={"command": "trust", "head": "sha256:9"}
    )
    (cut, accepted) = gaps([block(rows[2:]), block([pruned, trusted])], "2026-06-01")
    assert cut == "the log is not whole before 2026-06-03T08:00:00Z: 2 records up to number 2 cut by `reconcile record prune`"
    assert "when sha256:9 was accepted by `reconcile record trust`" in accepted


def test_what_was_pruned_or_accepted_is_told_and_is_not_lost() -> None:
    def lost(rows: list[dict[str, Any]], since: str = "") -> tuple[int, int]:
        watch = Watch()
        list(watch.over("wiki", [block([row]) for row in rows]))
        return len(watch.gaps("wiki", since, "")), len(watch.lost("wiki", since, ""))

    def audit(kind: Kind, at: str, **details: Any) -> dict[str, Any]:
        return audit_record(kind, "wiki", at, "", starter={}, details=details)

    rows = numbered()
    assert lost(rows) == (0, 0) and lost([rows[0], *rows[3:]]) == (1, 1)
    assert lost([rows[0], *rows[3:]], since="2026-06-06") == (0, 0), "what is asked for is whole"
    accepted = chained([audit(Kind.RECORD_COMMAND, NOW, command="trust", head="a")], last(rows))[0]
    assert lost([rows[0], *rows[3:], *accepted]) == (2, 0)
    pruned = chained([audit(Kind.PRUNED, NOW, number=2)], last(rows))[0]
    assert lost([*rows[2:], *pruned]) == (1, 0) and lost(rows[2:]) == (1, 1)


def last(rows: list[dict[str, Any]]) -> Link:
    """What the record after these would be linked to."""
    return Link(len(rows), hash_of(rows[-1]))
