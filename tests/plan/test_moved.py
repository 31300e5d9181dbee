"""What was gained, lost and kept between two times, each with what did it: a log in, written out here, rows and words out."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from reconciler.cycle.had import past_of_person
from reconciler.declare.load import load
from reconciler.plan.access.from_log import past
from reconciler.plan.access.had import Deed, Had
from reconciler.plan.access.moved import Moved, moved
from reconciler.record.log.chain import NOTHING, chained
from reconciler.report import moved as report
from reconciler.report.had import change
from tests.plan.test_past import past_of
from tests.support.world import ROLES, World

BEGIN, SINCE, UNTIL = "2026-01-01T08:00:00Z", "2026-02-01T23:59:59Z", "2026-03-01T23:59:59Z"
FILE = "desired/apps/wiki/assignments.yaml"
APPROVAL = {"safeguard": "privileged", "reason": "NET-2", "file": "approvals.yaml", "line": 2}


def told(at: str, who: str, action: str, **ours: Any) -> dict[str, Any]:
    """A record of one object: its id is its name."""
    modified = ours.pop("modified", [])
    return {
        "activityDateTime": at,
        "cycleId": at,
        "targetIdentity": {"id": who},
        "provisioningStatusInfo": {"status": "success"},
        "provisioningSteps": [{"provisioningStepType": "export", "status": "success"}],
        "modifiedProperties": modified,
        "initiatedBy": {"displayName": "octocat", "initiatorType": "user"},
        "reconcile": {"kind": "object", "address": who, "action": action, "readBack": "asWritten", **ours},
    }


def row(who: str, what: str, line: int, **more: Any) -> dict[str, Any]:
    return {"address": who, "gains": True, "kind": "role", "what": what, "file": FILE, "line": line, **more}


def members(out: list[str], into: list[str]) -> list[dict[str, Any]]:
    return [{"displayName": "members", "oldValue": out, "newValue": into}]


ADA, GRACE, JOAN, MARY, EVE, MAX, NET = (
    "User/ada@x.org", "User/grace@x.org", "User/joan@x.org", "User/mary@x.org", "User/eve@x.org", "User/max@x.org", "Group/Net",
)  # fmt: skip
LOG = [
    told(BEGIN, ADA, "create", roles=["User"], access=[row(ADA, "User", 3)]),
    told(BEGIN, GRACE, "create", roles=["Admin", "User"], pullRequest=1,
         access=[row(GRACE, "Admin", 4, privileged=True), row(GRACE, "User", 5)]),
    told(BEGIN, JOAN, "create", roles=["User"], access=[row(JOAN, "User", 6)]),
    told(BEGIN, MAX, "adopt", roles=["User"]),
    told(BEGIN, NET, "create", modified=members([], [GRACE]), declaredAt={"file": "groups.yaml", "line": 1}),
    told("2026-02-10T08:00:00Z", MARY, "create", roles=["Admin"], pullRequest=12, commit="3f2c1ab", approvals=[APPROVAL],
         access=[row(MARY, "Admin", 9, privileged=True, expires="2027-01-31", reason="NET-1")]),
    told("2026-02-11T08:00:00Z", GRACE, "update", roles=["User"], pullRequest=13,
         access=[row(GRACE, "Admin", 4, privileged=True, gains=False)]),
    told("2026-02-12T08:00:00Z", NET, "update", modified=members([GRACE], [ADA]), commit="77aa",
         declaredAt={"file": "groups.yaml", "line": 1}),
    told("2026-02-13T08:00:00Z", JOAN, "disable", roles=[], declaredAt={"file": "users.yaml", "line": 7},
         access=[row(JOAN, "User", 6, gains=False)]),
    told("2026-02-14T08:00:00Z", EVE, "create", roles=["User"], readBack="unknown", access=[row(EVE, "User", 8)]),
    # What came and went in between, and what came later, is in no difference.
    told("2026-02-15T08:00:00Z", ADA, "update", roles=["User", "Editor"], access=[row(ADA, "Editor", 10)]),
    told("2026-02-16T08:00:00Z", ADA, "update", roles=["User"], access=[row(ADA, "Editor", 10, gains=False)]),
    told("2026-04-01T08:00:00Z", ADA, "update", roles=["User", "Admin"], access=[row(ADA, "Admin", 11)]),
    told("2026-04-02T08:00:00Z", MARY, "disable", roles=[], access=[row(MARY, "Admin", 9, gains=False)]),
]  # fmt: skip
PAST = past(chained(LOG, NOTHING)[0], None, {"user": "User"})
MOVED = moved(PAST.at(SINCE), PAST.at(UNTIL), UNTIL)
EXPECTED = [
    ("gained", "ada@x.org", "Net", "2026-02-12T08:00:00Z (update) by octocat, groups.yaml:1, commit 77aa, read back: asWritten"),
    ("gained", "mary@x.org", "Admin",
     f"2026-02-10T08:00:00Z (create) by octocat, {FILE}:9, commit 3f2c1ab, pull request 12 (approvers unknown), "
     "approved: NET-2 (privileged, approvals.yaml:2), until 2027-01-31, reason: NET-1, read back: asWritten"),
    ("lost", "grace@x.org", "Net", "2026-02-12T08:00:00Z (update) by octocat, groups.yaml:1, commit 77aa, read back: asWritten"),
    ("lost", "grace@x.org", "Admin",
     f"2026-02-11T08:00:00Z (update) by octocat, given until then by {FILE}:4, pull request 13 (approvers unknown), "
     "read back: asWritten"),
    ("lost", "joan@x.org", "User",
     f"2026-02-13T08:00:00Z (disable) by octocat, given until then by {FILE}:6, read back: asWritten"),
    ("unknown", "eve@x.org", "User", f"2026-02-14T08:00:00Z (create) by octocat, {FILE}:8, read back: unknown"),
    ("kept", "ada@x.org", "User", f"2026-01-01T08:00:00Z (create) by octocat, {FILE}:3, read back: asWritten"),
    ("kept", "grace@x.org", "User",
     f"2026-01-01T08:00:00Z (create) by octocat, {FILE}:5, pull request 1 (approvers unknown), read back: asWritten"),
    ("kept", "max@x.org", "User", "2026-01-01T08:00:00Z (adopt) by octocat, read back: asWritten"),
]  # fmt: skip


def test_each_thing_that_was_gained_lost_or_kept_comes_with_what_did_it() -> None:
    assert [(item.how, item.row.login, item.row.what, report.cause(item)) for item in MOVED] == EXPECTED


def test_the_other_way_round_all_that_was_gained_is_kept_or_lost() -> None:
    later = moved(PAST.at(UNTIL), PAST.at("2026-04-03T00:00:00Z"), "2026-04-03T00:00:00Z")
    changed = [(item.how, item.row.login, item.row.what) for item in later if item.how != "kept"]
    assert changed == [("gained", "ada@x.org", "Admin"), ("lost", "mary@x.org", "Admin"), ("unknown", "eve@x.org", "User")]
    assert {item.how for item in moved(PAST.at(SINCE), PAST.at(SINCE), SINCE)} == {"kept"}


def test_the_table_counts_them_and_has_a_sign_and_a_cause_on_each_line() -> None:
    head, *lines = report.as_table({"Wiki": MOVED}, SINCE, UNTIL).splitlines()
    assert head == f"Wiki: 2 gained, 3 lost, 3 kept, of 1 nobody knows between {SINCE} and {UNTIL}"
    assert [line[2] for line in lines] == list("++---?   ")
    assert lines[0] == f"  + ada@x.org  group Net  {EXPECTED[0][3]}" and lines[3].startswith(
        "  - grace@x.org  Admin (privileged)"
    )


def test_json_and_csv_have_the_same_with_both_records() -> None:
    (answer,) = report.answers({"wiki": PAST}, {"wiki": MOVED}, SINCE, UNTIL)
    assert [item["change"] for item in answer["rows"]] == [how for how, *_ in EXPECTED] and answer["unknown"] == []
    admin = answer["rows"][3]
    assert (admin["gave"]["line"], admin["gave"]["pullRequest"], admin["took"]["pullRequest"]) == (4, 1, 13)
    cells = list(csv.DictReader(report.as_csv({"wiki": MOVED}).splitlines()))
    assert [(item["change"], item["login"], item["what"]) for item in cells] == [tuple(item[:3]) for item in EXPECTED]
    assert (cells[3]["took.at"], cells[3]["took.pullRequest"]) == ("2026-02-11T08:00:00Z", "13")
    assert cells[1]["gave.approvals"] == "privileged: NET-2" and cells[1]["took.at"] == "2026-04-02T08:00:00Z"
    assert report.answers({"wiki": PAST}, {}, "2025-01-01T00:00:00Z", UNTIL)[0]["rows"] is None


@pytest.mark.parametrize(
    ("before", "after", "how", "cause"),
    [
        (False, True, "gained", "by hand, or by what the log does not tell"),
        (True, False, "lost", "by hand, or by what the log does not tell"),
        (True, True, "kept", "from before the log, or by hand"),
    ],
)
def test_what_no_record_did_was_done_by_hand(before: bool, after: bool, how: str, cause: str) -> None:
    late = {"activityDateTime": "2026-05-01T08:00:00Z", "reconcile": {"action": "disable"}}
    held = Had(ADA, "ada@x.org", "1", "role", "User", False, True, None, Deed(late, ADA, "User"))
    (item,) = moved([held] * before, [held] * after, UNTIL)
    assert (item.how, report.cause(item)) == (how, cause)


# Renames


def renamed(world: World) -> list[Moved]:
    """Of somebody in a group, with a role of it, in what another apply of 3 June made of it."""
    world.now = "2026-06-03T00:00:00Z"
    world.converge()
    return between(world, "2026-06-02T00:00:00Z", "2026-06-04T00:00:00Z")


def between(world: World, since: str, until: str) -> list[Moved]:
    found = past_of(world)
    return moved(found.at(since), found.at(until), until, found.told.renamed_between(since, until))


def told_of(items: list[Moved]) -> list[tuple[str, str, str, str]]:
    return [(item.how, item.row.what, item.was, (item.row.gave.at if item.row.gave else "None")[:10]) for item in items]


@pytest.fixture
def town(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.users("userPrincipalName: ada@x.org")
    world.groups("displayName: Net, members: [ada@x.org]")
    world.assign("group: Net, role: User, reason: NET-1")
    world.converge()
    return world


def test_a_renamed_group_and_a_renamed_role_are_kept(town: World) -> None:
    town.groups("displayName: Crew, previously: [Net], members: [ada@x.org]")
    town.write("apps/wiki/roles.yaml", ROLES.replace("displayName: User", "displayName: Reader"))
    town.assign("group: Crew, role: Reader")
    items = renamed(town)
    assert told_of(items) == [("kept", "Crew", "Net", "2026-06-01"), ("kept", "Reader", "User", "2026-06-01")]
    table = report.as_table({"Wiki": items}, SINCE, UNTIL)
    assert "    ada@x.org  group Crew (was Net)  2026-06-01" in table and "ada@x.org  Reader (was User)  " in table
    assert [row["previously"] for row in csv.DictReader(report.as_csv({"wiki": items}).splitlines())] == ["Net", "User"]
    (answer,) = report.answers({"wiki": PAST}, {"wiki": items}, SINCE, UNTIL)
    assert [row["previously"] for row in answer["rows"]] == ["Net", "User"]
    town.write("apps/wiki/roles.yaml", ROLES)
    town.assign("group: Crew, role: User")
    town.now = "2026-06-05T00:00:00Z"
    town.converge()
    back = between(town, "2026-06-02T00:00:00Z", "2026-06-06T00:00:00Z")
    assert [(item.how, item.row.what, item.was) for item in back] == [("kept", "Crew", "Net"), ("kept", "User", "")]


def test_a_role_that_has_the_name_that_another_one_had_once_is_gained(town: World) -> None:
    town.write("apps/wiki/roles.yaml", ROLES.replace("displayName: User", "displayName: Reader"))
    town.assign("group: Net, role: Reader")
    renamed(town)
    town.write("apps/wiki/roles.yaml", ROLES.replace("value: user", "value: other"))
    town.assign("group: Net, role: User")
    town.now = "2026-06-05T00:00:00Z"
    town.converge()
    since_then = between(town, "2026-06-04T00:00:00Z", "2026-06-06T00:00:00Z")
    assert [item[:3] for item in told_of(since_then)] == [("gained", "User", ""), ("lost", "Reader", ""), ("kept", "Net", "")]


def test_another_role_under_another_name_is_gained(town: World) -> None:
    town.write("apps/wiki/roles.yaml", ROLES.replace("value: user, displayName: User", "value: reader, displayName: Reader"))
    town.assign("group: Net, role: Reader")
    assert [item[:3] for item in told_of(renamed(town))] == [("gained", "Reader", ""), ("lost", "User", ""), ("kept", "Net", "")]


THEN, SINCE_THEN = "2026-06-02T00:00:00Z", "2026-06-04T00:00:00Z"


def gave_of(world: World, at: str) -> dict[str, tuple[Any, ...]]:
    """Of each role and group of that time when it was given, by which line and why, and whether anything took it since."""
    changes = {row.what: (change(row, row.gave), row.took) for row in past_of(world).at(at)}
    return {
        what: (gave and gave["at"][:10], gave and gave["line"], gave and gave["reason"], took)
        for what, (gave, took) in changes.items()
    }


def test_under_other_names_all_keeps_the_line_and_reason_that_gave_it(town: World) -> None:
    town.write("directory/users/a.yaml", "users:\n- {userPrincipalName: lovelace@x.org, previously: [ada@x.org]}\n")
    town.groups("displayName: Crew, previously: [Net], members: [lovelace@x.org]")
    town.write("apps/wiki/roles.yaml", ROLES.replace("displayName: User", "displayName: Reader"))
    town.assign("group: Crew, role: Reader, reason: NET-2")
    items = renamed(town)
    assert gave_of(town, THEN) == {"Net": ("2026-06-01", 2, "NET-1", None), "User": ("2026-06-01", 2, "NET-1", None)}
    assert gave_of(town, SINCE_THEN) == {"Crew": ("2026-06-01", 2, "NET-1", None), "Reader": ("2026-06-01", 2, "NET-1", None)}
    assert [change(item.row, item.row.gave)["reason"] for item in items] == ["NET-1", "NET-1"]  # type: ignore[index]
    declarations = load(town.folder / "desired").declarations
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reconciler.cycle.had.store_of", lambda *_: town.store)
        of_one = past_of_person(declarations.apps["wiki"], declarations, "User/lovelace@x.org").at(SINCE_THEN)
    assert {row.what: row.gave.record["id"] for row in of_one if row.gave} == {
        row.what: row.gave.record["id"] for row in past_of(town).at(SINCE_THEN) if row.gave
    }


def test_a_role_that_gets_another_name_as_somebody_gains_one_more_was_not_there_under_it(town: World) -> None:
    town.write("apps/wiki/roles.yaml", ROLES.replace("displayName: User", "displayName: Reader"))
    town.assign("group: Net, role: Reader, reason: NET-1", "user: ada@x.org, role: Admin, reason: INC-1")
    renamed(town)
    assert set(gave_of(town, THEN)) == {"Net", "User"}
    found = gave_of(town, SINCE_THEN)
    assert (found["Reader"], found["Admin"]) == (("2026-06-01", 2, "NET-1", None), ("2026-06-03", 3, "INC-1", None))


def test_what_takes_a_role_under_its_later_name_took_it(town: World) -> None:
    town.write("apps/wiki/roles.yaml", ROLES.replace("displayName: User", "displayName: Reader"))
    town.assign("group: Net, role: Reader")
    renamed(town)
    town.assign("user: ada@x.org, role: Admin")
    town.now = "2026-06-05T00:00:00Z"
    town.converge()
    took = {row.what: change(row, row.took) for row in past_of(town).at(THEN)}["User"]
    assert took is not None and (took["at"], took["line"]) == ("2026-06-05T00:00:00Z", 2)
