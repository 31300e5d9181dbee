"""Access impact: who gains and who loses what, privileged first, with the line that says so."""

from __future__ import annotations

import pytest

from reconciler.plan.detail import detail
from reconciler.plan.model import Access, Plan
from reconciler.report.text import render
from tests.world import World


def rows(plan: Plan) -> list[tuple[str, bool, str, str]]:
    return [(a.address.removeprefix("User/"), a.gains, a.what, a.through) for a in plan.access]


def text(plan: Plan) -> str:
    return render(plan, lambda line, code: line)


@pytest.fixture
def nested(world: World) -> World:
    world.groups("displayName: Inner, members: [ada@x.org]", "displayName: Net, members: [{group: Inner}, grace@x.org]")
    world.assign("group: Net, role: User", "user: grace@x.org, role: Admin, expires: 2027-01-31")
    return world


def test_new_people_gain_their_roles_and_groups_privileged_ones_first(nested: World) -> None:
    plan = nested.plan()
    assert rows(plan) == [
        ("grace@x.org", True, "Admin", ""), ("ada@x.org", True, "Net", "Inner"), ("ada@x.org", True, "User", "Net > Inner"),
        ("grace@x.org", True, "Net", ""), ("grace@x.org", True, "User", "Net"),
    ]  # fmt: skip
    line = next(line for line in text(plan).splitlines() if line.strip().startswith("grace@x.org gains Admin"))
    assert "gains Admin (privileged), " in line and "assignments.yaml:3, until 2027-01-31" in line


def test_people_whose_access_stays_as_it_is_are_not_listed(nested: World) -> None:
    nested.converge()
    nested.edit("ada@x.org", "title", "Boss")
    assert nested.plan().changes and nested.plan().access == ()


def test_a_role_that_is_exchanged_is_one_gained_and_one_lost(nested: World) -> None:
    nested.converge()
    nested.assign("group: Net, role: Admin")
    assert rows(nested.plan()) == [
        ("ada@x.org", True, "Admin", "Net > Inner"), ("ada@x.org", False, "User", ""), ("grace@x.org", False, "User", ""),
    ]  # fmt: skip


def test_a_role_that_somebody_granted_by_hand_is_lost_again(nested: World) -> None:
    nested.converge()
    nested.edit("ada@x.org", "roles", [{"value": "user", "display": "User"}, {"value": "admin", "display": "Admin"}])
    assert rows(nested.plan()) == [("ada@x.org", False, "Admin", "")]
    assert nested.plan().access[0].privileged


def test_who_is_disabled_loses_everything(nested: World) -> None:
    nested.converge()
    nested.groups("displayName: Inner, members: []", "displayName: Net, members: [{group: Inner}, grace@x.org]")
    assert rows(nested.plan()) == [("ada@x.org", False, "Net", ""), ("ada@x.org", False, "User", "")]


def test_an_app_that_takes_no_roles_still_says_who_gets_an_account(world: World) -> None:
    world.write("apps/wiki/app.yaml", "app: wiki\nadminCredentials: {tenantUrl: 'http://127.0.0.1/v2', secretToken: '${env:T}'}\n"
                                      "provisioning: {scope: all}\n")  # fmt: skip
    world.assign()
    plan = world.plan()
    assert Access("User/ada@x.org", "Ada", True, "role", "an account", False, "", plan.changes[-2].file, 2, None) in plan.access


def test_what_is_inside_a_value_is_told_item_by_item() -> None:
    before, after = [{"value": "a", "x": 1}, {"value": "b"}], [{"value": "a", "x": 2}, {"value": "c"}]
    assert detail(before, after) == [("~", "a.x", 1, 2), ("-", "b", {"value": "b"}, None), ("+", "c", None, {"value": "c"})]
    assert detail("old", "new") == [] and detail(None, None) == []


def test_drift_is_shown_apart_from_declared_changes(nested: World) -> None:
    nested.converge()
    nested.edit("ada@x.org", "title", "Boss")
    nested.users("userPrincipalName: ada@x.org, displayName: Ada, jobTitle: Engineer, manager: grace@x.org",
                 "userPrincipalName: grace@x.org, displayName: Amazing Grace")  # fmt: skip
    shown = text(nested.plan())
    assert shown.index("update User/grace@x.org") < shown.index("Drift:") < shown.index("update User/ada@x.org")
