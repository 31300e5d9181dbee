"""Who is in a live group: members that a service leaves out, and groups inside a group."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.declare.profiles import settings
from reconciler.plan.live import LiveObject, with_members
from reconciler.scim.patch import member_operations
from reconciler.scim.profile import make_profile
from tests.support.warned import texts
from tests.support.world import MAPPINGS, Hiding, World

ASSERTIVE = MAPPINGS.replace("  groups:\n", "  groups:\n    assertive: true\n")
TWO = ("displayName: Net, members: [ada@x.org]", "displayName: Interns, members: [grace@x.org]")


def by_hand(world: World, name: str, add: list[str], remove: list[str]) -> None:
    for chunk in member_operations(add, remove, 100):
        world.client.patch("Groups", world.group(name)["id"], chunk)


@pytest.fixture
def two(world: World) -> World:
    world.groups(*TWO)
    world.assign("group: Net, role: User", "group: Interns, role: User")
    world.converge()
    return world


def found(world: World) -> list[tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]]:
    return [(change.address, change.causes, change.add, change.remove) for change in world.plan().changes]


@pytest.mark.parametrize("readable", [True, False, "seen"])
def test_members_who_leave_are_out_on_the_service_whether_it_shows_them_or_not(tmp_path: Path, readable: bool | str) -> None:
    world = World(tmp_path, groups={"membersReadable": readable})
    world.users(*(f"userPrincipalName: {name}" for name in ("ada@x.org", "grace@x.org")))
    world.assign("group: Net, role: User", "user: ada@x.org, role: Admin", "user: grace@x.org, role: Admin")
    for members in ("ada@x.org, grace@x.org", "grace@x.org", "ada@x.org", ""):
        world.groups(f"displayName: Net, members: [{members}]")
        world.converge()
        stored = world.everything()
        (group,) = [item for item in stored.values() if item.get("displayName") == "Net"]
        assert {stored[member["value"]]["userName"] for member in group.get("members", ())} == set(members.split(", ")) - {""}


# Left out


def test_the_only_member_removed_by_hand_is_drift_although_the_service_then_leaves_members_out(two: World) -> None:
    by_hand(two, "Net", [], [two.find("ada@x.org")["id"]])
    assert "members" not in two.group("Net")
    assert found(two) == [("Group/Net", ("drift",), ("User/ada@x.org",), ())]
    two.converge()
    assert [m["value"] for m in two.group("Net")["members"]] == [two.find("ada@x.org")["id"]]


def test_the_only_member_of_the_only_group_is_missed_too_since_the_service_has_shown_members_before(world: World) -> None:
    world.groups("displayName: Net, members: [ada@x.org]")
    world.assign("group: Net, role: User")
    world.converge()
    by_hand(world, "Net", [], [world.find("ada@x.org")["id"]])
    assert found(world) == [("Group/Net", ("drift",), ("User/ada@x.org",), ())]
    world.converge()


@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize("since", ["ever", "today"])
def test_where_no_group_shows_anybody_the_record_speaks_and_the_plan_says_so(world: World, since: str, listed: bool) -> None:
    world.groups("displayName: Net, members: [ada@x.org]")
    world.assign("group: Net, role: User")
    if since == "today":
        world.converge()
        world.groups("displayName: Net, members: [ada@x.org, grace@x.org]")
    world.transport.inner = Hiding(world.transport.inner, listed)
    world.converge()
    by_hand(world, "Net", [], [world.find("ada@x.org")["id"]])
    plan = world.plan()
    assert plan.changes == () and any("Group/Net" in text and "membersReadable" in text for text in texts(plan.warnings))
    world.client.profile = make_profile("generic", settings("generic", {"groups": {"membersReadable": True}}))
    ((group, causes, add, _),) = found(world)
    assert (group, causes) == ("Group/Net", ("drift",)) and "User/ada@x.org" in add


@pytest.mark.parametrize(
    ("readable", "shown"),
    [(True, [("a",), (), ()]), ("seen", [("a",), (), None]), (False, [None, None, None])],
)  # fmt: skip
def test_members_left_out_are_none_where_the_service_shows_them(
    readable: bool | str, shown: list[tuple[str, ...] | None]
) -> None:
    groups = [LiveObject(str(n), "", (), None, True, members) for n, members in enumerate([("a",), (), None])]
    full = [group for group in groups if group.members != ()]
    assert [group.members for group in with_members(full, readable, shown=False)] == [shown[0], () if readable else None]
    assert [group.members for group in with_members(groups, readable, shown=False)] == shown
    nobody = [LiveObject("1", "", (), None, True, None)]
    assert [group.members for group in with_members(nobody, readable, shown=False)] == [() if readable is True else None]
    assert [group.members for group in with_members(nobody, readable, shown=True)] == [() if readable else None]


# Groups inside


def test_a_group_inside_that_nobody_declared_is_kept_and_named(two: World) -> None:
    stranger = two.client.create("Groups", {"displayName": "Other"})["id"]
    by_hand(two, "Net", [stranger, two.group("Interns")["id"]], [])
    plan = two.plan()
    assert plan.changes == ()
    assert any("Group/Net" in text and "Interns, Other" in text and "assertive" in text for text in texts(plan.warnings))


def test_an_assertive_mapping_removes_it(two: World) -> None:
    stranger, interns = two.client.create("Groups", {"displayName": "Other"})["id"], two.group("Interns")["id"]
    by_hand(two, "Net", [stranger, interns], [])
    two.write("apps/wiki/mappings.yaml", ASSERTIVE)
    assert found(two) == [("Group/Net", ("drift",), (), (f"#Group/{stranger}", "Group/Interns"))]
    assert [row.address for row in two.plan().access] == ["Group/Interns", "Group/Other"]
    two.converge()
    assert [m["value"] for m in two.group("Net")["members"]] == [two.find("ada@x.org")["id"]]


def test_a_group_inside_that_is_declared_there_stays_in_any_case(two: World) -> None:
    by_hand(two, "Net", [two.group("Interns")["id"]], [])
    two.groups("displayName: Net, members: [ada@x.org, {group: INTERNS}]", TWO[1])
    two.write("apps/wiki/mappings.yaml", ASSERTIVE)
    assert found(two) == [("Group/Net", ("config",), ("User/grace@x.org",), ())]
    assert not any("Interns" in text for text in texts(two.plan().warnings))
    two.converge()


def test_an_existing_group_is_adopted_with_the_groups_in_it(world: World) -> None:
    inner = world.client.create("Groups", {"displayName": "Interns"})["id"]
    world.client.create("Groups", {"displayName": "Net", "members": [{"value": inner}]})
    world.groups(*TWO)
    world.assign("group: Net, role: User", "group: Interns, role: User")
    assert [change.remove for change in world.plan().changes if change.remove] == []
    world.converge()
    assert inner in {m["value"] for m in world.group("Net")["members"]}
