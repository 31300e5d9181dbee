"""Whether a role or group was privileged at a time: by the declarations of then, or else by what the log told around it."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.declare.load import load
from reconciler.plan.access.marks import NOTHING, Marks, marks_of
from tests.plan.test_past import past_of
from tests.support.world import ROLES, World

DAYS = [f"2026-06-0{day}T12:00:00Z" for day in (1, 2, 3)]


@pytest.fixture
def town(tmp_path: Path) -> World:
    """ada in a group that gives nothing privileged on 1 June."""
    world = World(tmp_path)
    world.users("userPrincipalName: ada@x.org")
    world.groups("displayName: Net, members: [ada@x.org]")
    applied(world, 1, "group: Net, role: User")
    return world


def applied(world: World, day: int, *assigned: str) -> None:
    world.assign(*assigned)
    world.now = f"2026-06-0{day}T08:00:00Z"
    world.converge()


def told(world: World, at: str, then: Marks = NOTHING) -> dict[str, bool | None]:
    declarations, past = load(world.folder / "desired").declarations, past_of(world)
    past.marks = marks_of(declarations.apps["wiki"], declarations, "2026-06-09")
    return {row.what: row.privileged for row in past.at(at, then)}


def test_a_group_that_came_to_be_privileged_is_not_left_out_before(town: World) -> None:
    applied(town, 2, "group: Net, role: User", "group: Net, role: Admin")
    assert [told(town, at) for at in DAYS[:2]] == [
        {"Net": None, "User": False},
        {"Net": True, "User": False, "Admin": True},
    ]


def test_what_was_never_privileged_is_known_not_to_be(town: World) -> None:
    assert told(town, DAYS[0]) == {"Net": False, "User": False}


def test_the_declarations_of_then_say_it(town: World) -> None:
    applied(town, 2, "group: Net, role: User", "group: Net, role: Admin")
    assert told(town, DAYS[0], Marks({"user": False}, {"net": False}))["Net"] is False
    assert told(town, DAYS[0], Marks({"user": True}, {}))["User"] is True


def test_a_role_that_was_declared_privileged_later_was_not_before(town: World) -> None:
    town.write("apps/wiki/roles.yaml", ROLES.replace("displayName: User", "displayName: User, privileged: true"))
    town.write("directory/users/a.yaml", "users:\n- {userPrincipalName: ada@x.org, jobTitle: Engineer}\n")
    applied(town, 2, "group: Net, role: User")
    assert [told(town, at)["User"] for at in DAYS[:2]] == [False, True]


def test_a_privileged_role_keeps_its_mark_under_another_name(town: World) -> None:
    applied(town, 1, "group: Net, role: Admin")
    town.write("apps/wiki/roles.yaml", ROLES.replace("displayName: Admin", "displayName: Boss"))
    applied(town, 2, "group: Net, role: Boss")
    assert (told(town, DAYS[0])["Admin"], told(town, DAYS[1])["Boss"]) == (True, True)


def test_a_group_inside_one_that_is_given_a_privileged_role_is_privileged(town: World) -> None:
    town.groups("displayName: Net, members: [ada@x.org]", "displayName: All, members: [{group: Net}]")
    town.assign("group: All, role: Admin", "group: Net, role: User, expires: 2026-05-01")
    declarations = load(town.folder / "desired").declarations
    assert marks_of(declarations.apps["wiki"], declarations, "2026-06-01").groups == {"net": True, "all": True}
