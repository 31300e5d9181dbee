"""Imported roles say what they do: what sounds privileged is named for the reviewer, and nobody is given it by default."""

from __future__ import annotations

import pytest

from reconciler.adopt.model import Notes, Row
from reconciler.adopt.roles import Roles
from reconciler.adopt.yaml_edit.edit import append
from reconciler.adopt.yaml_edit.remarks import sounds_privileged
from reconciler.adopt.yaml_edit.rows import document
from reconciler.declare.model import Role
from reconciler.declare.yaml.document import parse
from tests.plan.literals import app, live_group

HEAD = "# yaml-language-server: $schema=../../../schemas/{}.schema.json\n{}:\n"
SOUNDS = "  # sounds privileged: add `privileged: true`, if it is\n"
PATH = "apps/wiki/{}.yaml"


@pytest.mark.parametrize("name", [
    "admin", "Admins", "ADMIN", "Organization Admin", "orgAdmin", "ORG_ADMIN", "ITAdmin", "sysadmin", "superadmin", "admin2",
    "Administrator", "Global Administrators", "administrateur", "Owner", "co-owners", "accountOwner", "root", "Super",
    "Super User", "superuser", "sudo", "Privileged Reader", "ＡＤＭＩＮ", "urn:x:role:admin",
])  # fmt: skip
def test_a_name_that_sounds_privileged(name: str) -> None:
    assert sounds_privileged(name)


@pytest.mark.parametrize("name", [
    "", "User", "Member", "Supervisor", "Superb", "Rooter", "Non-admin", "No admin", "Regular User", "Ownership", "Badminton",
    "Default Access", "123",
])  # fmt: skip
def test_a_name_that_does_not(name: str) -> None:
    assert not sounds_privileged(name)


def test_a_role_that_sounds_privileged_by_name_or_value_is_written_with_a_comment() -> None:
    rows: list[Row] = [
        {"value": "a:1", "displayName": "Admin"},
        {"value": "owner", "displayName": "Chef"},
        {"value": "root", "displayName": "Root", "privileged": True},
        {"value": "user", "displayName": "User"},
    ]
    text = document("roles", rows, PATH.format("roles"))
    assert text == HEAD.format("roles", "roles") + (
        '  - {value: "a:1", displayName: Admin}' + SOUNDS + "  - {value: owner, displayName: Chef}" + SOUNDS
        + "  - {value: root, displayName: Root, privileged: true}\n  - {value: user, displayName: User}\n"
    )  # fmt: skip
    assert parse(text.encode(), "x").data["roles"] == rows


@pytest.mark.parametrize(("before", "after"), [
    ("roles:\n- {value: u, displayName: User}  # ours\n", "roles:\n- {value: o, displayName: Owner}" + SOUNDS
     + "- {value: u, displayName: User}  # ours\n"),
    ("roles: []  # none yet\n", "roles:\n  - {value: o, displayName: Owner}" + SOUNDS[:-1] + "  # none yet\n"),
    ("roles: [{value: u, displayName: User}]\n",
     "roles: [{value: o, displayName: Owner}, {value: u, displayName: User}]\n"),
])  # fmt: skip
def test_the_comment_joins_a_file_that_is_there_where_a_line_can_hold_one(before: str, after: str) -> None:
    assert append("roles", before, [{"value": "o", "displayName": "Owner"}], PATH.format("roles")) == after


def test_a_group_that_gives_no_role_says_so() -> None:
    rows: list[Row] = [
        {"user": "ada@x.org", "role": "Default Access"},
        {"group": "Admins", "role": "Default Access"},
        {"group": "Net", "role": "Member"},
    ]
    assert document("assignments", rows, PATH.format("assignments")) == HEAD.format("assignments", "assignments") + (
        "  - {user: ada@x.org, role: Default Access}\n"
        "  - {group: Admins, role: Default Access}  # its members get no role by it\n"
        "  - {group: Net, role: Member}\n"
    )


@pytest.mark.parametrize(("declared", "given"), [
    (["Admin", "Viewer"], "Viewer"),
    (["Admin", "User"], "User"),
    (["Admin", "Owner"], "Default Access"),
])  # fmt: skip
def test_nobody_is_given_a_role_that_sounds_privileged_where_the_service_shows_none(declared: list[str], given: str) -> None:
    roles = Roles(app(), None, [Role(name.lower(), name.lower(), name) for name in declared], Notes())
    roles.assign("ada@x.org", live_group("1"))
    assert roles.assignments(["Net"]) == [{"user": "ada@x.org", "role": given}, {"group": "Net", "role": "Default Access"}]
