"""Roles that an API beside SCIM holds, against an API in memory and a real SCIM service: planned, given, taken, kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.plan.change import Action
from tests.support.role_api import MemoryRoles
from tests.support.world import SWITCH, World

MAPPINGS = f"""mappings:
  users:
    attributes:
      - {{target: userName, source: userPrincipalName, matchingPrecedence: 1}}
      - {{target: 'emails[type eq "work"].value', source: userPrincipalName}}
      - {{target: active, expression: {SWITCH}}}
      - {{target: displayName, source: displayName}}
  groups: {{enabled: false}}
"""
ROLES = """roles:
  - value: orgAdmin
    displayName: Organization Admin
    privileged: true
    thousandeyes: {role: Organization Admin, accountGroups: [Production, Staging], loginAccountGroup: Production}
  - value: user
    displayName: User
    thousandeyes: {role: Regular User, accountGroups: all}
  - value: noc
    displayName: NOC
    thousandeyes: {role: NOC Viewer, accountGroups: [Production]}
"""
ADMIN = {("Organization Admin", "Production"), ("Organization Admin", "Staging")}
REGULAR = {("Regular User", "all")}


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path, "thousandeyes", rate={"perMinute": 100000, "burst": 1000})
    world.write("apps/wiki/mappings.yaml", MAPPINGS)
    world.write("apps/wiki/roles.yaml", ROLES)
    world.users("userPrincipalName: ada@x.org, displayName: Ada", "userPrincipalName: bob@x.org, displayName: Bob")
    world.groups("displayName: Ops, members: [ada@x.org]")
    world.assign("user: ada@x.org, role: User", "user: bob@x.org, role: User")
    world.role_source = MemoryRoles(lambda: world.everything().values())
    return world


def source(world: World) -> MemoryRoles:
    assert isinstance(world.role_source, MemoryRoles)
    return world.role_source


def test_a_new_account_gets_its_roles_in_the_same_apply(world: World) -> None:
    world.assign("group: Ops, role: Organization Admin", "user: bob@x.org, role: User")
    world.converge()
    assert source(world).of("ada@x.org") == ADMIN | REGULAR
    assert source(world).of("bob@x.org") == REGULAR


def test_a_role_is_given_and_taken_by_name_and_the_plan_after_it_is_empty(world: World) -> None:
    world.converge()
    world.assign("group: Ops, role: Organization Admin", "user: ada@x.org, role: User", "user: bob@x.org, role: NOC")
    (ada, bob) = world.plan().changes
    assert [
        (a.path, [r["value"] for r in a.before], [r["value"] for r in a.after]) for a in (*ada.attributes, *bob.attributes)
    ] == [
        ("roles", ["user"], ["orgAdmin", "user"]),
        ("roles", ["user"], ["noc"]),
    ]
    world.converge()
    assert source(world).of("ada@x.org") == ADMIN | REGULAR
    assert source(world).of("bob@x.org") == {("NOC Viewer", "Production")}


def test_one_write_takes_and_gives(world: World) -> None:
    world.converge()
    world.assign("user: ada@x.org, role: NOC", "user: bob@x.org, role: User")
    source(world).calls.clear()
    world.converge()
    assert source(world).asked("put") == 1


def test_who_leaves_loses_the_roles_before_the_account_is_disabled(world: World) -> None:
    world.assign("group: Ops, role: Organization Admin", "user: ada@x.org, role: User", "user: bob@x.org, role: User")
    world.converge()
    world.users("userPrincipalName: bob@x.org, displayName: Bob")
    world.groups("[]")
    world.assign("user: bob@x.org, role: User")
    (change,) = world.plan().changes
    assert (change.action, [a.path for a in change.attributes]) == (Action.DISABLE, ["active", "roles"])
    active = []
    source(world).before = lambda name: active.extend(
        i["active"] for i in world.everything().values() if i.get("userName") == name
    )
    world.converge()
    assert active == [True]
    assert source(world).of("ada@x.org") == set()
