"""Which changes of a blocked plan pass without the others, by the safeguard that blocks it."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.plan.selection import Selection
from tests.plan.test_policies import APART, ENOUGH, FEW, OURS, WHY, admins, rule
from tests.plan.test_safeguards import Town
from tests.support.world import APP

NIGHT = Selection(causes=("time",))


def passing(found: Town, selection: Selection = NIGHT) -> tuple[list[str], list[str]]:
    """(what blocks, the addresses that pass)."""
    found.session(selection)
    return [item.name for item in found.verdict.blocking], [change.address for change in found.verdict.passing]


def ending(found: Town, *people: str) -> Town:
    """These have their role until today; tomorrow comes."""
    rows = {name: f"user: {name}, role: {found.roles[name][0]}" for name in found.people}
    found.assign(*(row + ", expires: 2026-06-01, reason: NET-1" * (name in people) for name, row in rows.items()))
    found.converge()
    found.today = "2026-06-02"
    return found


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """Four people, of whom the first is the one administrator."""
    found = admins(Town(tmp_path, 4), 1)
    found.converge()
    return found


def test_the_last_administrator_keeps_the_role_and_others_lose_theirs_on_their_day(town: Town) -> None:
    town.safeguards = "accidentalDeletions: {count: 4}, lockout: {role: Admin, minimumActive: 1}"
    town.declare()
    assert passing(ending(town, "u00@x.org", "u02@x.org")) == (["lockout"], ["User/u02@x.org"])


def test_the_last_administrator_by_a_group_is_held_with_the_group(tmp_path: Path) -> None:
    found = Town(tmp_path, 3, "accidentalDeletions: {count: 4}, lockout: {role: Admin, minimumActive: 1}")
    found.inside = {"Admins": ["u00@x.org"]}
    found.declare()
    found.converge()
    found.inside = {"Admins": ["u01@x.org"]}
    found.people.append("new@x.org")
    found.roles["new@x.org"] = ["User"]
    found.declare()
    assert passing(found, Selection()) == (["lockout"], ["User/new@x.org", "User/u01@x.org"])


def test_where_too_few_were_left_before_nothing_passes(town: Town) -> None:
    town.safeguards = "lockout: {role: Admin, minimumActive: 2}"
    town.write("apps/wiki/app.yaml", APP + f"safeguards: {{{town.safeguards}}}\n")
    town.without(0).people.append("new@x.org")
    town.roles["new@x.org"] = ["User"]
    town.declare()
    assert passing(town, Selection()) == (["lockout"], [])


def test_the_account_of_the_token_is_held_and_no_other(town: Town) -> None:
    ending(town, "u01@x.org", "u02@x.org")
    town.write("apps/wiki/app.yaml", APP.replace("{tenantUrl", "{principal: u02@x.org, tenantUrl"))
    assert passing(town) == (["lockout"], ["User/u01@x.org"])


def test_the_last_holder_of_a_policy_is_held_and_no_other(town: Town) -> None:
    rule(town, ENOUGH)
    assert passing(ending(town, "u00@x.org", "u03@x.org")) == (["policies"], ["User/u03@x.org"])


@pytest.mark.parametrize("policy", [FEW, APART, WHY])
def test_who_gets_a_role_against_a_policy_is_held_and_no_other(town: Town, policy: str) -> None:
    town.roles |= {"u01@x.org": ["User"], "u02@x.org": ["Admin", "User"], "u03@x.org": ["Admin"]}
    if policy == APART:
        town.roles["u03@x.org"] = ["User"]
    rule(town, policy)
    town.declare()
    town.users(*(f"userPrincipalName: {name}, jobTitle: Engineer" for name in town.people))
    held = {"User/u02@x.org"} if policy == APART else {"User/u02@x.org", "User/u03@x.org"}
    assert passing(town, Selection()) == (["policies"], [f"User/{n}" for n in town.people if f"User/{n}" not in held])


def test_a_newcomer_of_another_domain_is_held_with_all_that_needs_the_account(town: Town) -> None:
    rule(town, OURS)
    town.people.append("eve@elsewhere.org")
    town.roles["eve@elsewhere.org"] = ["User"]
    town.inside = {"Net": ["u01@x.org", "eve@elsewhere.org"], "Web": ["u01@x.org"]}
    town.declare()
    rows = [f"userPrincipalName: {name}" for name in town.people]
    town.users(*(row + ", jobTitle: Engineer, manager: eve@elsewhere.org" * (row.endswith("u03@x.org")) for row in rows))
    assert passing(town, Selection()) == (["policies"], ["Group/Web", "User/u03@x.org"])
    (change,) = [change for change in town.verdict.passing if change.address == "User/u03@x.org"]
    assert [attribute.path for attribute in change.attributes] == ["title"]


def test_an_assignment_that_lost_its_reason_is_broken_by_no_change_and_holds_all(town: Town) -> None:
    rule(town, WHY)
    town.assign(*(f"user: {name}, role: {town.roles[name][0]}, reason: NET-1" for name in town.people))
    town.converge()
    town.assign(*(f"user: {name}, role: {town.roles[name][0]}" for name in town.people))
    town.users(*(f"userPrincipalName: {name}, jobTitle: Engineer" for name in town.people))
    assert passing(town, Selection()) == (["policies"], [])
