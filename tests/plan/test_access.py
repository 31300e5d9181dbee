"""Access impact: who gains and who loses what, privileged first, with the line that says so."""

from __future__ import annotations

import pytest

from reconciler.plan.diff import detail
from reconciler.plan.model import Access, Plan
from reconciler.report import markdown
from reconciler.report.text import render
from tests.support.world import APP, MAPPINGS, World

ROLELESS = "".join(row for row in MAPPINGS[: MAPPINGS.index("  groups")].splitlines(keepends=True) if "roles" not in row)
ROLELESS += "  groups: {enabled: false}\n"


def rows(plan: Plan) -> list[tuple[str, bool, str, str]]:
    """Roles, groups and accounts; another login is said beside them."""
    return [(a.address.removeprefix("User/"), a.gains, a.what, a.through) for a in plan.access if a.kind != "identity"]


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
        ("grace@x.org", True, "Admin", ""),
        ("ada@x.org", True, "Net", "Inner"),
        ("ada@x.org", True, "User", "Net > Inner"),
        ("grace@x.org", True, "Net", ""),
        ("grace@x.org", True, "User", "Net"),
    ]
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
        ("ada@x.org", True, "Admin", "Net > Inner"),
        ("ada@x.org", False, "User", "Net"),
        ("grace@x.org", False, "User", "Net"),
    ]


def lost(world: World, what: str) -> tuple[str, str, int]:
    """(through, file, line) of what Ada loses."""
    (found,) = [a for a in world.plan().access if a.address == "User/ada@x.org" and a.what == what and not a.gains]
    return found.through, found.file.rpartition("/desired/")[2], found.line


def test_a_loss_is_put_down_to_the_group_that_gave_it(nested: World) -> None:
    nested.assign("group: Net, role: Admin", "group: Net, role: User, expires: 2026-06-02", "user: ada@x.org, role: User")
    nested.converge()
    nested.groups("displayName: Inner, members: []", "displayName: Net, members: [{group: Inner}, grace@x.org]")
    assert lost(nested, "Admin") == ("Net", "directory/groups/a.yaml", 3)
    nested.groups("displayName: Inner, members: [ada@x.org]", "displayName: Net, members: [{group: Inner}, grace@x.org]")
    nested.assign("group: Net, role: User", "user: ada@x.org, role: User")
    assert lost(nested, "Admin") == ("Net", "apps/wiki/assignments.yaml", 2)
    nested.assign("user: ada@x.org, role: User")
    assert lost(nested, "Admin") == ("Net", "directory/groups/a.yaml", 3)
    nested.users("userPrincipalName: grace@x.org", "userPrincipalName: ada@x.org, accountEnabled: false")
    nested.assign("group: Net, role: Admin", "user: ada@x.org, role: User")
    assert lost(nested, "Admin") == ("", "directory/users/a.yaml", 3)


def test_a_loss_by_expiry_names_the_assignment_that_expired(nested: World) -> None:
    nested.assign("user: grace@x.org, role: Admin", "group: Net, role: User, expires: 2026-06-01")
    nested.converge()
    nested.today = "2026-06-02"
    assert lost(nested, "User") == ("Net > Inner", "apps/wiki/assignments.yaml", 3)
    assert " loses User through group Net > Inner, " in text(nested.plan())


def test_a_role_that_somebody_granted_by_hand_is_lost_again(nested: World) -> None:
    nested.converge()
    nested.edit("ada@x.org", "roles", [{"value": "user", "display": "User"}, {"value": "admin", "display": "Admin"}])
    assert rows(nested.plan()) == [("ada@x.org", False, "Admin", "")]
    assert nested.plan().access[0].privileged


def test_who_is_disabled_loses_everything(nested: World) -> None:
    nested.converge()
    nested.groups("displayName: Inner, members: []", "displayName: Net, members: [{group: Inner}, grace@x.org]")
    assert rows(nested.plan()) == [("ada@x.org", False, "Net", ""), ("ada@x.org", False, "User", "Net")]


def test_members_of_a_group_that_is_deleted_lose_it(nested: World) -> None:
    nested.converge()
    nested.assign("user: ada@x.org, role: User", "user: grace@x.org, role: User")
    assert {row for row in rows(nested.plan()) if row[2] == "Net"} == {
        ("ada@x.org", False, "Net", ""),
        ("grace@x.org", False, "Net", ""),
    }


