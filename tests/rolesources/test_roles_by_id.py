"""Roles over an API beside SCIM travel by their ids: names that read alike, or that are not shown, give and take nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.adopt.roles_beside import Beside
from reconciler.cycle.reviewed import about
from reconciler.cycle.role_reading import Anew, Asked, RoleNames, by_account
from reconciler.declare.model import Role
from reconciler.plan.live import LiveObject
from reconciler.plan.role_table import Given, RoleTable, grants_of
from reconciler.report.change_text import attribute_lines
from reconciler.rolesources.model import EVERYWHERE, Catalog, Edit, Grant, Named, Person
from tests.support.role_api import DECLARED, MAPPINGS, PLACES, MemoryRoles, source
from tests.support.role_api import ROLES as ROLES_THERE
from tests.support.warned import texts
from tests.support.world import World

HIDDEN = ("1002", "12")  # Account Admin in an account group that the token's owner is not shown
THERE = Catalog(ROLES_THERE, PLACES)
REGULAR = ("*", "13")
ADA, BOB = "userPrincipalName: ada@x.org, displayName: Ada", "userPrincipalName: bob@x.org, displayName: Bob"


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path, "thousandeyes", rate={"perMinute": 100000, "burst": 1000})
    world.write("apps/wiki/mappings.yaml", MAPPINGS)
    world.write("apps/wiki/roles.yaml", DECLARED)
    world.users(ADA, BOB)
    world.groups("[]")
    world.assign("user: ada@x.org, role: User", "user: bob@x.org, role: User")
    world.role_source = MemoryRoles(lambda: world.everything().values())
    return world


def held(world: World, name: str = "ada@x.org") -> set[tuple[str, str]]:
    return set(source(world).held[name])


def edited(world: World, *grants: tuple[str, str], name: str = "ada@x.org") -> None:
    source(world).give(name, *grants)
    source(world).log.append(Edit(name, "2099-01-01T00:00:00Z", "Boss (boss@x.org)"))


# Who leaves loses all of it


@pytest.mark.parametrize("places", [PLACES, (*PLACES, Named("3", "all account groups"))], ids=["hidden", "called all"])
def test_who_leaves_loses_what_has_no_name_of_its_own_too(world: World, places: tuple[Named, ...]) -> None:
    world.converge()
    source(world).catalog_now = Catalog(ROLES_THERE, places)
    edited(world, REGULAR, HIDDEN, ("3", "12"), ("*", "12"), ("1", "77"))
    world.users(BOB)
    world.assign("user: bob@x.org, role: User")
    world.converge()
    assert held(world) == set()


def test_who_leaves_loses_what_was_given_after_the_plan_was_made(world: World) -> None:
    world.converge()
    world.users(BOB)
    world.assign("user: bob@x.org, role: User")
    given: list[str] = []

    def meanwhile() -> bool:
        if not given:
            given.append("once")
            source(world).give("ada@x.org", REGULAR, ("2", "11"))
        return False

    assert world.apply(meanwhile).complete
    assert held(world) == set()


def test_what_the_service_keeps_of_who_leaves_is_said(world: World) -> None:
    world.converge()
    edited(world, REGULAR, HIDDEN)
    source(world).after = lambda name: source(world).give(name, HIDDEN)
    world.users(BOB)
    world.assign("user: bob@x.org, role: User")
    (outcome,) = world.apply().outcomes
    assert (outcome.status, outcome.message) == (
        "outstanding",
        "the service answered, and the role Account Admin in account group 1002 stayed",
    )


def test_what_is_kept_of_a_role_in_part_is_said(world: World) -> None:
    world.assign("user: ada@x.org, role: Organization Admin", "user: ada@x.org, role: User", "user: bob@x.org, role: User")
    world.converge()
    world.assign("user: ada@x.org, role: User", "user: bob@x.org, role: User")
    source(world).after = lambda name: source(world).give(name, REGULAR, ("2", "11"))
    (outcome,) = world.apply().outcomes
    assert (outcome.status, outcome.message) == (
        "outstanding",
        "the service answered, and the role Organization Admin in Staging stayed",
    )


def test_where_nothing_can_be_taken_the_roles_that_are_left_are_named(world: World) -> None:
    world.converge()
    edited(world, REGULAR, HIDDEN)
    source(world).broken = {"change"}
    world.users(BOB)
    world.assign("user: bob@x.org, role: User")
    (outcome,) = world.apply().outcomes
    assert outcome.status == "outstanding"
    assert outcome.message.startswith("the roles could not be taken, Account Admin in account group 1002, user: ")


def test_what_has_no_name_of_its_own_stays_with_who_stays(world: World) -> None:
    world.converge()
    edited(world, REGULAR, HIDDEN, ("3", "12"))
    for _ in range(2):
        plan = world.plan()
        assert plan.changes == ()
        assert [w.partition(",")[0] for w in texts(plan.warnings) if "stays on 1 account" in w] == [
            "Account Admin in account group 1002 stays on 1 account",
            "Account Admin in account group 3 stays on 1 account",
        ]
        world.apply()
    assert held(world) == {REGULAR, HIDDEN, ("3", "12")}


# Names that read alike


def test_a_role_whose_value_reads_like_another_role_gives_its_own_ids_alone(world: World) -> None:
    text = "Organization Admin in all account groups"
    like = f"  - {{value: {text}, displayName: {text}, thousandeyes: {{role: NOC Viewer, accountGroups: [Staging]}}}}\n"
    world.write("apps/wiki/roles.yaml", DECLARED + like)
    world.assign(f"user: ada@x.org, role: {text}", "user: ada@x.org, role: User", "user: bob@x.org, role: User")
    world.converge()
    assert held(world) == {REGULAR, ("2", "90")}
    edited(world, REGULAR, ("2", "90"), ("*", "11"))
    assert world.plan().changes == ()
    world.assign("user: ada@x.org, role: User", "user: bob@x.org, role: User")
    world.converge()
    assert held(world) == {REGULAR, ("*", "11")}


def table(*declared: str, catalog: Catalog = THERE) -> RoleTable:
    given = {
        text: Given({"value": text, "display": text, "grants": ["1/90"]}, frozenset({Grant("1", "90")})) for text in declared
    }
    return RoleTable(given, catalog, frozenset(text.lower() for text in declared))


def test_no_two_roles_bear_one_value() -> None:
    catalog = Catalog(
        (Named("1", "A"), Named("2", "A in B")), (Named("8", "B"), Named("9", "B in B"), Named("7", "all account groups"))
    )
    there = table("Organization Admin in all account groups", catalog=catalog)
    grants = [Grant(place, role) for place in ("7", "8", "9", EVERYWHERE, "6") for role in ("1", "2", "3")]
    items = there.items(frozenset(grants)) or []
    assert len({item["value"].lower() for item in items}) == len(grants)
    assert grants_of(items) == frozenset(grants)


def test_the_name_of_a_declared_role_is_no_other_role_s() -> None:
    there = table("Organization Admin in all account groups")
    (item,) = there.items(frozenset({Grant(EVERYWHERE, "11")})) or []
    assert item["value"] == "Organization Admin in all account groups [*/11]"
    assert there.named([item["value"].lower()]) == {Grant(EVERYWHERE, "11")}
    assert there.named(["organization admin in all account groups"]) == set()


def test_people_read_names_and_the_saved_plan_holds_ids(world: World) -> None:
    world.converge()
    world.assign("user: ada@x.org, role: Organization Admin", "user: ada@x.org, role: User", "user: bob@x.org, role: User")
    (change,) = world.plan().changes
    (attribute,) = change.attributes
    assert [item["grants"] for item in attribute.after] == [["1/11", "2/11"], ["*/13"]]
    assert "grants" not in "\n".join(attribute_lines(attribute, change.action))


def test_import_gives_no_value_that_reads_like_another_role() -> None:
    catalog = Catalog((*ROLES_THERE, Named("91", "Organization Admin in all account groups")), PLACES)
    there = Beside(RoleTable(catalog=catalog), {"a1": frozenset({Grant("2", "91")})})
    (role,) = there.roles_of("a1", {})
    assert isinstance(role, Role)
    assert (role.value, role.grant and role.grant.role) == (
        "Organization Admin in all account groups (Staging)",
        "Organization Admin in all account groups",
    )


# Whose roles are read anew


def test_whom_a_selection_or_a_saved_plan_names_is_read_anew(world: World) -> None:
    names = [f"u{number}@x.org" for number in range(10)]
    world.users(*(f"userPrincipalName: {name}, displayName: {name}" for name in names))
    world.assign(*(f"user: {name}, role: User" for name in names))
    world.converge()
    last = world.everything()[max(id for id, item in world.everything().items() if "userName" in item)]["userName"]
    source(world).give(last)  # of which no log tells
    assert world.plan().changes == ()
    reviewed = world.session(asked=Asked(Anew(everybody=True))).planned.plan
    assert about([reviewed]) == (f"User/{last}",)
    fresh = world.session(asked=Asked(Anew(addresses=about([reviewed])))).planned.plan
    assert [change.digest for change in fresh.changes] == [change.digest for change in reviewed.changes]
    assert world.session(asked=Asked(Anew(addresses=(f"user/{last.upper()}",)))).planned.plan.changes == fresh.changes


# Names that mean another id by now


def renamed(world: World, *roles: Named) -> None:
    source(world).catalog_now = Catalog(roles, PLACES)


def test_a_name_that_another_role_has_taken_is_an_error_at_its_line(world: World) -> None:
    world.converge()
    others = [role for role in ROLES_THERE if role.id != "13"]
    renamed(world, *others, Named("13", "Old"), Named("99", "Regular User"))
    with pytest.raises(RoleNames, match=r":8:\d+: another role bears the name by now.* called 'Old' \(13\)") as caught:
        world.plan()
    assert caught.value.remedy.startswith("did you mean 'Old'?")
    renamed(world, *others, Named("99", "Regular User"))  # deleted, and made again
    assert world.plan().changes[0].causes == ("config",)


def test_a_saved_plan_of_a_role_that_is_another_by_now_is_stale(world: World) -> None:
    world.converge()
    world.assign("user: ada@x.org, role: Organization Admin", "user: ada@x.org, role: User", "user: bob@x.org, role: User")
    reviewed = world.plan()
    renamed(world, *(role for role in ROLES_THERE if role.id != "11"), Named("99", "Organization Admin"))
    found = world.compare(reviewed)
    assert ([item.address for item in found.moved], found.todo) == (["User/ada@x.org"], [])


# Accounts, and roles that are nothing there


def test_an_equal_id_of_another_person_is_nobodys_account() -> None:
    users = {"a1": LiveObject("a1", "ada@x.org", (None,), None, True), "b2": LiveObject("b2", "bob@x.org", (None,), None, True)}
    found = by_account(users, [Person("a1", "stranger@x.org"), Person("z", "BOB@x.org")])
    assert {id: person.email for id, person in found.items()} == {"b2": "BOB@x.org"}


def test_a_role_that_is_nothing_there_any_more_is_taken_and_said(world: World) -> None:
    noc = "  - {value: noc, displayName: NOC, thousandeyes: {role: NOC Viewer, accountGroups: [Staging]}}\n"
    world.write("apps/wiki/roles.yaml", DECLARED + noc)
    world.assign("user: ada@x.org, role: NOC", "user: ada@x.org, role: User", "user: bob@x.org, role: User")
    world.converge()
    world.write("apps/wiki/roles.yaml", DECLARED + "  - {value: noc, displayName: NOC}\n")
    assert "NOC is assigned, and gives nothing on the service: it has no `thousandeyes`" in "\n".join(
        texts(world.plan().warnings)
    )
    world.converge()
    assert held(world) == {REGULAR}


def test_what_stays_in_one_place_is_not_lost_where_more_is_gained(world: World) -> None:
    noc = "  - {value: noc, displayName: NOC, thousandeyes: {role: NOC Viewer, accountGroups: [Production]}}\n"
    world.write("apps/wiki/roles.yaml", DECLARED + noc)
    world.assign("user: ada@x.org, role: NOC", "user: bob@x.org, role: User")
    world.converge()
    world.write("apps/wiki/roles.yaml", DECLARED + noc.replace("[Production]", "[Production, Staging]"))
    plan = world.plan()
    (change,) = plan.changes
    assert [(row.gains, row.what) for row in plan.access] == [(True, "NOC")]
    lines = attribute_lines(change.attributes[0], change.action)
    assert [line.split(":")[0].strip() for line in lines] == ["roles", "+ noc"]
    world.converge()
    assert held(world) == {REGULAR, ("1", "90"), ("2", "90")}
