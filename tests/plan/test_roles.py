"""App roles on the wire (facts §1.5): what each of the three role functions sends, keeps and removes, and what the plan says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.main import run
from reconciler.declare.load import load
from reconciler.resolve.check import check_assignments
from tests.support.warned import texts
from tests.support.world import MAPPINGS, World

ROLES = "AssertiveAppRoleAssignmentsComplex([appRoleAssignments])"
ADDING = MAPPINGS.replace("Assertive", "")
FIRST = "SingleAppRoleAssignment([appRoleAssignments])"
SINGLE = MAPPINGS.replace(f"roles, expression: '{ROLES}'", f"'roles[primary eq \"True\"].value', expression: '{FIRST}'")


@pytest.fixture
def ada(tmp_path: Path) -> World:
    """One user; roles.yaml knows Admin, then User."""
    world = World(tmp_path)
    world.users("userPrincipalName: ada@x.org, displayName: Ada")
    world.assign("user: ada@x.org, role: User", "user: ada@x.org, role: Admin")
    return world


def values(world: World) -> list[str]:
    return sorted(role["value"] for role in world.find("ada@x.org").get("roles", []))


def give(world: World, *found: str) -> None:
    """Somebody sets roles on the service by hand."""
    world.edit("ada@x.org", "roles", [{"value": value} for value in found])


def test_all_roles_are_sent_and_none_is_primary(ada: World) -> None:
    ada.converge()
    assert ada.find("ada@x.org")["roles"] == [
        {"value": "admin", "display": "Admin", "primary": False},
        {"value": "user", "display": "User", "primary": False},
    ]


def test_an_assertive_mapping_removes_a_role_that_was_taken_away_and_the_plan_says_so(ada: World) -> None:
    ada.converge()
    ada.assign("user: ada@x.org, role: User")
    (change,) = ada.plan().changes
    assert change.reason == "the declaration changed; removes role admin"
    ada.converge()
    assert values(ada) == ["user"]


def test_an_assertive_mapping_removes_roles_that_nobody_declared(ada: World) -> None:
    ada.converge()
    give(ada, "admin", "user", "ghost", "owner")
    (change,) = ada.plan().changes
    assert change.reason.endswith("; removes roles ghost, owner") and change.causes == ("drift",)
    ada.converge()
    assert values(ada) == ["admin", "user"]


def test_an_assertive_mapping_leaves_no_role_to_someone_who_holds_none(ada: World) -> None:
    ada.seed("ada@x.org", roles=[{"value": "ghost"}])
    ada.write("apps/wiki/app.yaml", (ada.folder / "desired/apps/wiki/app.yaml").read_text() + "provisioning: {scope: all}\n")
    ada.assign()
    (change,) = ada.plan().changes
    assert "removes role ghost" in change.reason
    ada.converge()
    assert values(ada) == []


def test_a_mapping_that_only_adds_keeps_a_role_that_was_taken_away_and_the_plan_says_so(ada: World) -> None:
    ada.write("apps/wiki/mappings.yaml", ADDING)
    ada.converge()
    ada.assign("user: ada@x.org, role: Admin")
    plan = ada.plan()
    assert plan.changes == ()
    assert [w for w in texts(plan.warnings) if "only adds" in w] == [
        "roles: AppRoleAssignmentsComplex only adds, so undeclared roles are kept: User/ada@x.org (user); "
        "AssertiveAppRoleAssignmentsComplex removes them"
    ]


@pytest.mark.parametrize("patch", [True, False])
def test_a_mapping_that_only_adds_adds_to_what_is_there(tmp_path: Path, patch: bool) -> None:
    world = World(tmp_path, patch={"supported": patch})
    world.users("userPrincipalName: ada@x.org, displayName: Ada")
    world.write("apps/wiki/mappings.yaml", ADDING)
    world.assign("user: ada@x.org, role: User")
    world.converge()
    give_to = world.find("ada@x.org")
    world.client.replace("Users", give_to["id"], {**give_to, "roles": [{"value": "ghost"}, {"value": "user", "display": "User"}]})
    assert world.plan().changes == ()
    world.assign("user: ada@x.org, role: User", "user: ada@x.org, role: Admin")
    (change,) = world.plan().changes
    assert [role["value"] for role in change.attributes[0].after] == ["admin", "user", "ghost"]
    world.converge()
    assert values(world) == ["admin", "ghost", "user"]


def test_what_a_mapping_that_only_adds_sends_is_an_add_of_what_is_new(ada: World) -> None:
    from reconciler.scim.patch import operations

    live = {"roles": [{"value": "user", "primary": True}]}
    wanted = [{"value": "admin"}, {"value": "user"}]
    sent = operations([("roles", wanted)], live, adds={"roles"})
    assert sent == [{"op": "add", "path": "roles", "value": [{"value": "admin"}]}]
    assert operations([("roles", wanted)], live) == [{"op": "replace", "path": "roles", "value": wanted}]


@pytest.mark.parametrize("mapping", [MAPPINGS, ADDING])
def test_someone_without_roles_who_had_none_is_no_change(ada: World, mapping: str) -> None:
    ada.write("apps/wiki/mappings.yaml", mapping)
    ada.write("apps/wiki/app.yaml", (ada.folder / "desired/apps/wiki/app.yaml").read_text() + "provisioning: {scope: all}\n")
    ada.assign()
    ada.converge()
    assert values(ada) == []


@pytest.mark.parametrize("order", [("Admin", "User"), ("User", "Admin")])
def test_a_single_role_is_the_first_of_roles_yaml_and_who_holds_several_is_named(ada: World, order: tuple[str, str]) -> None:
    ada.write("apps/wiki/mappings.yaml", SINGLE)
    ada.write("apps/wiki/roles.yaml", "roles:\n" + "".join(f"  - {{value: {n.lower()}, displayName: {n}}}\n" for n in order))
    ada.users("userPrincipalName: ada@x.org, displayName: Ada", "userPrincipalName: grace@x.org, displayName: Grace")
    ada.assign(*(f"user: ada@x.org, role: {name}" for name in reversed(order)), "user: grace@x.org, role: User")
    assert [w for w in texts(ada.plan().warnings) if "several" in w] == [
        'roles[primary eq "True"].value takes one role, the first in roles.yaml, but 1 user holds several: '
        f"User/ada@x.org ({order[0]})"
    ]
    ada.converge()
    assert ada.find("ada@x.org")["roles"] == [{"value": order[0].lower(), "primary": True}]
    ada.assign(f"user: ada@x.org, role: {order[1]}", "user: grace@x.org, role: User")
    ada.converge()
    assert values(ada) == [order[1].lower()]


@pytest.mark.parametrize(
    ("role", "assignment", "code"),
    [("enabled: false", "user: ada@x.org", "RoleDisabled"), ("allowedMemberTypes: [Group]", "user: ada@x.org", "RoleDisabled"),
     ("allowedMemberTypes: [User]", "group: Net", "RoleDisabled"), ("allowedMemberTypes: [User]", "user: ada@x.org", None),
     ("allowedMemberTypes: [Group]", "group: Net", None)],
)  # fmt: skip
def test_a_role_counts_only_where_it_is_enabled_and_open_to_that_kind_of_member(
    ada: World, role: str, assignment: str, code: str | None
) -> None:
    ada.write("apps/wiki/roles.yaml", f"roles: [{{value: user, displayName: User, {role}}}]\n")
    ada.groups("displayName: Net, members: [ada@x.org]")
    ada.assign(f"{assignment}, role: User")
    plan = ada.plan()
    found: dict[str, Any] = {skip.address: skip.code for skip in plan.skipped}
    assert found.get("User/ada@x.org") == code
    assert any(change.address == "User/ada@x.org" for change in plan.changes) == (code is None)


def test_a_disabled_role_beside_default_access_is_the_reason(ada: World) -> None:
    ada.write("apps/wiki/roles.yaml", "roles: [{value: user, displayName: User, enabled: false}]\n")
    ada.assign("user: ada@x.org, role: User", "user: ada@x.org, role: Default Access")
    assert {skip.address: skip.code for skip in ada.plan().skipped}["User/ada@x.org"] == "RoleDisabled"


# Assignments that give nothing


def test_an_assignment_that_gives_its_role_to_nobody_is_a_warning_at_its_line(world: World) -> None:
    world.write(
        "apps/wiki/roles.yaml",
        """roles:
  - {value: a, displayName: Alone, allowedMemberTypes: [User]}
  - {value: t, displayName: Team, allowedMemberTypes: [Group]}
  - {value: o, displayName: Old, enabled: false}
  - {value: u, displayName: User}
""",
    )
    names = ("Alone", "Team", "Old", "User", "Default Access")
    world.assign(*(f"{who}, role: {role}" for who in ("user: ada@x.org", "group: Net") for role in names))
    found = check_assignments(load(world.folder / "desired").declarations)
    assert {(problem.place.line, problem.code) for problem in found} == {
        (3, "role-member-type"),
        (4, "role-disabled"),
        (7, "role-member-type"),
        (9, "role-disabled"),
    }
    assert {problem.severity for problem in found} == {"warning"}
    remedies = {problem.place.line: problem.remedy for problem in found}
    assert "add User" in remedies[3] and "add Group" in remedies[7] and "enabled: false" in remedies[4]


def test_validate_says_it_and_a_plan_does_not(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(world.folder)
    world.write("apps/wiki/roles.yaml", "roles: [{value: u, displayName: User, enabled: false}]\n")
    world.assign("group: Net, role: User")
    assert run(["validate"]) == 0
    said = capsys.readouterr().out
    assert "assignments.yaml:2:1: warning: the role User is disabled" in said and "0 errors, 1 warning\n" in said
    assert run(["apps"]) == 0 and "disabled" not in capsys.readouterr().err
