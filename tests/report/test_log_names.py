"""The log of somebody, of a group or of a role is found by the name of any time: a log with renames in, its records out."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from reconciler.record.log.audit import Kind, audit_record
from reconciler.report import log_names
from reconciler.report.log_names import with_other_names
from reconciler.report.log_query import Query, asked
from tests.report.test_logs import NOW, record


def of(id: str, address: str, at: str, **more: Any) -> dict[str, Any]:
    return record(address, at, targetIdentity={"id": id}, **more)


def members(*names: str) -> list[dict[str, Any]]:
    return [{"displayName": "members", "oldValue": [], "newValue": list(names)}]


def roles(*names: str) -> list[dict[str, Any]]:
    return [{"displayName": "appRoleAssignments", "oldValue": [], "newValue": list(names)}]


LOG = {
    "hired": of("a1", "User/linus@x.org", "2026-04-01T08:00:00Z", modifiedProperties=roles("Viewer")),
    "ada": of("a2", "User/ada@x.org", "2026-04-01T08:00:00Z"),
    "in": of("g1", "Group/Net", "2026-04-02T08:00:00Z", modifiedProperties=members("User/Linus@x.org")),
    "renamed": of("a1", "User/lt@x.org", "2026-05-01T08:00:00Z"),
    "group": of("g1", "Group/Netze – Süd", "2026-05-01T08:00:00Z"),
    "role": audit_record(Kind.CONFIGURATION_CHANGED, "wiki", NOW, "", starter={}, details={"renamedRoles": {"Reader": "Viewer"}}),
    "later": of("a2", "User/ada@x.org", "2026-06-01T08:00:00Z", modifiedProperties=roles("Reader")),
}
LINES = [orjson.dumps(row) + b"\n" for row in LOG.values()]
NAMES = dict(zip(LINES, LOG, strict=True))


def found(query: Query, blocks: list[bytes] | None = None) -> list[str]:
    whole = [b"".join(LINES)]
    query, lines = with_other_names(query, lambda: whole)
    known = whole if lines is None else [b"\n".join(lines)]
    return [NAMES[line + b"\n"] for line, _ in query.select(blocks or known)]


@pytest.mark.parametrize("name", ["lt@x.org", "LINUS@x.org"])
def test_a_person_is_found_under_each_name_and_nobody_else_is(name: str) -> None:
    assert found(Query(user=name)) == ["hired", "in", "renamed"]
    assert found(Query(user=name, since="2026-04-01", until="2026-04-30")) == ["hired", "in"]
    assert found(Query(user=name, action="create")) == [] and found(Query(user=name, group="Netze – Süd")) == ["in"]


@pytest.mark.parametrize("query", [Query(group="net"), Query(group="netze – süd")])
def test_a_group_is_found_under_each_name(query: Query) -> None:
    assert found(query) == ["in", "group"]


@pytest.mark.parametrize("query", [Query(role="viewer"), Query(role="Reader")])
def test_a_role_is_found_under_each_name(query: Query) -> None:
    assert found(query) == ["hired", "later"]


def test_whoever_has_one_name_is_asked_for_by_it_alone() -> None:
    for query in (Query(user="ada@x.org"), Query(role="Admin"), Query(user="nobody@x.org")):
        assert with_other_names(query, lambda: [b"".join(LINES)])[0] == query
    renamed, lines = with_other_names(Query(user="lt@x.org"), lambda: [b"".join(LINES)])
    assert lines is None, "the lines of one name are not all"
    assert asked(renamed) == "--user 'lt@x.org'"


def test_whoever_had_one_name_is_shown_from_the_lines_that_were_found_and_many_are_not_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    walks = list[int]()
    query, lines = with_other_names(Query(user="ADA@x.org"), lambda: walks.append(1) or [b"".join(LINES)])  # type: ignore[func-returns-value]
    assert lines is not None and [NAMES[line + b"\n"] for line in lines] == ["ada", "later"]
    assert len(walks) == 2 and found(Query(user="ADA@x.org", since="2026-05-01")) == ["later"]
    monkeypatch.setattr(log_names, "MOST_KEPT", 2)
    assert with_other_names(query, lambda: [b"".join(LINES)]) == (query, None)
    assert found(query) == ["ada", "later"]
