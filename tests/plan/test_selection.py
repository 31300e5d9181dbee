"""A part of a plan: nothing else is touched, and the record stays true of what was left out."""

from __future__ import annotations

import pytest

from reconciler.report.markdown import render as as_markdown
from reconciler.report.text import render
from reconciler.scim.patch import member_operations
from tests.stories.test_story import ADA, GRACE
from tests.support.warned import texts
from tests.support.world import MAPPINGS, World

ONE = "User/ada@x.org"
MEMBERS = "displayName: Net, members: [ada@x.org, grace@x.org]"


@pytest.fixture
def with_group(world: World) -> World:
    """Net is there, and Grace is in it; Ada is declared since."""
    world.users(GRACE)
    world.groups("displayName: Net, members: [grace@x.org]")
    world.converge()
    world.users(ADA, GRACE)
    world.groups(MEMBERS)
    return world


def members(world: World) -> set[str]:
    found = [user for name in ("ada@x.org", "grace@x.org") for user in world.client.find("Users", "userName", name)]
    names = {user["id"]: user["userName"] for user in found}
    return {names[member["value"]] for member in world.group("Net").get("members", ())}


def entries(world: World) -> dict[str, object]:
    record = world.store.load()
    return dict(record.entries) if record is not None else {}


def test_a_new_user_comes_with_his_own_membership_and_a_second_plan_shows_the_rest(with_group: World) -> None:
    world = with_group
    world.users(ADA, GRACE + ", jobTitle: Admiral", "userPrincipalName: new@x.org")
    world.groups("displayName: Net, members: [ada@x.org, grace@x.org, new@x.org], description: x")
    plan = world.plan(ONE)
    assert [(c.address, c.action, c.add) for c in plan.changes] == [
        ("Group/Net", "update", (ONE,)),
        (ONE, "create", ()),
    ]
    before = entries(world)["User/grace@x.org"]
    assert world.apply(only=(ONE,)).complete
    assert members(world) == {"ada@x.org", "grace@x.org"}
    assert entries(world)["User/grace@x.org"] == before and "User/new@x.org" not in entries(world)
    rest = world.plan()
    assert [(c.address, c.action, c.add) for c in rest.changes] == [
        ("Group/Net", "update", ("User/new@x.org",)),
        ("User/grace@x.org", "update", ()),
        ("User/new@x.org", "create", ()),
    ]
    assert rest.changes[0].causes == ("config",)
    world.converge()


def test_a_user_who_leaves_takes_his_own_membership_out_and_no_others(world: World) -> None:
    world.converge()
    world.groups("displayName: Net, members: []")
    plan = world.plan(ONE)
    assert [(c.address, c.action, c.remove) for c in plan.changes] == [("Group/Net", "update", (ONE,)), (ONE, "disable", ())]
    assert world.apply(only=(ONE,)).complete
    assert members(world) == {"grace@x.org"} and world.find("ada@x.org")["active"] is False
    (group,) = [c for c in world.plan().changes if c.address == "Group/Net"]
    assert group.remove == ("User/grace@x.org",) and group.causes == ("config",)
    world.converge()


def test_a_manager_who_was_left_out_is_still_missing_afterwards(world: World) -> None:
    assert world.apply(only=(ONE,)).complete
    (change,) = [change for change in world.plan().changes if change.address == ONE]
    assert (change.reason, change.causes) == ("the reference to User/grace@x.org is not there yet", ("config",))
    world.converge()


def test_a_group_that_is_yet_to_be_created_stays_so_and_that_is_said(world: World) -> None:
    plan = world.plan(ONE)
    assert [c.address for c in plan.changes] == [ONE]
    assert f"{ONE}: membership of Group/Net is left out, since the group is yet to be created" in texts(plan.warnings)
    assert world.apply(only=(ONE,)).complete
    assert world.client.find("Groups", "displayName", "Net") == []
    world.converge()


def test_a_group_that_is_yet_to_be_renamed_keeps_its_members(with_group: World) -> None:
    world = with_group
    world.groups("displayName: Networks, previously: [Net], members: [ada@x.org, grace@x.org]")
    world.assign("group: Networks, role: User")
    plan = world.plan(ONE)
    assert [c.address for c in plan.changes] == [ONE]
    assert any("yet to be renamed" in warning for warning in texts(plan.warnings))
    assert world.apply(only=(ONE,)).complete
    assert "Group/Net" in entries(world) and "Group/Networks" not in entries(world)
    world.converge()


