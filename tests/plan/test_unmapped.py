"""A mapping that stops carrying roles or members: who keeps what is said, counted, and an error once it should end."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.plan.model import Plan
from reconciler.plan.selection import Selection
from reconciler.plan.unmapped import problems
from reconciler.report.jsonform import dumps
from reconciler.report.plan_file import loads
from reconciler.report.text import last_line
from tests.plan.test_safeguards import MAPPINGS, NO_ROLES, Town
from tests.support.warned import texts

NO_MEMBERS = MAPPINGS.replace("      - {target: members, source: members}\n", "")
NO_GROUPS = MAPPINGS.replace("  groups:\n", "  groups:\n    enabled: false\n")
AT_CREATION = MAPPINGS.replace("([appRoleAssignments])'}", "([appRoleAssignments])', apply: create}")
NONE = MAPPINGS.replace("expression: 'AssertiveAppRoleAssignmentsComplex([appRoleAssignments])'", "none: true")
CONSTANT = MAPPINGS.replace("expression: 'AssertiveAppRoleAssignmentsComplex([appRoleAssignments])'", "constant: [{value: x}]")


@pytest.fixture
def few(tmp_path: Path) -> Town:
    """Three people, of whom the first is an administrator, all in one group that gives nothing privileged."""
    found = Town(tmp_path, 3)
    found.roles["u00@x.org"] = ["User", "Admin"]
    found.inside["Net"] = found.people
    found.declare()
    found.converge()
    return found


def remap(found: Town, mappings: str) -> Plan:
    found.write("apps/wiki/mappings.yaml", mappings)
    return found.plan()


@pytest.mark.parametrize("mappings", [NO_ROLES, AT_CREATION, NONE])
def test_a_mapping_that_stops_carrying_roles_says_who_keeps_what(few: Town, mappings: str) -> None:
    plan = remap(few, mappings)
    (caution,) = plan.cautions
    assert (caution.code, plan.changes) == ("NoLongerMapped", ()) and caution.file.endswith("mappings.yaml")
    assert caution.text == (
        "roles is no longer mapped: 3 accounts keep what it gave: User/u00@x.org (admin, privileged); User/u00@x.org (user), "
        "User/u01@x.org (user), User/u02@x.org (user); from now on nothing takes it away: map roles again, or take it away "
        "first, in a change of its own"
    )
    assert "matches" not in last_line(plan) and loads(dumps([plan]))[0].kept == plan.kept


@pytest.mark.parametrize("mappings", [NO_MEMBERS, NO_GROUPS])
def test_groups_that_are_no_longer_carried_say_who_stays_in_them(few: Town, mappings: str) -> None:
    plan = remap(few, mappings)
    assert [(item.address, item.target, item.what) for item in plan.kept] == [
        (f"User/{name}", "members", "Net") for name in few.people
    ]
    assert [c.code for c in plan.cautions] == ["NoLongerMapped"] and "matches" not in last_line(plan)


def test_a_mapping_that_gives_another_value_takes_what_was_there_and_keeps_nothing(few: Town) -> None:
    assert remap(few, CONSTANT).kept == () and few.plan().count("update") == 3


def test_after_the_apply_it_is_a_standing_warning_until_it_is_mapped_again(few: Town) -> None:
    remap(few, NO_ROLES)
    assert few.apply().complete
    plan = few.plan()
    assert plan.cautions == () and plan.kept == () and plan.left == 3
    assert texts(plan.warnings)[0].startswith(
        "roles is no longer mapped: 3 accounts keep what it gave: User/u00@x.org (admin, priv"
    )
    remap(few, MAPPINGS)
    few.converge()
    assert texts(few.plan().warnings) == () and few.store.load().unmapped == []  # type: ignore[union-attr]


def test_an_apply_of_a_part_accepts_nothing(few: Town) -> None:
    remap(few, NO_ROLES)
    assert few.apply(only=("User/u00@x.org",)).complete
    assert [c.code for c in few.plan().cautions] == ["NoLongerMapped"]


def test_the_end_of_a_role_that_nothing_carries_is_an_error(few: Town) -> None:
    few.assign("user: u00@x.org, role: User", "user: u00@x.org, role: Admin, expires: 2026-06-01", "group: Net, role: User")
    few.converge()
    remap(few, NO_ROLES)
    assert few.apply().complete and few.plan().errors == ()
    few.today = "2026-06-02"
    (error,) = few.plan().errors
    assert (error.address, error.code) == ("User/u00@x.org", "RoleNotMapped")
    assert error.reason == "Admin stays although its assignment expired: roles is no longer mapped"
    few.assign("user: u00@x.org, role: User", "group: Net, role: User")
    assert "nothing assigns it now" in few.plan().errors[0].reason


def test_who_keeps_something_counts_like_who_loses_it(tmp_path: Path) -> None:
    found = Town(tmp_path, 12)
    found.declare()
    found.converge()
    plan = remap(found, NO_ROLES)
    assert found.blocking() == ["accidentalDeletions"] and plan.changes == ()
    said = Town.said(plan)["accidentalDeletions"]
    told = "nobody loses access, and no group is deleted; 12 users keep what is no longer mapped; limit"
    assert str(said["detail"]).startswith(told)
    night = found.session(Selection(causes=("time",)))
    assert night.guarded.blocking == ()
    other = found.entry("accidentalDeletions", night.planned.plan)
    found.approve(other)
    assert found.blocking() == ["accidentalDeletions"]  # approved was that nothing changes, not that they keep it
    found.approve(found.entry("accidentalDeletions", plan))
    assert found.blocking() == [] and found.apply().complete and found.blocking() == []


def test_validate_warns_where_the_line_went(few: Town) -> None:
    remap(few, NO_ROLES)
    session = few.session()
    (problem,) = problems(session.app, few.store.load())  # type: ignore[arg-type]
    assert (problem.severity, problem.code) == ("warning", "no-longer-mapped") and problem.place.file.endswith("mappings.yaml")
    remap(few, MAPPINGS)
    assert [*problems(few.session().app, few.store.load())] == []  # type: ignore[arg-type]


def test_active_that_is_no_longer_mapped_is_under_caution(few: Town) -> None:
    plan = remap(few, "".join(row for row in MAPPINGS.splitlines(keepends=True) if "target: active" not in row))
    assert [c.text for c in plan.cautions] == [
        "active is not mapped: who has to go keeps an active account; it was not like this when last applied"
    ]
