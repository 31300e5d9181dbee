"""Who is asked for by the name of one time is found at any other: a log with renames in, rows out."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.plan.access.called import Asked, other_names
from reconciler.plan.access.from_log import past
from reconciler.record.log.audit import Kind, audit_record
from reconciler.record.log.chain import NOTHING, chained
from reconciler.report import had as report
from tests.plan.test_moved import members, row, told

LINUS, LT, ADA, OLD, NEW = "User/linus@x.org", "User/lt@x.org", "User/ada@x.org", "Group/Net", "Group/Network"
BEFORE, AFTER = "2026-01-15T00:00:00Z", "2026-03-15T00:00:00Z"


def of(id: str, record: dict[str, Any]) -> dict[str, Any]:
    return {**record, "targetIdentity": {"id": id}}


def renamed(at: str, **roles: str) -> dict[str, Any]:
    details = {"renamedRoles": roles}
    return audit_record(Kind.CONFIGURATION_CHANGED, "wiki", at, "", starter={}, details=details)


BEGIN, THEN = "2026-01-01T08:00:00Z", "2026-02-01T08:00:00Z"
LOG = [
    of("1", told(BEGIN, LINUS, "create", roles=["Viewer"], access=[row(LINUS, "Viewer", 3)])),
    of("2", told(BEGIN, ADA, "create", roles=["Editor"], access=[row(ADA, "Editor", 4)])),
    of("9", told(BEGIN, OLD, "create", modified=members([], [LINUS]))),
    of("1", told(THEN, LT, "update", roles=["Reader"], access=[row(LT, "Reader", 3)],
                 modified=[{"displayName": "appRoleAssignments", "oldValue": ["Viewer"], "newValue": ["Reader"]}])),
    of("9", told(THEN, NEW, "update")),
    renamed(THEN, Reader="Viewer"),
]  # fmt: skip
PAST = past(chained(LOG, NOTHING)[0], None, {})


def found(at: str, **names: set[str]) -> set[tuple[str, str]]:
    asked = Asked(**{name: frozenset(values) for name, values in names.items()})
    return {(item.login, item.what) for item in PAST.at(at) if asked.includes(item, PAST.told, at)}


BOTH = {BEFORE: {("linus@x.org", "Viewer"), ("linus@x.org", "Net")}, AFTER: {("lt@x.org", "Reader"), ("lt@x.org", "Network")}}


@pytest.mark.parametrize("at", [BEFORE, AFTER])
@pytest.mark.parametrize("name", ["linus@x.org", "lt@x.org", "user/lt@x.org"])
def test_a_person_is_found_by_any_name_and_nobody_else_is(at: str, name: str) -> None:
    assert found(at, people={name}) == BOTH[at]


@pytest.mark.parametrize("at", [BEFORE, AFTER])
@pytest.mark.parametrize("names", [{"groups": {"net"}}, {"groups": {"network"}}, {"roles": {"viewer"}}, {"roles": {"reader"}}])
def test_a_group_and_a_role_are_found_by_any_name(at: str, names: dict[str, set[str]]) -> None:
    kind = next(iter(names))
    assert found(at, **names) == {item for item in BOTH[at] if item[1].startswith("Net") == (kind == "groups")}


def test_roles_that_exchanged_their_names_are_told_apart() -> None:
    log = [
        *LOG[:2],
        of("1", told(THEN, LINUS, "update", roles=["Editor"], access=[row(LINUS, "Editor", 3)])),
        renamed(THEN, Editor="Viewer", Viewer="Editor"),
        renamed("2026-04-01T08:00:00Z", Author="Viewer"),
    ]
    swapped = past(chained(log, NOTHING)[0], None, {})
    asked = Asked(roles=frozenset({"author"}))
    assert [item.login for item in swapped.at(BEFORE) if asked.includes(item, swapped.told, BEFORE)] == ["ada@x.org"]


def test_the_answer_names_what_was_called_otherwise() -> None:
    rows = PAST.at(BEFORE)
    assert other_names(rows, PAST.told, BEFORE) == {
        "users": {"linus@x.org": ["lt@x.org"]}, "roles": {"Viewer": ["Reader"]}, "groups": {"Net": ["Network"]},
    }  # fmt: skip
    assert report.answer("wiki", BEFORE, PAST, rows)["otherNames"]["users"] == {"linus@x.org": ["lt@x.org"]}
