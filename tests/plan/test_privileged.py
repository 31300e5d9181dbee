"""A role that is privileged no more, in the change that says so: who holds it is named, and safeguards go by what was."""

from __future__ import annotations

import pytest

from reconciler.plan.roles import privileged_groups
from tests.support.world import ROLES, World

EVERYDAY = ROLES.replace(", privileged: true", "")


def told(world: World) -> list[str]:
    return [item.text for item in world.plan().cautions if item.code == "PrivilegeEnds"]


def test_a_role_that_is_privileged_no_more_is_told_with_its_holders_until_it_is_applied(world: World) -> None:
    world.converge()
    assert told(world) == []
    world.write("apps/wiki/roles.yaml", EVERYDAY)
    (caution,) = [item for item in world.plan().cautions if item.code == "PrivilegeEnds"]
    assert caution.text == (
        "the role Admin was privileged when last applied, and no longer is: from the next apply on nobody who gains it is "
        "marked; 1 account holds it: User/grace@x.org"
    )
    assert caution.file.endswith("roles.yaml") and caution.line == 1
    world.apply()
    assert told(world) == []


def test_who_gains_it_in_the_same_change_is_marked(world: World) -> None:
    world.converge()
    world.write("apps/wiki/roles.yaml", EVERYDAY)
    world.assign("group: Net, role: User", "user: grace@x.org, role: Admin", "user: ada@x.org, role: Admin")
    assert [(row.what, row.privileged) for row in world.plan().access] == [("Admin", True)]


def test_a_group_that_gave_it_counts_as_privileged(world: World) -> None:
    world.assign("group: Net, role: Admin")
    world.converge()
    world.write("apps/wiki/roles.yaml", EVERYDAY)
    assert privileged_groups(world.session().planned.context) == {"group/net"}
    world.apply()
    assert privileged_groups(world.session().planned.context) == set()


@pytest.mark.parametrize("only", [(), ("User/ada@x.org",)])
def test_an_apply_of_a_part_ends_nothing(world: World, only: tuple[str, ...]) -> None:
    world.converge()
    world.write("apps/wiki/roles.yaml", EVERYDAY)
    world.apply(only=only)
    assert bool(told(world)) == bool(only)


def test_a_role_that_is_declared_no_more_is_told_as_that(world: World) -> None:
    world.converge()
    world.assign("group: Net, role: User")
    world.write("apps/wiki/roles.yaml", "roles: [{value: user, displayName: User}]\n")
    (text,) = told(world)
    assert (
        text == "the role admin was privileged when last applied, and is no longer declared; 1 account holds it: User/grace@x.org"
    )
    assert [(row.what, row.privileged, row.gains) for row in world.plan().access] == [("admin", True, False)]
