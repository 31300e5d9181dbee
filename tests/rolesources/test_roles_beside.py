"""Roles that an API beside SCIM holds, against an API in memory and a real SCIM service: planned, given, taken, kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.cycle.role_reading import IN_TURN, Asked, RoleNames, read_roles
from reconciler.declare.load import load
from reconciler.plan.access.held import held, is_unused
from reconciler.plan.change import Action
from reconciler.plan.live import Part
from reconciler.plan.roles_beside import memory
from reconciler.record.open import recovered
from reconciler.report.held import as_csv
from reconciler.report.html import access as page
from reconciler.rolesources.model import Catalog, Edit, Person
from tests.support.role_api import DECLARED, MAPPINGS, PLACES, MemoryRoles, lost
from tests.support.role_api import ROLES as ROLES_THERE
from tests.support.world import World

ROLES = f"""{DECLARED}\
  - value: noc
    displayName: NOC
    thousandeyes: {{role: NOC Viewer, accountGroups: [Production]}}
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


def test_a_role_that_nothing_here_gave_stays_and_is_named(world: World) -> None:
    world.converge()
    source(world).give("ada@x.org", ("*", "13"), ("1", "12"))
    source(world).log = [Edit("ada@x.org", "2099-01-01T00:00:00Z", "Boss (boss@x.org)", "192.0.2.7")]
    plan = world.plan()
    assert plan.changes == ()
    assert any(w.startswith("Account Admin in Production stays on 1 account") for w in plan.warnings)


def test_with_assertive_it_is_taken_with_whatever_a_new_account_is_given_there(world: World) -> None:
    world.write("apps/wiki/roles.yaml", ROLES + "assertive: true\n")
    world.assign("user: ada@x.org, role: NOC", "user: bob@x.org, role: User")
    world.converge()
    assert source(world).of("ada@x.org") == {("NOC Viewer", "Production")}
    source(world).give("ada@x.org", ("1", "90"), ("1", "12"))
    source(world).log = [Edit("ada@x.org", "2099-01-01T00:00:00Z", "Boss (boss@x.org)", "192.0.2.7")]
    (change,) = world.plan().changes
    assert change.reason.startswith("edited by Boss (boss@x.org) on 2099-01-01 from 192.0.2.7")
    world.converge()
    assert source(world).of("ada@x.org") == {("NOC Viewer", "Production")}


def test_who_loses_a_role_that_holds_elsewhere_by_now_loses_it_where_it_was_given(world: World) -> None:
    world.assign("user: ada@x.org, role: NOC", "user: bob@x.org, role: User")
    world.converge()
    world.write(
        "apps/wiki/roles.yaml", ROLES.replace("NOC Viewer, accountGroups: [Production]", "NOC Viewer, accountGroups: [Staging]")
    )
    world.converge()
    assert source(world).of("ada@x.org") == {("NOC Viewer", "Staging")} | REGULAR


def test_a_role_that_is_declared_no_more_is_taken_from_whoever_was_given_it(world: World) -> None:
    world.assign("user: ada@x.org, role: NOC", "user: ada@x.org, role: User", "user: bob@x.org, role: User")
    world.converge()
    world.write("apps/wiki/roles.yaml", ROLES.partition("  - value: noc")[0])
    world.assign("user: ada@x.org, role: User", "user: bob@x.org, role: User")
    world.converge()
    assert source(world).of("ada@x.org") == REGULAR


def test_lockout_counts_who_holds_the_role_there_although_nobody_manages_them(world: World) -> None:
    app = (world.folder / "desired/apps/wiki/app.yaml").read_text()
    world.write("apps/wiki/app.yaml", app + "safeguards: {lockout: {role: Organization Admin, minimumActive: 1}}\n")
    world.assign("user: ada@x.org, role: Organization Admin", "user: bob@x.org, role: User")
    world.converge()
    world.assign("user: ada@x.org, role: User", "user: bob@x.org, role: User")
    blocking = world.session().guarded.blocking
    assert [item.name for item in blocking] == ["lockout"]
    world.bare.create("Users", {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "root@x.org"})
    source(world).give("root@x.org", ("1", "11"), ("2", "11"))
    assert not world.session().guarded.blocking


def test_of_whom_nothing_points_at_the_roles_are_as_last_seen(world: World) -> None:
    names = [f"u{number}@x.org" for number in range(20)]
    world.users(*(f"userPrincipalName: {name}, displayName: {name}" for name in names))
    world.groups("displayName: All, members: [" + ", ".join(names) + "]")
    world.assign("group: All, role: User", "user: u1@x.org, role: Organization Admin")
    world.converge()
    source(world).calls.clear()
    plan = world.plan()
    assert source(world).asked("read") <= 1 + IN_TURN
    assert any("are as last seen" in warning for warning in plan.warnings)
    assert len(source(world).calls) <= 10
    world.assign("group: All, role: User", "user: u7@x.org, role: NOC")
    source(world).calls.clear()
    world.plan()
    assert {"read u1@x.org", "read u7@x.org"} <= set(source(world).calls)


