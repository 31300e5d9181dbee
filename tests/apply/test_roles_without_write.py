"""Roles that change without a write to the account: the log tells who gained and lost what, by which line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.world import MAPPINGS, World

BARE = "\n".join(line for line in MAPPINGS.splitlines() if "target: roles" not in line) + "\n"


def lines(world: World, address: str) -> list[dict[str, Any]]:
    return [line for line in world.store.read_log() if line["reconcile"].get("address") == address]


def told(line: dict[str, Any]) -> list[tuple[str, bool, str, int]]:
    rows = line["reconcile"].get("access", [])
    return [(row["what"], row["gains"], Path(row.get("file", "")).name, row.get("line")) for row in rows if row["kind"] == "role"]


def test_an_assignment_that_no_mapping_tells_to_the_service_is_told_by_the_log(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write("apps/wiki/mappings.yaml", BARE)
    world.users("userPrincipalName: ada@x.org")
    world.groups()
    world.assign("user: ada@x.org, role: User")
    world.converge()
    world.assign("user: ada@x.org, role: Admin, reason: NET-7")
    assert world.plan().changes == ()
    world.converge()
    line = lines(world, "User/ada@x.org")[-1]
    assert told(line) == [("Admin", True, "assignments.yaml", 2), ("User", False, "", None)]
    assert line["reconcile"]["roles"] == ["Admin"] and line["reconcile"]["access"][0]["reason"] == "NET-7"
    assert line["modifiedProperties"] == [{"displayName": "appRoleAssignments", "oldValue": ["User"], "newValue": ["Admin"]}]
    before = len(lines(world, "User/ada@x.org"))
    world.converge()
    assert len(lines(world, "User/ada@x.org")) == before, "told once"


def test_who_comes_into_a_group_and_who_leaves_it_has_the_roles_that_it_gives(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write("apps/wiki/mappings.yaml", BARE)
    world.users("userPrincipalName: ada@x.org", "userPrincipalName: bob@x.org")
    world.groups("displayName: Net, members: [ada@x.org]")
    world.assign("group: Net, role: Admin", "user: ada@x.org, role: User", "user: bob@x.org, role: User")
    world.converge()
    world.groups("displayName: Net, members: [bob@x.org]")
    world.converge()
    (came,) = [told(line) for line in lines(world, "User/bob@x.org")[1:]]
    (left,) = [told(line) for line in lines(world, "User/ada@x.org")[1:]]
    assert [row[:2] for row in came] == [("Admin", True)] and [row[:2] for row in left] == [("Admin", False)]


def test_where_nothing_carries_roles_any_more_nobody_is_said_to_have_lost_one(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.users("userPrincipalName: ada@x.org")
    world.assign("user: ada@x.org, role: Admin", "user: ada@x.org, role: User")
    world.converge()
    world.write("apps/wiki/mappings.yaml", BARE)
    world.assign("user: ada@x.org, role: User")
    world.apply()
    assert world.find("ada@x.org")["roles"] and not any(
        row[:2] == ("Admin", False) for line in lines(world, "User/ada@x.org") for row in told(line)
    )


def test_a_role_that_ends_with_its_last_day_went_with_time_and_another_with_the_declaration(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write("apps/wiki/mappings.yaml", BARE)
    world.users("userPrincipalName: ada@x.org")
    world.assign("user: ada@x.org, role: User", "user: ada@x.org, role: Admin, expires: 2026-06-03")
    world.converge()
    world.today = "2026-06-04"
    world.converge()
    assert lines(world, "User/ada@x.org")[-1]["reconcile"]["causes"] == ["time"]
    world.assign("user: ada@x.org, role: Admin")
    world.converge()
    line = lines(world, "User/ada@x.org")[-1]
    assert line["reconcile"]["causes"] == ["config"] and line["reconcile"]["roles"] == ["Admin"]


# A killed run


@pytest.mark.parametrize("same", [True, False])
def test_the_record_of_a_killed_run_names_members_and_the_roles_before(tmp_path: Path, same: bool) -> None:
    world = World(tmp_path)
    world.users(*(f"userPrincipalName: {name}@x.org" for name in ("ada", "bob")))
    world.groups("displayName: Net, members: [ada@x.org]")
    world.assign("group: Net, role: Admin", "user: ada@x.org, role: User", "user: bob@x.org, role: User")
    world.converge()
    world.groups("displayName: Net, members: [bob@x.org]")
    killed, log = [], world.store.log
    world.head = "5e6f7a8b" * 5

    def dies(records: Any) -> None:
        if any(line["reconcile"].get("readBack") for line in records):
            killed.append(True)
            raise KeyboardInterrupt
        log(records)

    world.store.log = dies  # type: ignore[method-assign]
    try:
        world.apply()
    except KeyboardInterrupt:
        world.store.log = log  # type: ignore[method-assign]
    assert killed
    world.head = "1a2b3c4d" * 5
    if not same:  # the lines of today are not those by which it was written
        world.assign("group: Net, role: Admin, reason: NET-9", "user: ada@x.org, role: User", "user: bob@x.org, role: User")
    world.converge()
    group = lines(world, "Group/Net")[-1]
    moved = {item["displayName"]: (item["oldValue"], item["newValue"]) for item in group["modifiedProperties"]}
    assert "killed" in str(group["provisioningStatusInfo"]) and moved["members"] == (["User/ada@x.org"], ["User/bob@x.org"])
    ada = {i["displayName"]: (i["oldValue"], i["newValue"]) for i in lines(world, "User/ada@x.org")[-1]["modifiedProperties"]}
    assert ada["appRoleAssignments"] == (["Admin", "User"], ["User"])
    for line in (group, lines(world, "User/ada@x.org")[-1], lines(world, "User/bob@x.org")[-1]):
        ours = line["reconcile"]
        assert ours["commit"] == "5e6f7a8b" * 5, "of the run that was killed, not of the one that found out"
        assert ours["startedBy"] and ours["planDigest"] and ours["causes"] == ["config"] and ("declaredAt" in ours) is same
        assert line["initiatedBy"]["initiatorType"] == "user"
    assert told(lines(world, "User/bob@x.org")[-1]) == ([("Admin", True, "assignments.yaml", 2)] if same else [])