def test_an_app_that_takes_no_roles_still_says_who_gets_an_account(world: World) -> None:
    world.write(
        "apps/wiki/app.yaml",
        "app: wiki\nadminCredentials: {tenantUrl: 'http://127.0.0.1/v2', secretToken: '${env:T}'}\nprovisioning: {scope: all}\n",
    )
    world.assign()
    plan = world.plan()
    row = Access("User/ada@x.org", "Ada", True, "account", "an account", False, "", plan.changes[-2].file, 2, None)
    assert row in plan.access


def test_a_service_that_stores_no_roles_gives_an_account_and_no_role(nested: World) -> None:
    nested.write("apps/wiki/mappings.yaml", ROLELESS)
    nested.assign("group: Net, role: Admin, expires: 2027-01-31", "group: Net, role: User, expires: 2026-12-31")
    assert rows(nested.plan()) == [("ada@x.org", True, "an account", "Net > Inner"), ("grace@x.org", True, "an account", "Net")]
    assert "ada@x.org gains an account through group Net > Inner, " in text(nested.plan())
    assert "assignments.yaml:2, until 2027-01-31" in text(nested.plan())
    assert markdown.render(nested.plan()).count("`an account`") == 2 and "account `an" not in markdown.render(nested.plan())
    nested.converge()
    nested.assign("user: grace@x.org, role: User")
    assert rows(nested.plan()) == [("ada@x.org", False, "an account", "")]


def test_a_service_that_takes_one_role_gives_no_other(nested: World) -> None:
    nested.write(
        "apps/wiki/mappings.yaml",
        ROLELESS.replace(
            "source: jobTitle}",
            "source: jobTitle}\n      - {target: userType, expression: 'SingleAppRoleAssignment([appRoleAssignments])'}",
        ),
    )
    nested.assign("group: Net, role: Admin", "group: Net, role: User")
    assert rows(nested.plan()) == [("ada@x.org", True, "Admin", "Net > Inner"), ("grace@x.org", True, "Admin", "Net")]


def test_a_role_that_is_declared_nowhere_is_lost_by_its_name_on_the_service(nested: World) -> None:
    nested.converge()
    nested.edit("ada@x.org", "roles", [{"value": "user", "display": "User"}, {"value": "Superuser"}])
    assert rows(nested.plan()) == [("ada@x.org", False, "Superuser", "")]


def test_an_account_that_is_nobody_s_loses_a_group_by_its_name_on_the_service(nested: World) -> None:
    nested.write("apps/wiki/mappings.yaml", MAPPINGS.replace("  groups:\n", "  groups:\n    assertive: true\n"))
    nested.converge()
    stranger = nested.seed("stranger@y.org")
    nested.client.patch("Groups", nested.group("Net")["id"], [{"op": "add", "path": "members", "value": [{"value": stranger}]}])
    assert rows(nested.plan()) == [("stranger@y.org", False, "Net", "")]


def test_a_group_inside_a_privileged_one_is_privileged(nested: World) -> None:
    nested.assign("group: Net, role: Admin", "group: Inner, role: User")
    assert ("Inner", True) in {(row.what, row.privileged) for row in nested.plan().access}


def test_what_is_inside_a_value_is_told_item_by_item() -> None:
    before, after = [{"value": "a", "x": 1}, {"value": "b"}], [{"value": "a", "x": 2}, {"value": "c"}]
    assert detail(before, after) == [("~", "a.x", 1, 2), ("-", "b", {"value": "b"}, None), ("+", "c", None, {"value": "c"})]
    assert detail("old", "new") == [] and detail(None, None) == []


def test_drift_is_shown_apart_from_declared_changes(nested: World) -> None:
    nested.converge()
    nested.edit("ada@x.org", "title", "Boss")
    nested.users(
        "userPrincipalName: ada@x.org, displayName: Ada, jobTitle: Engineer, manager: grace@x.org",
        "userPrincipalName: grace@x.org, displayName: Amazing Grace",
    )
    shown = text(nested.plan())
    assert shown.index("update User/grace@x.org") < shown.index("Drift:") < shown.index("update User/ada@x.org")


@pytest.mark.parametrize(("shown", "mapping", "gained"), [
    ([{"value": "admin", "display": "Admin"}], MAPPINGS, [("ada@x.org", True, "User", "")]),
    ([{"value": "admin", "display": "Admin"}], MAPPINGS.replace("'Assertive", "'"),
     [("ada@x.org", True, "Admin", ""), ("ada@x.org", True, "User", "")]),
    ([{"value": "user", "display": "User"}], MAPPINGS, [("ada@x.org", True, "User", "")]),
    ([], ROLELESS, [("ada@x.org", True, "an account", "")]),
])  # fmt: skip
def test_who_takes_over_the_account_of_another_name_gains_what_it_holds(
    world: World, shown: list[dict[str, str]], mapping: str, gained: list[tuple[str, bool, str, str]]
) -> None:
    adopt(world, mapping, "boss@x.org", shown)
    assert [change.adopts for change in world.plan().changes] == [True] and rows(world.plan()) == gained


