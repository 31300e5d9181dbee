"""Filters of the log and its forms: records in, those that were asked for out; nothing is missed by looking at bytes first."""

from __future__ import annotations

import csv
import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.record.log.about import needle
from reconciler.record.log.audit import Kind, audit_record
from reconciler.record.log.walk import about
from reconciler.report import log_query
from reconciler.report.html import log_rows
from reconciler.report.log_lines import FORMS, head
from reconciler.report.log_query import Query
from reconciler.report.log_times import end_of, moment

NOW = "2026-06-08T12:00:00Z"


def record(address: str = "User/ada@x.org", at: str = "2026-06-01T08:00:00Z", **more: Any) -> dict[str, Any]:
    ours = {"kind": "object", "address": address, "action": more.pop("action", "update"), **more.pop("ours", {})}
    status = {"status": more.pop("status", "success"), "errorInformation": {"reason": more.pop("reason", "")}}
    return {
        "activityDateTime": at,
        "cycleId": "c3532124-f189",
        "provisioningAction": "update",
        "provisioningStatusInfo": status,
        "initiatedBy": {"id": "octocat", "displayName": "octocat", "initiatorType": "user"},
        "sourceIdentity": {"displayName": address},
        **more,
        "reconcile": ours,
    }


ROLE = {"address": "User/ada@x.org", "gains": True, "kind": "role", "what": "Admin", "through": "Net > Core"}
HELD = {
    "address": "User/eve@x.org",
    "kind": "role",
    "what": "Owner",
    "through": "Ops",
    "expires": "2026-12-31",
    "reason": "NET-7",
}
ALL = {"address": "Group/Ops", "kind": "group", "what": "Ops", "reason": "NET-8", "members": ["User/eve@x.org"]}
LOG = {
    "ada": record(ours={"access": [ROLE], "causes": ["drift"], "startedBy": {"actor": "octocat", "run": "77"}}),
    "grace": record("User/grace@x.org", "2026-06-02T08:00:00Z", status="failure", reason="409"),
    "net": record("Group/Net", "2026-06-03T08:00:00Z", action="create",
                  modifiedProperties=[{"displayName": "members", "oldValue": [], "newValue": ["User/ada@x.org"]}]),
    "joan": record("User/joan@x.org", "2026-06-04T08:00:00Z", action="enable",
                   modifiedProperties=[{"displayName": "appRoleAssignments", "oldValue": ["Admin"], "newValue": None}]),
    "old": {"activityDateTime": "2026-05-01T08:00:00Z", "provisioningAction": "disable",
            "provisioningStatusInfo": {"status": "success"}, "sourceIdentity": {"displayName": "User/Ädä@x.org"}},
    "eve": record("User/eve@x.org", "2026-06-04T09:00:00Z", action="adopt", initiatedBy={}, cycleId="", ours={"held": [HELD]}),
    "ops": record("Group/Ops", "2026-06-04T09:00:00Z", initiatedBy={}, cycleId="", ours={"held": [ALL]}),
    "audit": {"activityDateTime": "2026-06-05T08:00:00Z", "result": "success", "resultReason": "it never ended",
              "initiatedBy": {"displayName": "ada"}, "reconcile": {"kind": "lockBroken"}},
}  # fmt: skip


def found(query: Query, *torn: bytes) -> list[str]:
    block = b"".join(orjson.dumps(row) + b"\n" for row in LOG.values()) + b"".join(torn)
    names = {orjson.dumps(row): name for name, row in LOG.items()}
    return [names[line] for line, _ in query.select([block])]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        (Query(), [*LOG]),
        (Query(user="ADA@x.org"), ["ada", "net"]),
        (Query(user="ädä@X.org"), ["old"]),
        (Query(group="net"), ["ada", "net"]),
        (Query(group="Core"), ["ada"]),
        (Query(role="admin"), ["ada", "joan"]),
        (Query(role="owner"), ["eve"]),
        (Query(user="eve@x.org"), ["eve", "ops"]),
        (Query(group="Ops"), ["eve", "ops"]),
        (Query(action="enable"), ["joan"]),
        (Query(action="disable"), ["old"]),
        (Query(action="lockBroken"), ["audit"]),
        (Query(status="failure"), ["grace"]),
        (Query(status="success"), ["ada", "net", "joan", "old", "eve", "ops", "audit"]),
        (Query(cause="drift"), ["ada"]),
        (Query(by="Octocat"), ["ada", "grace", "net", "joan"]),
        (Query(by="77"), ["ada"]),
        (Query(cycle="c3532124"), ["ada", "grace", "net", "joan"]),
        (Query(since="2026-06-04"), ["joan", "eve", "ops", "audit"]),
        (Query(until="2026-06-01T08:00:00Z"), ["ada", "old"]),
        (Query(user="ada@x.org", action="create"), ["net"]),
        (Query(user="nobody@x.org"), []),
    ],
    ids=str,
)
def test_a_query_finds_these_and_no_others(query: Query, names: list[str]) -> None:
    assert found(query) == names
    assert [name for name, row in LOG.items() if query.matches(row)] == names