def test_a_manager_without_an_account_is_left_out_and_set_by_the_next_plan(world: World) -> None:
    plan = world.plan(ONE)
    assert not any(a.reference for a in plan.changes[0].attributes)
    assert any("manager is left out, since User/grace@x.org is yet to be created" in warning for warning in texts(plan.warnings))
    assert world.apply(only=(ONE,)).complete
    world.converge()
    manager = world.find("ada@x.org")["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]["manager"]
    assert manager["value"] == world.find("grace@x.org")["id"]


def test_a_manager_in_the_same_part_is_linked_in_it(world: World) -> None:
    assert world.apply(only=(ONE, "User/grace@x.org")).complete
    manager = world.find("ada@x.org")["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]["manager"]
    assert manager["value"] == world.find("grace@x.org")["id"]


def test_a_group_alone_gets_the_members_who_are_there(world: World) -> None:
    world.groups("displayName: Net, members: [ada@x.org, grace@x.org]", "displayName: Other, members: [ada@x.org]")
    assert world.apply(only=(ONE,)).complete
    plan = world.plan("Group/Net")
    assert [(c.address, c.action, c.add) for c in plan.changes] == [("Group/Net", "create", (ONE,))]
    assert any("User/grace@x.org is left out" in warning for warning in texts(plan.warnings))
    assert world.apply(only=("Group/Net",)).complete
    assert members(world) == {"ada@x.org"}
    (group,) = [c for c in world.plan().changes if c.address == "Group/Net"]
    assert (group.add, group.causes) == (("User/grace@x.org",), ("config",))
    world.converge()


def test_a_rename_of_a_part_goes_into_the_record_of_his_groups(world: World) -> None:
    world.converge()
    world.users(ADA.replace("ada@x.org", "ada.l@x.org") + ", previously: [ada@x.org]", GRACE)
    world.groups("displayName: Net, members: [ada.l@x.org, grace@x.org]")
    assert world.apply(only=("User/ada.l@x.org",)).complete
    assert entries(world)["Group/Net"]["members"] == ["User/ada.l@x.org", "User/grace@x.org"]  # type: ignore[index]
    assert world.plan().changes == ()


def test_drift_that_is_left_alone_stays_drift(world: World) -> None:
    world.converge()
    for chunk in member_operations([], [world.find("ada@x.org")["id"]], 100):
        world.client.patch("Groups", world.group("Net")["id"], chunk)
    assert members(world) == {"grace@x.org"}
    world.users(ADA, GRACE + ", jobTitle: Admiral")
    assert world.apply(only=("User/grace@x.org",)).complete
    (change,) = world.plan().changes
    assert (change.address, change.add, change.causes) == ("Group/Net", (ONE,), ("drift",))
    (part,) = world.plan(ONE).changes
    assert (part.add, part.causes) == ((ONE,), ("drift",))


def test_the_digest_of_a_part_says_what_was_selected(with_group: World) -> None:
    part, whole = with_group.plan(ONE), with_group.plan()
    assert part.changes == with_group.plan(ONE, "User/grace@x.org").changes
    assert len({part.digest, whole.digest, with_group.plan(ONE, "User/grace@x.org").digest}) == 3


def test_a_part_says_that_it_is_one_and_speaks_of_nobody_else(world: World) -> None:
    world.users(ADA, GRACE, "userPrincipalName: out@x.org")
    plan = world.plan(ONE)
    for text in (render(plan, lambda text, code: text), as_markdown(plan)):
        assert "This is a part of the plan" in text and "out@x.org" not in text
    world.converge()
    assert "No changes in this part." in render(world.plan(ONE), lambda text, code: text)
    assert [skip.address for skip in world.plan("User/out@x.org").skipped] == ["User/out@x.org"]


def test_an_error_of_somebody_else_is_no_error_of_a_part(world: World) -> None:
    world.write("apps/wiki/mappings.yaml", MAPPINGS.replace("source: jobTitle", "expression: 'CDate([jobTitle])'"))
    assert world.plan(ONE).errors and not world.plan("User/grace@x.org").errors


def test_a_reviewed_part_is_todo_then_done_and_the_rest_is_beyond_it(with_group: World) -> None:
    world = with_group
    world.users(ADA, GRACE, "userPrincipalName: new@x.org")
    world.groups("displayName: Net, members: [ada@x.org, grace@x.org, new@x.org]")
    reviewed = world.plan(ONE)

    def look() -> tuple[list[str], list[str], list[str], list[str]]:
        found = world.compare(reviewed)
        return [c.address for c in found.todo], found.done, found.moved, [c.address for c in found.beyond]

    assert look() == (["Group/Net", ONE], [], [], ["Group/Net", "User/new@x.org"])
    assert world.apply(only=(ONE,)).complete
    assert look() == ([], ["Group/Net", ONE], [], ["Group/Net", "User/new@x.org"])
    world.converge()
    world.groups("displayName: Net, members: [grace@x.org, new@x.org]")
    assert look()[2] != []


def test_a_member_who_is_left_out_is_not_recorded_as_one(with_group: World) -> None:
    world = with_group
    assert world.plan("Group/Net").changes == ()
    assert world.apply(only=("Group/Net",)).complete
    assert entries(world)["Group/Net"]["members"] == ["User/grace@x.org"]  # type: ignore[index]
    assert world.plan().changes[0].causes == ("config",)


def test_a_part_of_a_groups_change_has_its_own_causes(world: World) -> None:
    world.converge()
    world.users(ADA, GRACE, "userPrincipalName: new@x.org")
    world.groups("displayName: Net, members: [ada@x.org, grace@x.org, new@x.org]")
    for chunk in member_operations([], [world.find("grace@x.org")["id"]], 100):
        world.client.patch("Groups", world.group("Net")["id"], chunk)
    assert world.plan().changes[0].causes == ("config", "drift")
    assert world.plan("User/grace@x.org").changes[0].causes == ("drift",)
    assert world.plan("User/new@x.org").changes[0].causes == ("config",)