@pytest.mark.parametrize("name", ["ADA@x.org", "old@x.org"])
def test_who_takes_over_an_account_of_an_own_name_has_had_it_before(world: World, name: str) -> None:
    adopt(world, MAPPINGS, name, [{"value": "user", "display": "User"}])
    assert [change.adopts for change in world.plan().changes] == [True] and rows(world.plan()) == []


def adopt(world: World, mapping: str, name: str, roles: list[dict[str, str]]) -> None:
    """Ada, matched by a second attribute with an account of some name."""
    second = "      - {target: externalId, source: id, matchingPrecedence: 2}\n      - {target: displayName"
    world.write("apps/wiki/mappings.yaml", mapping.replace("      - {target: displayName", second, 1))
    world.users("userPrincipalName: ada@x.org, id: '7', displayName: Ada, previously: [old@x.org]")
    world.groups()
    world.assign("user: ada@x.org, role: User")
    world.seed(name, externalId="7", displayName="Boss", roles=roles)


def row(world: World, name: str, what: str) -> Access:
    (found,) = [a for a in world.plan().access if a.address == f"User/{name}@x.org" and a.what == what]
    return found


def test_a_group_that_is_left_says_what_of_its_roles_remains(world: World) -> None:
    world.groups("displayName: Net, members: [ada@x.org]", "displayName: Engineering, members: [ada@x.org]")
    world.assign("group: Net, role: User", "group: Engineering, role: User", "user: grace@x.org, role: Admin")
    world.converge()
    world.groups("displayName: Net, members: []", "displayName: Engineering, members: [ada@x.org]")
    lost = row(world, "ada", "Net")
    assert (lost.gains, lost.keeps) == (False, "User through group Engineering")
    world.assign(
        "group: Net, role: User", "group: Engineering, role: User, expires: 2027-01-31", "user: grace@x.org, role: Admin"
    )
    assert row(world, "ada", "Net").keeps == "User through group Engineering until 2027-01-31", "no longer than that"
    world.assign("group: Net, role: User", "group: Engineering, role: User", "user: grace@x.org, role: Admin")
    assert "ada@x.org loses group Net" in text(world.plan()) and "(keeps User through group Engineering)" in text(world.plan())
    world.assign("group: Net, role: User", "user: grace@x.org, role: Admin")
    world.groups("displayName: Net, members: []", "displayName: Engineering, members: []")
    assert {found.keeps for found in world.plan().access} == {""}, "nothing remains"


def test_a_gain_by_a_group_that_gave_it_before_names_the_line_of_the_group(nested: World) -> None:
    nested.converge()
    nested.users(*(f"userPrincipalName: {name}@x.org" for name in ("ada", "grace", "joan")))
    nested.groups(
        "displayName: Inner, members: [ada@x.org, joan@x.org]", "displayName: Net, members: [{group: Inner}, grace@x.org]"
    )
    joined = row(nested, "joan", "User")
    assert (joined.through, joined.file.rpartition("/")[2], joined.line) == ("Net > Inner", "a.yaml", 2)
    assert "/groups/" in joined.file
    nested.assign("group: Net, role: User", "group: Net, role: Admin", "user: grace@x.org, role: Admin, expires: 2027-01-31")
    assert row(nested, "ada", "Admin").file.endswith("assignments.yaml"), "the group gives it from now on"


def test_the_reason_of_an_assignment_stands_beside_what_it_gives(world: World) -> None:
    world.assign("user: ada@x.org, role: Admin, reason: NET-1432", "user: grace@x.org, role: User")
    assert row(world, "ada", "Admin").reason == "NET-1432" and row(world, "grace", "User").reason == ""
    assert ", reason: NET-1432" in text(world.plan()) and "| `NET-1432` |" in markdown.render(world.plan())
    world.assign("group: Net, role: User, reason: NET-7")
    assert row(world, "ada", "Net").reason == "NET-7", "the group's assignment says why, also of a membership"