def test_a_torn_line_is_no_record() -> None:
    assert found(Query(user="ada@x.org"), b'{"sourceIdentity":{"displayName":"User/ada@x.org"') == ["ada", "net"]


@given(st.text(min_size=1).filter(lambda text: text.strip() != ""))
def test_what_is_looked_for_in_the_bytes_is_there_whatever_the_name(name: str) -> None:
    line = orjson.dumps(record(f"User/{name}"))
    assert needle(name) in line.lower()
    assert len(list(Query(user=name).select([line]))) == 1


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("7d", "2026-06-01T12:00:00Z"),
        ("90m", "2026-06-08T10:30:00Z"),
        ("2w", "2026-05-25T12:00:00Z"),
        ("2026-06-01", "2026-06-01"),
        ("2026-06-01T08:00Z", "2026-06-01T08:00Z"),
    ],
)
def test_a_moment_is_an_age_a_date_or_a_time(text: str, at: str) -> None:
    assert moment(text, NOW) == at
    assert end_of("2026-06-01", NOW) == "2026-06-01T23:59:59Z"


def test_of_what_was_adopted_it_is_told_until_when_and_why_it_was_held() -> None:
    assert FORMS["table"]("wiki", b"", LOG["eve"]).endswith(" until 2026-12-31, reason: NET-7\n")
    (cells,) = csv.DictReader([head("csv"), FORMS["csv"]("wiki", b"", LOG["ops"])])
    assert (cells["assignmentReason"], cells["until"], cells["gained"]) == ("NET-8", "", "")
    (held,) = [line for line in log_rows.row("wiki", LOG["eve"]).lines if "Owner" in line.text]
    assert held == ("", "User/eve@x.org: had already: role Owner through Ops, until 2026-12-31, reason: NET-7")


