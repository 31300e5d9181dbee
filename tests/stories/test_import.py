"""What a service has already is imported as declarations: the plan that follows is empty, and nothing is overwritten."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reconciler.adopt.layout import slug
from reconciler.adopt.model import ImportRefused
from reconciler.adopt.one_object import take_one
from reconciler.adopt.service import Outcome, take_over
from reconciler.adopt.stage import Request
from reconciler.adopt.yaml_edit.edit import revise
from reconciler.adopt.yaml_edit.rows import document, is_name
from reconciler.cli.main import run
from reconciler.cycle.connection import connect
from reconciler.declare.load import load
from reconciler.declare.yaml.document import parse
from reconciler.declare.yaml.scalars import can_hold, portable
from reconciler.report.jsonform import dumps, to_json
from reconciler.report.markdown import render as markdown
from reconciler.report.plan_file import loads
from reconciler.report.text import render
from reconciler.resolve.check import check
from tests.support.budget import examples
from tests.support.gitworld import git
from tests.support.servers import TOKEN, Desk, scim_server
from tests.support.world import APP, SWITCH, World

PLAIN = f"""mappings:
  users:
    attributes:
      - {{target: userName, source: userPrincipalName, matchingPrecedence: 1}}
      - {{target: active, expression: {SWITCH}}}
      - {{target: displayName, source: displayName}}
      - {{target: title, source: jobTitle}}
      - {{target: nickName, source: extensionAttributes.nick name}}
      - {{target: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department', source: department}}
      - {{target: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager', source: manager}}
  groups:
    attributes:
      - {{target: displayName, source: displayName, matchingPrecedence: 1}}
      - {{target: members, source: members}}
"""
HOSTILE = [
    "on", "0123", "~", "null", "2026-01-31", "1e3", "0x1F", "", " ", "a: b", "a #b", "- a", "? a", "*a", "&a", "!a", "%a", "@a",
    "`a", "{a", "[a", "a, b", "'", '"', "\\", "\\n", "a\nb", "\n", "a\r\nb", "a\tb", "\u202eabc\u2066", "\ufeff", "\x85",
    "\u2028", "\x7f", "\x1b[31m", "é", "e\u0301", "\U0001f600", "\U000e0001", "日本", "\ufffe", "${env:TOKEN}", "<<", "=", "y",
    "a ",
]  # fmt: skip
URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@pytest.fixture
def empty(tmp_path: Path) -> World:
    """A service with nothing in it, and an app that declares nobody."""
    found = World(tmp_path)
    found.write("apps/wiki/mappings.yaml", PLAIN)
    found.assign()
    for name in ("users", "groups"):
        (tmp_path / f"desired/directory/{name}/a.yaml").unlink(missing_ok=True)
    return found


def take(world: World, out: str = "desired", **how: Any) -> Outcome:
    @contextmanager
    def connected(app: object, record: object) -> Iterator[Any]:
        yield world.client

    before = world.transport.writes
    request = Request(world.folder / out, world.folder / "desired", "wiki", **how)
    outcome = take_over(request, connected, lambda *_: world.store.load())
    assert world.transport.writes == before
    return outcome


def files(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


def seed_group(world: World, name: str, *members: str) -> str:
    shown = [{"value": member} for member in members]
    return str(
        world.client.create(
            "Groups", {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": name, "members": shown}
        )["id"]
    )


def declared(world: World, out: str = "desired") -> dict[str, dict[str, Any]]:
    loaded = load(world.folder / out)
    assert [*loaded.errors, *check(loaded.declarations)] == []
    return {name: user.row for name, user in loaded.declarations.users.items()}


# The plan that follows


@pytest.mark.parametrize("count", [0, 1, 700])
def test_an_import_is_followed_by_an_empty_plan(empty: World, count: int) -> None:
    for number in range(count):
        empty.seed(f"u{number}@x.org", displayName=f"User {number}", title=None if number % 3 else "on")
    outcome = take(empty, force=True)
    plan = empty.plan()
    assert (plan.changes, plan.skipped, plan.unmanaged, plan.errors) == ((), (), (), ())
    assert (plan.adopted, outcome.counts["users"], outcome.notes) == (count, count, [])


def test_values_that_yaml_could_misread_come_back_as_they_were(empty: World) -> None:
    for number, text in enumerate(HOSTILE):
        empty.seed(f"u{number}@x.org", displayName=text or None, title=text or None, nickName=text or None)
    take(empty, force=True)
    rows = declared(empty)
    for number, text in enumerate(HOSTILE):
        row = rows[f"u{number}@x.org"]
        assert (row.get("displayName", ""), (row.get("extensionAttributes") or {}).get("nick name", "")) == (text, text)
    assert empty.plan().changes == ()


@pytest.mark.parametrize("text", [*HOSTILE, *("yes", "No", "OFF", "n", "True", "None", ".inf", "_a", "a-b c/d@e.f")])
def test_a_quoted_text_is_the_same_text_to_every_reader(text: str) -> None:
    source = f"a:\n  - {portable(text)}\nb: {{c: {portable(text)}, d: [{portable(text)}]}}\n"
    want = {"a": [text], "b": {"c": text, "d": [text]}}
    assert parse(source.encode(), "x").data == want
    assert yaml.safe_load(source) == want
    assert not {"\u202e", "\u2066", "\x1b", "\u2028"} & set(source)


def test_nul_and_half_a_surrogate_pair_can_stand_in_no_file() -> None:
    assert [can_hold(text) for text in ("a\0", "\ud800", "\udfff", "ok\U0001f600")] == [False, False, False, True]
    assert [is_name(text) for text in ("", "a\nb", "a\x7f", None, "Ada ")] == [False, False, False, False, True]


def test_an_inactive_account_is_declared_disabled_and_left_alone(empty: World) -> None:
    empty.seed("ada@x.org")
    empty.seed("bob@x.org")
    empty.edit("bob@x.org", "active", False)
    take(empty, force=True)
    plan = empty.plan()
    assert declared(empty)["bob@x.org"]["accountEnabled"] is False
    assert [s.code for s in plan.skipped] == ["AccountDisabled"] and plan.changes == ()
    assert "bob" not in (empty.folder / "desired/apps/wiki/assignments.yaml").read_text()


def test_managers_groups_and_members_are_named_not_numbered(empty: World) -> None:
    boss = empty.seed("grace@x.org")
    ada = empty.seed("ada@x.org", **{URN + ":manager": {"value": boss}})
    seed_group(empty, "Net: 1", boss, ada)
    seed_group(empty, "Nobody")
    take(empty, force=True)
    assert declared(empty)["ada@x.org"]["manager"] == "grace@x.org"
    groups = load(empty.folder / "desired").declarations.groups
    assert groups["net: 1"].row["members"] == ["ada@x.org", "grace@x.org"] and "members" in groups["nobody"].row
    plan = empty.plan()
    assert (plan.changes, plan.adopted) == ((), 4)


def test_live_roles_become_roles_and_assignments(empty: World) -> None:
    bare(empty)
    admin, user = ({"value": "a:1", "display": "Admin", "primary": False}, {"value": "user", "display": "User"})
    empty.seed("ada@x.org", roles=[admin, user])
    empty.seed("bob@x.org", roles=[user])
    empty.seed("carl@x.org")
    outcome = take(empty)
    assert [f for f in outcome.written if f.startswith("apps")] == [
        "apps/wiki/app.yaml",
        "apps/wiki/assignments.yaml",
        "apps/wiki/mappings.yaml",
        "apps/wiki/roles.yaml",
    ]
    app = load(empty.folder / "desired").declarations.apps["wiki"]
    assert [(r.value, r.displayName) for r in app.roles.values()] == [("a:1", "Admin"), ("user", "User")]
    assert [(a.user, a.role) for a in app.assignments] == [
        ("ada@x.org", "admin"),
        ("ada@x.org", "user"),
        ("bob@x.org", "user"),
        ("carl@x.org", "default access"),
    ]
    assert app.tenantUrl == "${env:WIKI_SCIM_URL}" and (empty.plan().changes, empty.plan().adopted) == ((), 3)


def test_the_reviewer_is_told_which_roles_sound_privileged_and_that_a_group_gives_none(empty: World) -> None:
    """What the comment proposes changes nothing that is written: the plan stays empty."""
    ids = seed_roles(empty, ada={"value": "orgAdmin", "display": "Organization Admin"}, bob=USER)
    seed_group(empty, "Admins", ids["ada"])
    assert take(empty).notes == [] and empty.plan().changes == ()
    roles = empty.folder / "desired/apps/wiki/roles.yaml"
    assert roles.read_text().partition("roles:\n")[2] == (
        "  - {value: orgAdmin, displayName: Organization Admin}  # sounds privileged: add `privileged: true`, if it is\n"
        "  - {value: user, displayName: User}\n"
    )
    assignments = (empty.folder / "desired/apps/wiki/assignments.yaml").read_text()
    assert "  - {group: Admins, role: Default Access}  # its members get no role by it\n" in assignments
    roles.write_text(roles.read_text().replace("Organization Admin}", "Organization Admin, privileged: true}"))
    assert (empty.plan().changes, empty.plan().adopted, take(empty).written) == ((), 3, [])


def bare(world: World) -> World:
    """The app is not declared at all."""
    for file in ("app", "mappings", "roles", "assignments"):
        (world.folder / f"desired/apps/wiki/{file}.yaml").unlink()
    return world


def test_the_one_primary_role_that_entra_writes_becomes_a_role(empty: World) -> None:
    for name, role in (("ada", "admin"), ("bob", "user")):
        bare(empty).seed(f"{name}@x.org", roles=[{"value": role, "type": "WindowsAzureActiveDirectoryRole", "primary": True}])
        outcome = take(empty, force=True)
        assert outcome.notes == []
    app = load(empty.folder / "desired").declarations.apps["wiki"]
    assert [(a.user, a.role) for a in app.assignments] == [("ada@x.org", "admin"), ("bob@x.org", "user")]
    assert (empty.plan().changes, empty.plan().adopted) == ((), 2)


USER = {"value": "user", "display": "User"}
PRIMARY = {"value": "user", "primary": True}
GHOST = {"value": "ghost"}
LEAD = "roles are not imported: "


def seed_roles(world: World, **roles: dict[str, Any] | None) -> dict[str, str]:
    """Live ids by name."""
    bare(world)
    return {name: world.seed(f"{name}@x.org", **({"roles": [role]} if role else {})) for name, role in roles.items()}


def test_roles_in_a_shape_that_no_mapping_writes_are_named_and_left_alone(empty: World) -> None:
    seed_roles(empty, ada=GHOST)
    outcome = take(empty)
    assert outcome.counts["roles"] == 0 and empty.plan().changes == ()
    (note,) = outcome.notes
    assert note.startswith(f"User/ada@x.org: {LEAD}no usual mapping writes them as they are; map `roles`")


@pytest.mark.parametrize(("usual", "odd"), [(USER, GHOST), (USER, PRIMARY), (PRIMARY, GHOST), (PRIMARY, USER)])
def test_an_odd_account_costs_nobody_else_the_roles_and_keeps_its_own(
    empty: World, usual: dict[str, Any], odd: dict[str, Any]
) -> None:
    ids = seed_roles(empty, ada=usual, bob=usual, carl=None, ghost=odd)
    seed_group(empty, "Net", ids["ada"], ids["ghost"])
    before = empty.bare.read_all("Users", list), empty.bare.read_all("Groups", list)
    outcome = take(empty)
    assert outcome.counts == {"users": 3, "groups": 1, "roles": 1, "assignments": 4}
    (note,) = outcome.notes
    assert note.startswith("User/ghost@x.org: left out, roles and all: the mapping that fits the others would")
    assert (outcome.plan.changes, [u.userName for u in outcome.plan.unmanaged]) == ((), ["ghost@x.org"])
    empty.converge()
    assert (empty.bare.read_all("Users", list), empty.bare.read_all("Groups", list)) == before


def test_where_no_mapping_fits_most_nobodys_roles_are_taken_and_those_at_fault_come_first(empty: World) -> None:
    seed_roles(empty, ada=USER, bob=GHOST)
    outcome = take(empty)
    assert (outcome.counts["users"], outcome.counts["roles"], outcome.plan.changes, outcome.plan.unmanaged) == (2, 0, (), ())
    assert [note.partition(";")[0] for note in outcome.notes] == [
        f"User/bob@x.org: {LEAD}no usual mapping writes them as they are",
        f"User/ada@x.org: {LEAD}the usual mapping that writes them does not fit the others",
    ]


def test_the_roles_of_a_disabled_account_stand_in_nobodys_way(empty: World) -> None:
    seed_roles(empty, ada=USER, bob=GHOST, carl=GHOST)
    for name in ("bob", "carl"):
        empty.edit(f"{name}@x.org", "active", False)
    outcome = take(empty)
    assert (outcome.counts["users"], outcome.plan.changes, outcome.notes) == (3, (), [])
    assert [(a.user, a.role) for a in load(empty.folder / "desired").declarations.apps["wiki"].assignments] == [
        ("ada@x.org", "user")
    ]


def test_an_odd_account_of_the_record_stays_declared_and_the_outcome_says_what_becomes_of_it(empty: World) -> None:
    """Left out it would be disabled, as somebody no longer in the directory."""
    empty.users(*(f"userPrincipalName: {name}@x.org" for name in ("ada", "bob", "ghost")))
    empty.assign(*(f"user: {name}@x.org, role: Default Access" for name in ("ada", "bob", "ghost")))
    empty.write("apps/wiki/app.yaml", APP + "provisioning: {defaultAccess: provision}\n")
    empty.converge()
    for name, role in (("ada", USER), ("bob", USER), ("ghost", GHOST)):
        empty.edit(f"{name}@x.org", "roles", [role])
    (empty.folder / "desired/apps/wiki/mappings.yaml").unlink()
    outcome = take(empty, force=True)
    assert [(c.address, c.action, [a.path for a in c.attributes]) for c in outcome.plan.changes] == [
        ("User/ghost@x.org", "update", ["roles"])
    ]


def test_a_reason_reads_well_of_one_and_of_many(empty: World) -> None:
    seed_roles(empty, **{f"u{number}": GHOST for number in range(10)})
    (note,) = take(empty).notes
    assert note.startswith(f"User/u0@x.org, User/u1@x.org, User/u2@x.org and 7 more: {LEAD}")


def test_a_service_that_never_says_active_is_taken_as_it_is(empty: World) -> None:
    empty.seed("ada@x.org", active=None)
    outcome = take(empty, force=True)
    assert (outcome.notes, outcome.plan.changes, outcome.plan.adopted) == ([], (), 1)
    empty.converge()
    assert empty.plan().changes == ()


def test_a_role_that_is_not_declared_yet_is_added_below_the_others(empty: World) -> None:
    empty.write(
        "apps/wiki/mappings.yaml",
        PLAIN.replace(
            "{target: title, source: jobTitle}",
            "{target: roles, expression: 'AssertiveAppRoleAssignmentsComplex([appRoleAssignments])'}",
        ),
    )
    before = "roles:\n  # who may do all\n  - {value: admin, displayName: Admin}  # NET-1\n"
    empty.write("apps/wiki/roles.yaml", before)
    empty.seed("ada@x.org", roles=[{"value": "x", "display": "Reader"}, {"value": "admin", "display": "Admin"}])
    take(empty, force=True)
    assert (empty.folder / "desired/apps/wiki/roles.yaml").read_text() == before + "  - {value: x, displayName: Reader}\n"
    assert (empty.plan().changes, empty.plan().adopted) == ((), 1)


# What cannot be imported


def test_expressions_that_can_be_undone_are_and_others_are_reported(empty: World) -> None:
    empty.write(
        "apps/wiki/mappings.yaml",
        PLAIN.replace("source: displayName}", "expression: 'ToUpper([mail])'}", 1)
        .replace("source: jobTitle", "expression: 'Left([companyName], 3)'")
        .replace("source: department", "constant: Ops"),
    )
    empty.seed("ada@x.org", displayName="ADA@X.ORG", title="too long", **{URN + ":department": "Dev"})
    empty.seed("bob@x.org", displayName="BOB", title="abc", **{URN + ":department": "Ops"})
    outcome = take(empty, force=True)
    assert declared(empty)["bob@x.org"]["companyName"] == "abc"
    assert "User/ada@x.org: title is not imported: its expression cannot be inverted" in outcome.notes
    assert any("department is not imported: its mapping is a constant" in line for line in outcome.notes)
    assert [(c.address, [a.path for a in c.attributes]) for c in outcome.plan.changes] == [
        ("User/ada@x.org", [URN + ":department"])
    ]
    assert outcome.plan.digest == empty.plan().digest


def test_an_account_that_no_row_would_match_is_left_out(empty: World) -> None:
    empty.write("apps/wiki/mappings.yaml", PLAIN.replace("source: userPrincipalName", "expression: 'Left([mail], 3)'"))
    empty.seed("ada@x.org")
    empty.seed("bob")
    outcome = take(empty, force=True)
    assert sorted(declared(empty)) == ["bob"] and outcome.plan.changes == ()
    assert any("ada@x.org: left out" in line for line in outcome.notes)


def test_names_that_two_share_or_that_nobody_may_bear_are_left_out(empty: World) -> None:
    seed_group(empty, "Net")
    seed_group(empty, "NET")
    seed_group(empty, "a\nb")
    seed_group(empty, "Ops")
    outcome = take(empty, force=True)
    assert list(load(empty.folder / "desired").declarations.groups) == ["ops"]
    assert [line.partition(": ")[0] for line in outcome.notes if "left out" in line] == ["Group/a\nb", "Group/NET, Group/Net"]
    assert empty.plan().changes == ()


def test_members_that_the_service_does_not_show_are_reported(empty: World) -> None:
    seed_group(empty, "Net")
    assert ["the service shows no members" in line for line in take(empty, force=True).notes] == [True]
    seed_group(empty, "Ops", empty.seed("ada@x.org"))
    assert take(empty, force=True).notes == []


def test_a_name_that_the_record_knows_otherwise_is_a_rename(world: World) -> None:
    world.converge()
    world.edit("ada@x.org", "userName", "ada2@x.org")
    for path in ("directory/users/a.yaml", "directory/groups/a.yaml"):
        (world.folder / "desired" / path).unlink()
    world.assign()
    take(world, force=True)
    assert declared(world)["ada2@x.org"]["previously"] == ["ada@x.org"]
    assert world.plan().changes == ()


# Files


def test_a_second_import_changes_no_byte_and_needs_no_force(empty: World) -> None:
    for number in range(5):
        empty.seed(f"u{number}@x.org", displayName=f"é{number}")
    seed_group(empty, "Net", empty.find("u1@x.org")["id"])
    take(empty, force=True)
    before = files(empty.folder / "desired")
    outcome = take(empty)
    assert (outcome.written, outcome.removed, files(empty.folder / "desired")) == ([], [], before)


def test_nothing_is_overwritten_without_force_and_nothing_else_is_written_either(empty: World) -> None:
    empty.seed("ada@x.org")
    take(empty, force=True)
    empty.write("directory/users/wiki.yaml", "users:\n  - {userPrincipalName: ada@x.org, mail: a@x.org}\n")
    empty.seed("bob@x.org")
    before = files(empty.folder / "desired")
    with pytest.raises(ImportRefused, match="would overwrite .*directory/users/wiki.yaml"):
        take(empty)
    assert files(empty.folder / "desired") == before
    take(empty, force=True)
    assert sorted(declared(empty)) == ["ada@x.org", "bob@x.org"] and empty.plan().changes == ()


def test_one_file_a_department_and_back(empty: World) -> None:
    for name, department in (("ada", "R&D / Net"), ("bob", "r&d: net"), ("carl", None), ("dora", "../../etc"), ("e", "日本")):
        empty.seed(f"{name}@x.org", **{URN + ":department": department})
    take(empty, force=True, split="department")
    folder = empty.folder / "desired/directory/users"
    assert sorted(f.name for f in folder.rglob("*.yaml")) == ["etc.yaml", "no-department.yaml", "r-d-net.yaml", "日本.yaml"]
    assert empty.plan().changes == ()
    with pytest.raises(ImportRefused, match="would overwrite"):
        take(empty)
    take(empty, force=True)
    assert [f.name for f in folder.rglob("*.yaml")] == ["wiki.yaml"] and empty.plan().changes == ()


def test_a_department_makes_a_file_name_that_every_system_takes() -> None:
    assert slug("É" * 300) == "é" * 50 and slug(" .. ") == "no-department" and slug("a\0b/..") == "a-b"


def test_people_who_are_declared_elsewhere_are_assigned_and_not_declared_again(empty: World) -> None:
    empty.users("userPrincipalName: Ada@x.org, displayName: Ada")
    empty.seed("ada@x.org", displayName="Ada")
    empty.seed("bob@x.org")
    take(empty, force=True)
    rows = declared(empty)
    assert sorted(rows) == ["ada@x.org", "bob@x.org"] and empty.plan().changes == ()
    assert "Ada" not in (empty.folder / "desired/directory/users/wiki.yaml").read_text()


def test_declarations_that_are_broken_are_not_added_to(empty: World) -> None:
    empty.write("directory/users/b.yaml", "users: [{userPrincipalName: x, manager: nobody}]\n")
    before = files(empty.folder / "desired")
    with pytest.raises(ImportRefused, match="desired/directory/users/b.yaml:1: no user 'nobody'"):
        take(empty, force=True)
    assert files(empty.folder / "desired") == before


def test_a_folder_that_cannot_be_read_whole_is_refused(empty: World) -> None:
    (empty.folder / "desired/directory/users").mkdir()
    (empty.folder / "desired/directory/users/b.yaml").symlink_to("nowhere.yaml")
    with pytest.raises(ImportRefused, match="cannot be read whole"):
        take(empty)


def test_an_import_into_an_empty_folder_brings_the_app_along(empty: World) -> None:
    empty.seed("ada@x.org", title="on")
    outcome = take(empty, out="fresh")
    assert "apps/wiki/mappings.yaml" in outcome.written
    assert (empty.folder / "fresh/apps/wiki/mappings.yaml").read_text() == PLAIN
    assert declared(empty, "fresh")["ada@x.org"]["jobTitle"] == "on"


def test_what_contradicts_an_import_is_named_where_it_is(empty: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(empty.folder)
    with pytest.raises(ImportRefused) as found:
        take_over(Request(Path("desired"), Path("desired"), "Wiki"), partial(connect, tell=print))
    assert "desired/apps/wiki:1: the same is declared in desired/apps/Wiki" in found.value.message


# The command


def test_the_command_imports_plans_empty_and_takes_drift_over(tmp_path: Path) -> None:
    with scim_server() as url:
        desk = Desk(tmp_path, f"{url}/import/v2")
        desk.seed("ada@x.org", displayName="Ada \u202e")
        fresh = ("import", "--app", "new", "--out", "fresh")
        environ = {"NEW_SCIM_URL": desk.url, "NEW_SCIM_TOKEN": TOKEN}
        ran = desk.reconcile(*fresh, **environ)
        assert ran.code == 0 and "The plan that follows: No changes. new matches the declaration. 1 adopted." in ran.out, ran.err
        ran = desk.reconcile("plan", "--desired", "fresh", "--detailed-exitcode", **environ)
        assert ran.code == 0, ran.out
        assert "wrote" not in desk.reconcile(*fresh, **environ).out
        assert desk.reconcile("apply", "--desired", "fresh", "--auto-approve", **environ).code == 0
        desk.seed("grace@x.org", displayName="Grace")
        assert desk.reconcile(*fresh, "--force", **environ).code == 0
        assert desk.reconcile("apply", "--desired", "fresh", "--auto-approve", **environ).code == 0
        desk.edit("ada@x.org", "displayName", "Ada Lovelace")
        desk.edit("grace@x.org", "displayName", "Admiral")
        ran = desk.reconcile(*fresh, **environ)
        assert (ran.code, "--force" in ran.err, "fresh/directory/users/new.yaml" in ran.err) == (1, True, True)
        only = ("import", "--app", "new", "--out", "fresh", "--only", "User/ada@x.org")
        ran = desk.reconcile(*only, **environ)
        assert ran.out == (
            "Imported User/ada@x.org in fresh/directory/users/new.yaml; review it with `git diff`.\n"
            "The plan that follows: Plan: 0 to create, 1 to update, 0 to disable.\n"
        )
        assert "displayName: Ada Lovelace" in (tmp_path / "fresh/directory/users/new.yaml").read_text()
        alone = ("import", "--desired", "fresh", "--only", "User/ada@x.org")  # the folder has one app
        assert "nothing to import" in desk.reconcile(*alone, **environ).out
        desk.seed("zed@x.org")
        ran = desk.reconcile("plan", "--desired", "fresh", "--show-unmanaged", **environ)
        assert "local (1): no such user in the directory\n    zed@x.org" in ran.out


def test_an_app_that_is_imported_later_comes_into_the_workflows(tmp_path: Path) -> None:
    with scim_server() as url:
        desk = Desk(tmp_path, f"{url}/later/v2")
        git(tmp_path, "init", "--quiet", "--initial-branch=trunk")
        assert desk.reconcile("init").code == 0
        desk.seed("ada@x.org")
        ran = desk.reconcile("import", "--app", "crm", "--out", "desired", "--force", CRM_SCIM_URL=desk.url, CRM_SCIM_TOKEN=TOKEN)
        assert ran.code == 0, ran.err
        for name in ("plan", "apply", "drift"):
            assert f"edited  .github/workflows/{name}.yml: it passes CRM_SCIM_TOKEN, CRM_SCIM_URL now" in ran.out
            assert "secrets.CRM_SCIM_TOKEN" in (tmp_path / f".github/workflows/{name}.yml").read_text()


@pytest.mark.parametrize("arguments", [
    (), ("--app", "a", "--app", "b"), ("--app", "../x"), ("--app", "wiki", "--only", "ada@x.org"),
    ("--app", "wiki", "--only", "User/a", "--force"), ("--entra-directory", ".", "--force"),
    ("--app", "wiki", "--entra-schema", "s.json", "--only", "User/a"),
])  # fmt: skip
def test_wrong_usage_of_the_command_is_said(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "s.json").write_text("{}")
    ran = Desk(tmp_path, "http://127.0.0.1:9/v2").reconcile("import", *arguments)
    assert ran.code == 64 and "Error: " in ran.err


def test_an_object_of_several_apps_is_taken_over_from_one_that_is_named(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "http://127.0.0.1:9/v2")
    for file in ("app", "mappings", "assignments"):
        text = (tmp_path / f"desired/apps/wiki/{file}.yaml").read_text()
        desk.write(f"apps/crm/{file}.yaml", text.replace("app: wiki", "app: crm"))
    ran = desk.reconcile("import", "--only", "User/ada@x.org")
    assert ran.code == 64 and "name one with --app" in ran.err


# Accounts that are nobody's


@pytest.mark.parametrize(("mapping", "login"), [("userPrincipalName", "{}@x.org"), ("mail", "{}@mail.x.org")])
def test_unmanaged_accounts_are_classed_as_account_discovery_does(
    empty: World, mapping: str, login: str, capsys: pytest.CaptureFixture[str]
) -> None:
    empty.write("apps/wiki/mappings.yaml", PLAIN.replace("source: userPrincipalName", f"source: {mapping}"))
    empty.users(
        *(
            f"userPrincipalName: {n}@x.org, mail: {n}@mail.x.org, accountEnabled: {e}"
            for n, e in (("ada", "true"), ("bob", "false"), ("carl", "true"), ("dora", "true"))
        )
    )
    empty.assign(
        "user: ada@x.org, role: User", "user: bob@x.org, role: User", "user: dora@x.org, role: User, expires: 2026-01-01"
    )
    for name in ("ada", "bob", "carl", "dora", "zed"):
        empty.seed(login.format(name).upper())
    plan = empty.plan()
    assert {u.userName.partition("@")[0]: u.kind for u in plan.unmanaged} == {
        "BOB": "assigned",
        "CARL": "unassigned",
        "DORA": "unassigned",
        "ZED": "local",
    }
    shown = render(plan, lambda text, code: text, accounts=plan.unmanaged)
    assert "  local (1): no such user in the directory\n    ZED@" in shown and "unassigned (2)" in shown
    assert "ZED" not in render(plan, lambda text, code: text)
    assert [u["class"] for u in to_json(plan)["unmanaged"]] == [u.kind for u in plan.unmanaged]
    assert loads(dumps([plan]))[0].unmanaged == plan.unmanaged
    fold = markdown(plan).partition("4 unmanaged: never touched</summary>")[2]
    assert "\nlocal (1): no such user in the directory\n  ZED@" in fold and "\nunassigned (2): " in fold
    saved = empty.folder / "plan.json"
    saved.write_text(dumps([plan]))
    assert run(["show", str(saved), "--show-unmanaged"]) == 0 and capsys.readouterr().out.count("ZED") == 1
    assert run(["show", str(saved)]) == 0 and "ZED" not in capsys.readouterr().out


# The law

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=6)
PEOPLE = st.dictionaries(
    st.sampled_from([f"u{i}@x.org" for i in range(5)]),
    st.fixed_dictionaries({}, optional={
        "displayName": st.one_of(TEXT, st.sampled_from(HOSTILE[:4])), "title": TEXT, "nickName": TEXT,
        "active": st.sampled_from([True, False, None]), "boss": st.integers(0, 4), "in": st.booleans(),
    }), max_size=5,
)  # fmt: skip


@settings(
    max_examples=examples(10),
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)
@given(PEOPLE, st.sampled_from(["none", "department"]))
def test_whatever_a_service_holds_its_import_is_followed_by_an_empty_plan(people: dict[str, Any], split: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        world.write("apps/wiki/mappings.yaml", PLAIN)
        (world.folder / "desired/directory/groups/a.yaml").unlink()
        world.assign()
        ids = {
            name: world.seed(name, **{k: v for k, v in has.items() if k in ("displayName", "title", "nickName")})
            for name, has in people.items()
        }
        for name, has in people.items():
            if "boss" in has and (boss := ids.get(f"u{has['boss']}@x.org")):
                world.edit(name, URN + ":manager", {"value": boss})
            if has.get("active", True) is not True:
                world.edit(name, "active", has["active"])
        seed_group(world, "Net", *(ids[name] for name, has in people.items() if has.get("in")))
        take(world, force=True, split=split)
        plan = world.plan()
        active = sum(has.get("active") is not False for has in people.values())
        assert (plan.changes, plan.errors, plan.adopted) == ((), (), active + 1)
        before = files(world.folder / "desired")
        assert take(world, split=split).written == [] and files(world.folder / "desired") == before


@given(st.lists(TEXT, max_size=5))
def test_any_text_but_nul_is_read_back(values: list[str]) -> None:
    rows = [{"userPrincipalName": f"u{i}", "displayName": value, "otherMails": values} for i, value in enumerate(values)]
    found = parse(document("users", rows, "directory/users/a.yaml").encode(), "x")
    assert found.problems == [] and found.data == {"users": rows}


# One object, in place

FILE = """# people
users:  # all of them
  # the boss
  - userPrincipalName: grace@x.org
    displayName: 'Grace'   # as she writes it
    extensionAttributes:
        nick name: "G"  # since 1952

  # the first
  - displayName:   "Ada"
    userPrincipalName: ada@x.org  # key
    manager: grace@x.org

  - {userPrincipalName: bob@x.org, jobTitle: Cook, displayName: Bob}  # in a line
# end
"""
GROUP = "groups:\n- displayName: Net\n  members:\n  - ada@x.org  # on call\n  # the boss\n  - grace@x.org\n"


@pytest.fixture
def drifting(empty: World) -> World:
    empty.write("directory/users/p.yaml", FILE)
    empty.write("directory/groups/g.yaml", GROUP)
    empty.assign(*(f"user: {name}@x.org, role: User" for name in ("ada", "grace", "bob")), "group: Net, role: User")
    empty.converge()
    return empty


def take_one_of(world: World, address: str) -> str | None:
    found = world.session()
    taken = take_one(world.folder / "desired", found.planned, found.record, address)
    assert taken is None or taken.plan.digest == world.plan().digest
    return taken.path if taken else None


def people(world: World) -> str:
    return (world.folder / "desired/directory/users/p.yaml").read_bytes().decode()


def test_drift_of_one_object_is_taken_over_in_place_with_nothing_else_changed(drifting: World) -> None:
    drifting.edit("grace@x.org", "displayName", "on")
    drifting.edit("grace@x.org", "nickName", "a\u202e: b")
    drifting.edit("ada@x.org", "displayName", "Countess")
    assert take_one_of(drifting, "user/Grace@x.org") == "directory/users/p.yaml"
    assert people(drifting) == FILE.replace("'Grace'   #", '"on"   #').replace('"G"  #', '"a\\u202e: b"  #')
    assert [c.address for c in drifting.plan().changes] == ["User/ada@x.org"]
    take_one_of(drifting, "User/ada@x.org")
    assert "- displayName:   Countess\n    userPrincipalName" in people(drifting)
    assert drifting.plan().changes == () and take_one_of(drifting, "User/ada@x.org") is None


def test_a_value_that_is_gone_and_an_account_that_was_disabled_are_taken_over(drifting: World) -> None:
    drifting.edit("bob@x.org", "title", 'Chef: de "rang"')
    take_one_of(drifting, "User/bob@x.org")
    assert people(drifting) == FILE.replace("jobTitle: Cook", 'jobTitle: "Chef: de \\"rang\\""')
    drifting.edit("ada@x.org", "active", False)
    take_one_of(drifting, "User/ada@x.org")
    assert "    manager: grace@x.org\n    accountEnabled: false\n\n  - {user" in people(drifting)
    assert [c.address for c in drifting.plan().changes] == ["Group/Net"]
    drifting.edit("bob@x.org", "title", None)
    take_one_of(drifting, "User/bob@x.org")
    assert "  - {userPrincipalName: bob@x.org, displayName: Bob}  # in a line\n" in people(drifting)
    drifting.edit("ada@x.org", "active", True)
    take_one_of(drifting, "User/ada@x.org")
    assert drifting.plan().changes == () and "accountEnabled" not in people(drifting)


def test_members_are_taken_over_where_they_stand(drifting: World) -> None:
    net, bob = drifting.group("Net"), drifting.find("bob@x.org")["id"]
    kept = [m for m in net["members"] if m["value"] != drifting.find("ada@x.org")["id"]]
    drifting.client.patch("Groups", net["id"], [{"op": "replace", "path": "members", "value": [*kept, {"value": bob}]}])
    take_one_of(drifting, "Group/Net")
    text = (drifting.folder / "desired/directory/groups/g.yaml").read_text()
    assert "  # the boss\n  - grace@x.org\n" in text and "- bob@x.org\n" in text and "ada" not in text
    assert drifting.plan().changes == ()


@pytest.mark.parametrize(("mapping", "path", "why"), [
    ("constant: Boss", "title", "is the constant 'Boss' in .*mappings.yaml:"),
    ("expression: 'Left([jobTitle], 2)'", "title", "Left.* cannot be inverted"),
    ("source: jobTitle", "userName", "a rename, to be declared with `previously: .bob@x.org.`"),
])  # fmt: skip
def test_what_no_row_can_say_is_refused_and_nothing_is_written(drifting: World, mapping: str, path: str, why: str) -> None:
    drifting.write("apps/wiki/mappings.yaml", PLAIN.replace("source: jobTitle", mapping))
    drifting.converge()
    drifting.edit("bob@x.org", path, "another")
    with pytest.raises(ImportRefused, match=why):
        take_one_of(drifting, "User/bob@x.org")
    assert people(drifting) == FILE


def test_a_source_that_two_attributes_share_cannot_follow_one_of_them(drifting: World) -> None:
    drifting.write("apps/wiki/mappings.yaml", PLAIN.replace("source: extensionAttributes.nick name", "source: displayName"))
    drifting.converge()
    drifting.edit("ada@x.org", "nickName", "Countess")
    with pytest.raises(ImportRefused, match="would still update"):
        take_one_of(drifting, "User/ada@x.org")
    assert people(drifting) == FILE


def test_an_account_that_is_gone_and_an_address_that_nobody_bears_are_refused(drifting: World) -> None:
    drifting.client.delete("Users", drifting.find("bob@x.org")["id"])
    for address, why in (("User/bob@x.org", "no account"), ("User/carl@x.org", "nothing is declared")):
        with pytest.raises(ImportRefused, match=why):
            take_one_of(drifting, address)


@pytest.mark.parametrize("text", [
    FILE[: FILE.index("  # the first")].replace("\n", "\r\n"),
    "users: [{userPrincipalName: ada@x.org, displayName: Ada}, {userPrincipalName: b}]  # one\n",
    "users:\n-   userPrincipalName: ada@x.org\n    displayName: |\n      # Ada\n      # L\n# tail\n",
    '\ufeffusers:\n  - userPrincipalName: "ada@x.org"\n    displayName: >-\n      Ada\n',
])  # fmt: skip
def test_an_edit_keeps_line_ends_brackets_and_block_texts(text: str) -> None:
    rows = parse(text.encode(), "x").data["users"]
    again = revise("users", text, "x.yaml", {0: {**rows[0], "jobTitle": "on"}}, [{"userPrincipalName": "zed"}])
    assert [row.get("jobTitle") for row in parse(again.encode(), "x").data["users"]] == ["on"] + [None] * len(rows)
    assert again.count("\r\n") in (0, again.count("\n"))
    assert "[" in text or set(text.splitlines()) <= set(again.splitlines())


def test_an_anchor_is_kept_and_what_hangs_on_it_is_not_changed_with_it() -> None:
    text = "users:\n- &a\n  userPrincipalName: ada@x.org\n  displayName: Ada  # x\n- <<: *a\n  userPrincipalName: b\n"
    rows = parse(text.encode(), "x").data["users"]
    again = revise("users", text, "x.yaml", {1: {**rows[1], "jobTitle": "on"}})
    assert again == text + '  jobTitle: "on"\n'
    with pytest.raises(ImportRefused, match="without changing more"):
        revise("users", text, "x.yaml", {0: {**rows[0], "jobTitle": "on"}})


ROWS = st.lists(st.dictionaries(st.sampled_from(["displayName", "mail", "jobTitle"]), TEXT), min_size=1, max_size=4)


@given(ROWS, ROWS, st.sets(st.integers(0, 3)))
def test_an_edit_says_exactly_what_was_asked(rows: list[dict[str, Any]], fresh: list[dict[str, Any]], gone: set[int]) -> None:
    rows = [{"userPrincipalName": f"u{i}", **row} for i, row in enumerate(rows)]
    changed = {i: {"userPrincipalName": f"u{i}", **row} for i, row in enumerate(fresh) if i < len(rows)}
    added = [{"userPrincipalName": f"u{i}.5", **row} for i, row in enumerate(fresh)]
    text = revise("users", document("users", rows, "x.yaml"), "x.yaml", changed, added, sorted(gone))
    found = parse(text.encode(), "x").data["users"]
    want = [changed.get(i, row) for i, row in enumerate(rows) if i not in gone]
    assert sorted(found, key=repr) == sorted(want + added, key=repr)