@pytest.mark.parametrize(
    ("rows_", "rule", "then"),
    [
        (["user: ada@x.org, role: Admin, expires: 2027-01-31"], "", "the account is disabled"),
        (["user: ada@x.org, role: Admin, expires: 2027-01-31", "user: ada@x.org, role: User"], "", "loses it"),
        (["user: ada@x.org, role: Admin, expires: 2027-01-31", "user: ada@x.org, role: User, expires: 2027-01-31"], "",
         "the account is disabled"),
        (["user: ada@x.org, role: Admin, expires: 2027-01-31"], "delete", "the account is deleted"),
        (["user: ada@x.org, role: Admin, expires: 2027-01-31"], "retain", "keeps it: outOfScope is retain"),
        (["group: Net, role: Admin, expires: 2027-01-31", "user: ada@x.org, role: User"], "empty", "loses it"),
    ],
)  # fmt: skip
def test_who_gains_something_until_a_day_is_told_with_what_happens_then(
    world: World, rows_: list[str], rule: str, then: str
) -> None:
    world.write("apps/wiki/app.yaml", APP + (f"deprovisioning: {{outOfScope: {rule}}}\n" if rule else ""))
    world.groups("displayName: Net, members: [ada@x.org]")
    world.assign(*rows_)
    plan = world.plan()
    (row,) = [row for row in plan.access if row.what == "Admin"]
    assert (row.until, row.then) == ("2027-01-31", then)
    assert f"until 2027-01-31, then {then}" in text(plan) and f"2027-01-31, then {then}" in markdown.render(plan)


@pytest.mark.parametrize(
    ("rule", "then"), [("disable", "stays in it, unless disabled: outOfScope is not empty"), ("empty", "leaves it")]
)
def test_members_of_a_group_whose_assignment_ends_are_told_too(world: World, rule: str, then: str) -> None:
    world.write("apps/wiki/app.yaml", APP + f"deprovisioning: {{outOfScope: {rule}}}\n")
    world.groups("displayName: Net, members: [ada@x.org]")
    world.assign("group: Net, role: User, expires: 2027-01-31")
    assert [(row.until, row.then) for row in world.plan().access if row.kind == "group"] == [("2027-01-31", then)]
    world.assign("group: Net, role: User, expires: 2027-01-31", "group: Net, role: Admin")
    assert [(row.until, row.then) for row in world.plan().access if row.kind == "group"] == [(None, "")]


def keeps(world: World, what: str) -> str:
    (found,) = [a for a in world.plan().access if a.address == "User/ada@x.org" and a.what == what and not a.gains]
    return found.keeps


def test_whoever_has_another_role_or_default_access_keeps_that(nested: World) -> None:
    nested.write("apps/wiki/app.yaml", APP + "provisioning: {defaultAccess: provision}\n")
    nested.assign("group: Net, role: User", "user: ada@x.org, role: Admin", "user: ada@x.org, role: Default Access")
    nested.groups("displayName: Net, members: [ada@x.org]")
    nested.converge()
    line = f"{nested.folder}/desired/apps/wiki/assignments.yaml"
    nested.groups("displayName: Net, members: []")
    assert keeps(nested, "Net") == f"Admin by {line}:3, Default Access by {line}:4"
    nested.assign("user: ada@x.org, role: Default Access")
    assert keeps(nested, "Admin") == f"Default Access by {line}:2"


def test_what_is_gained_by_the_same_plan_is_not_kept(nested: World) -> None:
    nested.converge()
    nested.assign("group: Net, role: Admin")
    assert keeps(nested, "User") == ""


def test_what_a_group_gives_that_goes_by_the_same_plan_is_not_kept_through_it(nested: World) -> None:
    nested.assign("group: Net, role: User", "group: Inner, role: Admin", "group: Inner, role: User")
    nested.converge()
    nested.groups("displayName: Inner, members: [ada@x.org]", "displayName: Net, members: [grace@x.org]")
    assert keeps(nested, "Net") == "User through group Inner"
    filters = "    scopingFilters: [{name: f, clauses: [{attribute: displayName, operator: EQUALS, value: Net}]}]\n"
    nested.write("apps/wiki/mappings.yaml", MAPPINGS.replace("  groups:\n", "  groups:\n" + filters))
    assert [c.action for c in nested.plan().changes if c.address == "Group/Inner"] == ["delete"]
    line = f"{nested.folder}/desired/apps/wiki/assignments.yaml:4"
    assert keeps(nested, "Net") == f"User by {line}", "the account itself carries the role"


def test_an_account_that_was_disabled_before_loses_nothing_when_it_is_deleted(nested: World) -> None:
    nested.write("apps/wiki/app.yaml", APP + "deprovisioning: {deleteAfter: 10d}\n")
    nested.converge()
    nested.assign("group: Inner, role: User")
    nested.apply()
    nested.today = "2026-06-20"
    plan = nested.plan()
    assert [(c.address, c.action) for c in plan.changes] == [("User/grace@x.org", "delete")] and plan.access == ()
