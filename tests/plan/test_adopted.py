"""What was there when it was adopted: the log says by which assignment it stays, and the past names that line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.plan.access.from_log import past
from reconciler.report.had import fields
from reconciler.scim.patch import body
from tests.support.world import World

SCHEMA = Draft202012Validator(json.loads((Path(__file__).parents[2] / "schemas/provisioning-log.schema.json").read_text()))
EVE, BOB = "userPrincipalName: eve@x.org, displayName: Eve", "userPrincipalName: bob@x.org, displayName: Bob"
ROLES = {name: [{"value": value, "display": name, "primary": False}] for name, value in (("Admin", "admin"), ("User", "user"))}
ASSIGNED = ("user: eve@x.org, role: Admin, reason: NET-1, expires: 2026-12-31", "group: Net, role: User, reason: NET-2")
BY_EVE, BY_NET = ("assignments.yaml", 2, "NET-1", "2026-12-31"), ("assignments.yaml", 3, "NET-2", None)
Told = dict[tuple[str, str], tuple[str, int, str | None, str | None]]


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Two accounts in a group, all of them made by hand and now declared."""
    world = World(tmp_path)
    ids = [world.seed(f"{name.lower()}@x.org", displayName=name, roles=ROLES[role]) for name, role in PEOPLE.items()]
    hand_made(world, "Net", ids)
    world.users(EVE, BOB)
    world.groups("displayName: Net, members: [eve@x.org, bob@x.org]")
    world.assign(*ASSIGNED)
    return world


PEOPLE = {"Eve": "Admin", "Bob": "User"}


def hand_made(world: World, name: str, ids: list[str]) -> None:
    world.client.create("Groups", body("Groups", [("displayName", name), ("members", [{"value": id} for id in ids])]))


def told(world: World, without: str = "") -> Told:
    """Of everybody and each thing the line that gives it, the reason, the end; `without` a key of each record."""
    lines: list[dict[str, Any]] = world.store.read_log()
    assert [problem for line in lines for problem in SCHEMA.iter_errors(line)] == []
    for line in lines:
        line["reconcile"].pop(without, None)
    found = [fields("wiki", row) for row in past(lines, world.store.load(), {}).at("2026-07-01T00:00:00Z")]
    assert all(row["known"] and row["gave"] for row in found), found
    gave = {(row["login"][:3], row["what"]): row["gave"] for row in found}
    return {key: (said["file"].rpartition("/")[2], said["line"], said["reason"], said["until"]) for key, said in gave.items()}


def record_of(world: World, address: str) -> dict[str, Any]:
    return next(line for line in reversed(world.store.read_log()) if line["reconcile"].get("address") == address)


def test_what_was_adopted_names_the_assignment_that_gives_it(world: World) -> None:
    world.assign(ASSIGNED[0], "user: bob@x.org, role: User, reason: NET-2", "group: Net, role: Default Access, reason: NET-3")
    world.apply()
    assert record_of(world, "User/bob@x.org")["reconcile"]["action"] == "adopt"
    assert told(world) == {
        ("eve", "Admin"): BY_EVE,
        ("bob", "User"): BY_NET,
        ("eve", "Net"): ("a.yaml", 2, "NET-3", None),
        ("bob", "Net"): ("a.yaml", 2, "NET-3", None),
    }


def test_what_was_adopted_with_a_change_names_it_too_beside_what_is_gained(world: World) -> None:
    world.users(EVE, BOB + ", jobTitle: Engineer")
    world.converge()
    assert [record_of(world, f"User/{name}@x.org")["reconcile"]["action"] for name in ("eve", "bob")] == ["update"] * 2
    eve = record_of(world, "User/eve@x.org")
    assert {"displayName": "appRoleAssignments", "oldValue": ["Admin"], "newValue": ["Admin", "User"]} in eve[
        "modifiedProperties"
    ]
    assert [(row["what"], row["privileged"]) for row in eve["reconcile"]["held"]] == [("Admin", True)]
    assert [row["what"] for row in eve["reconcile"]["access"]] == ["User"]
    said = told(world)
    assert (said["eve", "Admin"], said["bob", "User"], said["eve", "User"]) == (BY_EVE, BY_NET, BY_NET)