@pytest.mark.parametrize("text", ["7", "d", "2026-13-01", "yesterday", "2026-6-1", "-1d"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        moment(text, NOW)


def test_the_table_says_when_what_whom_who_and_why() -> None:
    lines = [FORMS["table"]("wiki", b"", row) for row in (LOG["grace"], LOG["audit"])]
    assert head("table").split() == ["TIME", "APP", "ACTION", "STATUS", "OBJECT", "BY", "WHAT", "CAME", "OF", "IT"]
    assert lines[0].split() == ["2026-06-02T08:00:00Z", "wiki", "update", "failure", "User/grace@x.org", "octocat", "409"]
    assert lines[1].split() == ["2026-06-05T08:00:00Z", "wiki", "lockBroken", "success", "ada", "it", "never", "ended"]


def test_the_table_says_what_was_gained_and_lost() -> None:
    modified = {"displayName": "members", "oldValue": ["User/joe@x.org"], "newValue": [f"User/p{n}@x.org" for n in range(5)]}
    group = record("Group/Net", modifiedProperties=[modified])
    lost = {**ROLE, "what": "User", "gains": False}
    inside = {**ROLE, "kind": "group", "what": "Net"}
    user = record(ours={"access": [ROLE, lost, inside], "pullRequest": 7}, reason="role differs")
    failed = record(ours={"access": [ROLE]}, status="failure", reason="409")
    adopted = record(action="adopt", modifiedProperties=[{"displayName": "appRoleAssignments", "newValue": ["Admin"]}])
    said = [FORMS["table"]("wiki", b"", row)[92:-1].strip() for row in (group, user, failed, LOG["joan"], adopted)]
    assert said == [
        "+p0@x.org +p1@x.org +p2@x.org +2 more -joe@x.org",
        "+Admin +group Net -User: role differs (pull request 7)",
        "not done: +Admin: 409",
        "-Admin",
        "",
    ]
    assert FORMS["csv"]("wiki", b"", user).rstrip().endswith(",Admin; group Net,User,,,")


def test_until_when_why_and_by_whose_leave_stand_in_the_table_in_csv_and_on_the_page() -> None:
    given = {**ROLE, "gains": True, "expires": "2026-12-31", "reason": "NET-7"}
    lost = {**ROLE, "what": "User", "gains": False, "expires": "2026-01-01", "reason": "old"}
    leave = {"safeguard": "accidentalDeletions", "reason": "agreed in INC-7", "file": "approvals.yaml", "line": 2}
    told = record(ours={"access": [given, lost], "approvals": [leave]}, reason="role differs")
    assert (
        FORMS["table"]("wiki", b"", told)
        .rstrip()
        .endswith("role differs, until 2026-12-31, reason: NET-7, approved: accidentalDeletions: agreed in INC-7")
    )
    cells = dict(zip(*csv.reader([head("csv"), FORMS["csv"]("wiki", b"", told)]), strict=True))
    assert (cells["until"], cells["assignmentReason"]) == ("2026-12-31", "NET-7")
    assert cells["approvals"] == "accidentalDeletions: agreed in INC-7"
    lines = [line.text for line in log_rows.row("Wiki", told).lines]
    assert any(line.endswith(", until 2026-12-31, reason: NET-7") for line in lines)
    assert "Approved: accidentalDeletions: agreed in INC-7" in lines


def test_hostile_names_stay_text() -> None:
    hostile = record("User/=cmd|' /C calc'!A0,\"x\"", reason="::error::\x1b[2J\nnext")
    table = FORMS["table"]("wiki", b"", hostile)
    assert "\x1b" not in table and table.count("\n") == 1
    row = FORMS["csv"]("wiki", b"", {**hostile, "initiatedBy": {"displayName": "=1+1"}})
    assert "'=1+1" in row and '""x""' in row and head("csv").count(",") == row.replace(',""x""', "").count(",")


def test_a_line_whose_bytes_were_altered_is_found_all_the_same() -> None:
    line = orjson.dumps(LOG["ada"])
    escaped = line.replace(b"/ada", rb"/\u0061da")
    twice = line.replace(b"{", b'{"activityDateTime":"2020-01-01T00:00:00Z",', 1)
    assert [said for said, _ in Query(user="ada@x.org").select([escaped + b"\n"])] == [escaped]
    assert [said for said, _ in Query(since="2026-01-01").select([twice + b"\n"])] == [twice]
    assert len(about(lambda: [escaped + b"\n"], ["User/ada@x.org"]).records) == 1


def test_an_audit_record_of_a_person_is_found_by_the_person() -> None:
    revoked = audit_record(Kind.REVOKED, "wiki", NOW, "left", starter={}, details={"address": "User/ada@x.org"})
    assert [said["id"] for _, said in Query(user="ada@x.org").select([orjson.dumps(revoked)])] == [revoked["id"]]
    assert not list(Query(user="eve@x.org").select([orjson.dumps(revoked)]))


def test_a_role_is_looked_for_where_it_is_gained_lost_or_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each record of somebody who has it names it, and no more of these are parsed than have to be."""
    held = record("User/eve@x.org", ours={"roles": ["Admin"]})
    block = b"".join(orjson.dumps(row) + b"\n" for row in (held, LOG["ada"], held, LOG["joan"], held))
    parsed: list[bytes] = []
    monkeypatch.setattr(log_query, "_parsed", lambda line: parsed.append(line) or orjson.loads(line))  # type: ignore[func-returns-value]
    assert [row for _, row in Query(role="ADMIN").select([block, json.dumps(LOG["ada"]).encode()])] == [
        LOG["ada"],
        LOG["joan"],
        LOG["ada"],
    ]
    assert len(parsed) == 3
    assert len(list(Query(role='Say "hi"').select([block]))) == 0, "what JSON escapes is looked for in part"