def test_without_permission_what_scim_carries_goes_on(world: World) -> None:
    world.converge()
    source(world).lacks = {"catalog"}
    world.users("userPrincipalName: ada@x.org, displayName: Countess", "userPrincipalName: bob@x.org, displayName: Bob")
    world.assign("user: ada@x.org, role: Organization Admin", "user: bob@x.org, role: NOC")
    plan = world.plan()
    assert [[a.path for a in change.attributes] for change in plan.changes] == [["displayName"]]
    assert [item.code for item in plan.cautions] == ["RolesUnknown"]
    assert world.apply().complete


def test_who_leaves_is_disabled_although_the_roles_cannot_be_taken(world: World) -> None:
    world.converge()
    source(world).lacks = {"change"}
    world.users("userPrincipalName: bob@x.org, displayName: Bob")
    world.groups("[]")
    world.assign("user: bob@x.org, role: User")
    result = world.apply()
    assert [(outcome.status, "the roles could not be taken" in outcome.message) for outcome in result.outcomes] == [
        ("outstanding", True)
    ]
    (ada,) = [item for item in world.everything().values() if item.get("userName") == "ada@x.org"]
    assert ada["active"] is False


def test_a_name_that_is_not_there_is_an_error_at_its_line_with_the_nearest(world: World) -> None:
    world.write(
        "apps/wiki/roles.yaml", ROLES.replace("accountGroups: [Production, Staging]", "accountGroups: [Production, Stagin]")
    )
    with pytest.raises(RoleNames, match=r"roles\.yaml:5:\d+: there is no account group 'Stagin' on the service") as caught:
        world.plan()
    assert caught.value.remedy == "did you mean 'Staging'?"


def test_nothing_is_asked_where_no_role_says_what_it_is_there(world: World) -> None:
    world.write("apps/wiki/roles.yaml", "roles: [{value: user, displayName: User}]\n")
    loaded = load(world.folder / "desired").declarations.apps["wiki"]
    assert loaded.role_api is None


def test_access_says_when_somebody_last_signed_in(world: World) -> None:
    world.converge()
    rows = held(world.session().planned.context)
    assert {(row.login, row.what, row.last_login) for row in rows} == {
        ("ada@x.org", "User", "2026-05-01T00:00:00Z"),
        ("bob@x.org", "User", "2026-05-01T00:00:00Z"),
    }
    assert [is_unused(rows[0], since) for since in ("2026-05-02T00:00:00Z", "2026-04-30T00:00:00Z")] == [True, False]
    assert is_unused(rows[0]._replace(last_login=""), "2026-05-02T00:00:00Z")
    assert not is_unused(rows[0]._replace(last_login="", registered=""), "2026-05-02T00:00:00Z")
    assert as_csv({"wiki": rows}).split("\r\n")[0].endswith(",shown,lastLogin,registered")
    text = page.render({"wiki": rows}, "now")
    assert "Last sign-in" in text and "2026-05-01T00:00:00Z" in text
    assert "never" in page.render({"wiki": [rows[0]._replace(last_login="")]}, "now")
    assert "Last sign-in" not in page.render({"wiki": [rows[0]._replace(last_login="", registered="")]}, "now")


def test_an_apply_of_a_part_forgets_nothing_of_the_others(world: World) -> None:
    world.converge()
    before = recovered(world.store)
    session = world.session()
    live = replace(session.planned.context.live, part=Part(frozenset({"User/ada@x.org"})))
    (ada,) = (id for id, account in live.users.items() if account.name == "ada@x.org")
    live = replace(live, roles=live.roles._replace(seen={ada: {"at": "2026-06-02T00:00:00Z", "held": []}}, read="later"))
    assert before is not None
    kept = memory(live, before.entries, before.role_api)
    assert kept["read"] == before.role_api["read"]
    assert {id: seen["held"] for id, seen in kept["seen"].items()} == {
        id: [] if id == ada else ["*/13"] for id in session.planned.context.live.users
    }


def test_who_is_put_out_is_put_out_whatever_is_wrong_with_the_names_of_roles(world: World) -> None:
    world.converge()
    resolution, live = (lambda context: (context.resolution, context.live))(world.session().planned.context)
    source(world).catalog_now = Catalog(tuple(role for role in ROLES_THERE if role.name != "NOC Viewer"), PLACES)
    with pytest.raises(RoleNames):
        read_roles(world.role_source, resolution, None, live)
    found = read_roles(world.role_source, resolution, None, live, Asked(urgent=True))
    assert [[role["value"] for role in account.values[-1]] for account in found.users.values()] == [["user"], ["user"]]
    world.role_source.people = broken  # type: ignore[union-attr]
    assert "GET /v7/users: no answer" in read_roles(world.role_source, resolution, None, live, Asked(urgent=True)).roles.why


def broken() -> list[Person]:
    raise lost("GET /v7/users")


def test_everybody_is_read_where_that_is_asked_for_and_how_long_it_takes_is_said(world: World) -> None:
    names = [f"u{number}@x.org" for number in range(20)]
    world.users(*(f"userPrincipalName: {name}, displayName: {name}" for name in names))
    world.groups("displayName: All, members: [" + ", ".join(names) + "]")
    world.assign("group: All, role: User")
    world.converge()
    session, said = world.session(), list[str]()
    context = session.planned.context
    source(world).calls.clear()
    read_roles(world.role_source, context.resolution, session.record, context.live, Asked(True, said.append, 10))
    assert source(world).asked("read") == 20
    assert said == ["reading the roles of 20 people, one request each: about 2 min at 10 a minute"]