def test_who_was_inside_of_a_group_that_is_written_to_is_told(world: World) -> None:
    world.users(EVE, BOB, "userPrincipalName: joe@x.org")
    world.groups("displayName: NET, members: [eve@x.org, bob@x.org, joe@x.org]")
    world.converge()
    (row,) = record_of(world, "Group/NET")["reconcile"]["held"]
    assert row["members"] == ["User/bob@x.org", "User/eve@x.org"]
    assert {told(world)[name, "NET"] for name in ("eve", "bob", "joe")} == {("a.yaml", 2, "NET-2", None)}


def test_who_was_in_a_group_of_ours_before_he_was_adopted_is_told(world: World) -> None:
    world.users(EVE)
    world.groups("displayName: Net, members: [eve@x.org]")
    world.converge()
    assert ("bob", "Net") not in told(world)
    world.users(EVE, BOB)
    world.groups("displayName: Net, members: [eve@x.org, bob@x.org]")
    world.now = "2026-06-02T00:00:00Z"
    world.converge()
    assert (told(world)["bob", "Net"], told(world)["bob", "User"]) == (("a.yaml", 2, "NET-2", None), BY_NET)


def test_whose_account_took_the_place_of_one_of_ours_was_not_inside(world: World) -> None:
    world.converge()
    world.client.delete("Users", world.find("bob@x.org")["id"])
    world.seed("bob@x.org", displayName="Other", roles=ROLES["User"])
    world.now = "2026-06-02T00:00:00Z"
    world.converge()
    assert [row["kind"] for row in record_of(world, "User/bob@x.org")["reconcile"]["held"]] == ["role"]
    assert told(world)["bob", "Net"] == ("a.yaml", 2, "NET-2", None)


def test_a_record_without_what_was_held_names_the_persons_line_as_before(world: World) -> None:
    world.assign(ASSIGNED[0], "user: bob@x.org, role: User, reason: NET-2")
    world.converge()
    assert told(world)["bob", "User"] == BY_NET and told(world, without="held")["bob", "User"] == ("a.yaml", 3, None, None)


def test_who_was_disabled_had_nothing(world: World) -> None:
    world.edit("bob@x.org", "active", False)
    world.converge()
    ours = record_of(world, "User/bob@x.org")["reconcile"]
    assert ours["action"] == "enable" and [row["what"] for row in ours["access"]] == ["User"] and "held" not in ours


def test_who_has_an_account_alone_is_told_by_the_assignment_of_default_access(world: World) -> None:
    world.write(
        "apps/wiki/app.yaml",
        (world.folder / "desired/apps/wiki/app.yaml").read_text() + "provisioning: {defaultAccess: provision}\n",
    )
    world.seed("joe@x.org", displayName="Joe")
    world.users("userPrincipalName: joe@x.org, displayName: Joe", "userPrincipalName: amy@x.org")
    world.groups()
    world.assign(*(f"user: {name}@x.org, role: Default Access, reason: NET-{name}" for name in ("joe", "amy")))
    world.converge()
    said = told(world)
    assert said["joe", "an account"] == ("assignments.yaml", 2, "NET-joe", None)
    assert said["amy", "an account"] == ("assignments.yaml", 3, "NET-amy", None)


def test_where_nothing_is_adopted_nothing_is_said_to_be_held(world: World) -> None:
    world.converge()
    before = len(world.store.read_log())
    world.users(EVE, BOB + ", jobTitle: Engineer", "userPrincipalName: joe@x.org")
    world.assign(*ASSIGNED, "user: joe@x.org, role: User")
    world.converge()
    new = world.store.read_log()[before:]
    assert new and not any("held" in line["reconcile"] for line in new)
