"""Roles that an API beside SCIM holds, against an API in memory and a real SCIM service: planned, given, taken, kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.cycle.role_due import IN_TURN, PRIVILEGED_IN_TURN
from reconciler.cycle.role_reading import Anew, Asked, RoleNames, read_roles
from reconciler.cycle.role_source import role_source
from reconciler.declare.load import load
from reconciler.plan.access.held import held, is_unused
from reconciler.plan.change import Action
from reconciler.plan.live import Live, LiveObject, Part, RolesRead
from reconciler.plan.roles_beside import memory
from reconciler.plan.strangers import of_people_alone, of_strangers
from reconciler.plan.unmapped import problems
from reconciler.record.open import recovered
from reconciler.report.held import as_csv
from reconciler.report.html import access as page
from reconciler.rolesources.model import Catalog, Edit, Named, Person
from tests.support.role_api import DECLARED, MAPPINGS, PLACES, MemoryRoles, lost, source
from tests.support.role_api import ROLES as ROLES_THERE
from tests.support.warned import texts
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
    source(world).give("ada@x.org", ("*", "13"), ("1", "12"), ("2", "11"))
    source(world).log = [Edit("ada@x.org", "2099-01-01T00:00:00Z", "Boss (boss@x.org)", "192.0.2.7")]
    plan = world.plan()
    assert plan.changes == ()
    by = "edited by Boss (boss@x.org) on 2099-01-01 from 192.0.2.7"
    for what in ("Account Admin in Production", "Organization Admin in Staging (privileged)"):
        begins = f"{what} stays on 1 account, since nothing here gave it: User/ada@x.org ({by}); assign it, "
        assert any(w.startswith(begins) for w in texts(plan.warnings))
    rows = held(world.session().planned.context)
    assert {(row.login, row.what, row.reason) for row in rows} == {
        ("ada@x.org", "User", ""),
        ("ada@x.org", "Account Admin in Production", by),
        ("ada@x.org", "Organization Admin in Staging", by),
        ("bob@x.org", "User", ""),
    }


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


def locked(world: World, *kept: str) -> list[str]:
    """What blocks it that ada loses the role where one administrator has to be left; `kept` are more assignments."""
    app = (world.folder / "desired/apps/wiki/app.yaml").read_text()
    world.write("apps/wiki/app.yaml", app + "safeguards: {lockout: {role: Organization Admin, minimumActive: 1}}\n")
    world.assign("user: ada@x.org, role: Organization Admin", "user: bob@x.org, role: User", *kept)
    world.converge()
    world.assign("user: ada@x.org, role: User", "user: bob@x.org, role: User", *kept)
    return [item.name for item in world.session().guarded.blocking]


def edited(world: World, name: str, *grants: tuple[str, str]) -> None:
    source(world).give(name, *grants)
    source(world).log.append(Edit(name, "2099-01-01T00:00:00Z", "Boss (boss@x.org)"))


@pytest.mark.parametrize("grants", [[("*", "11")], [("2", "11")]], ids=["in all account groups", "in one of two"])
def test_lockout_counts_who_holds_the_role_in_part_or_in_more_than_declared(world: World, grants: list[tuple[str, str]]) -> None:
    assert locked(world) == ["lockout"]
    edited(world, "bob@x.org", ("*", "13"), *grants)
    assert not world.session().guarded.blocking


def test_lockout_does_not_count_who_holds_it_where_it_is_not_declared_for(world: World) -> None:
    source(world).catalog_now = Catalog(ROLES_THERE, (*PLACES, Named("3", "Lab")))
    assert locked(world) == ["lockout"]
    edited(world, "bob@x.org", ("*", "13"), ("3", "11"))
    assert [item.name for item in world.session().guarded.blocking] == ["lockout"]


def test_lockout_counts_another_declared_role_that_is_the_same_there(world: World) -> None:
    world.write(
        "apps/wiki/roles.yaml",
        ROLES + "  - {value: all, displayName: All, thousandeyes: {role: organization admin, accountGroups: all}}\n",
    )
    assert locked(world, "user: bob@x.org, role: All") == []
    gains = [(row.what, row.privileged) for row in world.session().planned.plan.access]
    assert ("Organization Admin", True) in gains


def test_lockout_counts_whom_the_api_of_roles_alone_lists(world: World) -> None:
    source(world).alone = ["root@x.org", "clerk@x.org"]
    source(world).give("clerk@x.org", ("1", "90"))
    source(world).give("root@x.org", ("2", "13"))
    assert locked(world) == ["lockout"]
    edited(world, "root@x.org", ("2", "11"))
    session = world.session()
    assert not session.guarded.blocking
    assert [w for w in texts(session.planned.plan.warnings) if "SCIM does not list" in w] == [
        "1 person whom SCIM does not list holds Organization Admin (privileged): root@x.org; "
        "take it away there if it is not meant"
    ]
    source(world).alone.remove("root@x.org")
    assert [item.name for item in world.session().guarded.blocking] == ["lockout"]


def test_of_whom_scim_lists_nobody_says_the_contrary_after_a_part_of_it_was_read(world: World) -> None:
    world.assign("user: ada@x.org, role: Organization Admin", "user: bob@x.org, role: Organization Admin")
    world.converge()
    session, record = world.session(), recovered(world.store)
    context = session.planned.context
    assert record is not None
    live = context.live
    (ada,) = (account for account in live.users.values() if account.name == "ada@x.org")
    part = Live({ada.id: ada}, unknown={"User/bob@x.org": "not asked for"})
    found = read_roles(world.role_source, context.resolution, record, part)
    assert [person.email for person in found.roles.people.values()] == ["ada@x.org"]
    kept = memory(found, record.entries, record.role_api)
    assert kept["seen"].keys() == record.role_api["seen"].keys(), "nobody is forgotten"
    bob = next(person for person in source(world).people() if person.email == "bob@x.org")
    seen = {"beside/" + bob.id: {"at": "2026-06-01T00:00:00Z", "held": ["1/11", "2/11"]}}
    roles = found.roles._replace(people={"beside/" + bob.id: bob}, seen=seen)
    for whole, expected in ((live, ["bob@x.org"]), (part, [])):
        told = replace(context, live=replace(whole, roles=roles))
        assert [email for _, email, _ in of_people_alone(told)] == expected
        assert any("SCIM does not list" in words for words in texts(of_strangers(told, ()))) is bool(expected)


@pytest.mark.parametrize("declared", [True, False])
def test_a_role_that_manages_others_and_is_not_declared_privileged_is_a_warning_at_its_line(world: World, declared: bool) -> None:
    world.write("apps/wiki/roles.yaml", ROLES if declared else ROLES.replace("    privileged: true\n", ""))
    said = [w for w in texts(world.plan().warnings) if "others are managed" in w]
    assert said == ([] if declared else [
        f"{world.folder}/desired/apps/wiki/roles.yaml:4: Organization Admin is Organization Admin there, by which others are "
        "managed: say `privileged: true` of it"
    ])  # fmt: skip


def test_an_administrator_in_part_counts_as_one_who_loses_it(world: World) -> None:
    """With `assertive` what is held beside is taken: the last administrator would go."""
    app = (world.folder / "desired/apps/wiki/app.yaml").read_text()
    world.write("apps/wiki/app.yaml", app + "safeguards: {lockout: {role: Organization Admin, minimumActive: 1}}\n")
    world.write("apps/wiki/roles.yaml", ROLES + "assertive: true\n")
    world.assign("user: ada@x.org, role: Organization Admin", "user: bob@x.org, role: User")
    world.converge()
    source(world).log = [Edit(name, "2099-01-01T00:00:00Z", "Boss (boss@x.org)") for name in ("ada@x.org", "bob@x.org")]
    source(world).give("ada@x.org", ("*", "11"))
    session = world.session()
    assert not session.guarded.blocking, "one write gives what is declared and takes the rest"
    assert [(row.what, row.privileged) for row in session.planned.plan.access if not row.gains] == [
        ("Organization Admin in all account groups", True)
    ]
    world.assign("user: ada@x.org, role: User", "user: bob@x.org, role: User")
    assert [item.name for item in world.session().guarded.blocking] == ["lockout"]


@pytest.mark.parametrize("privileged", [True, False])
def test_the_last_administrators_are_counted_by_what_the_role_was_when_it_was_given(world: World, privileged: bool) -> None:
    """The same value, assigned as before, is another role there from now on."""
    app = (world.folder / "desired/apps/wiki/app.yaml").read_text()
    world.write("apps/wiki/app.yaml", app + "safeguards: {lockout: {role: Organization Admin, minimumActive: 2}}\n")
    everybody = ("user: ada@x.org, role: Organization Admin", "user: bob@x.org, role: Organization Admin")
    world.assign(*everybody)
    world.converge()
    other = ROLES.replace("{role: Organization Admin,", "{role: Regular User,").replace(
        "privileged: true", f"privileged: {str(privileged).lower()}"
    )
    world.write("apps/wiki/roles.yaml", other)
    session = world.session()
    (lockout,) = session.guarded.blocking
    assert (lockout.name, lockout.counted) == ("lockout", {"User/ada@x.org", "User/bob@x.org"})
    assert lockout.detail.endswith(
        "0 active holders of Organization Admin, as it was when last given (Organization Admin in Production, "
        "Organization Admin in Staging), would be left, at least 2 are needed"
    )
    lost = {(row.what, row.privileged) for row in session.planned.plan.access if not row.gains}
    assert lost == {("Organization Admin in Production", True), ("Organization Admin in Staging", True)}
    (said,) = [w for w in texts(session.planned.plan.warnings) if "something else there" in w]
    assert said == (
        f"Organization Admin is something else there from now on ({world.folder}/desired/apps/wiki/roles.yaml:5): when last "
        "given it was Organization Admin in Production, Organization Admin in Staging"
    )
    for name in ("root@x.org", "chief@x.org"):
        world.bare.create("Users", {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name})
        source(world).give(name, ("*", "11"))
    assert not world.session().guarded.blocking


def test_another_role_that_is_what_a_privileged_one_was_is_privileged(world: World) -> None:
    world.assign("user: ada@x.org, role: Organization Admin", "user: bob@x.org, role: User")
    world.converge()
    other = ROLES.replace("{role: Organization Admin,", "{role: NOC Viewer,")
    ops = "  - {value: ops, displayName: Ops, thousandeyes: {role: Organization Admin, accountGroups: all}}\n"
    world.write("apps/wiki/roles.yaml", other + ops)
    world.assign("user: ada@x.org, role: User", "user: bob@x.org, role: Ops")
    gained = {(row.address, row.what, row.privileged) for row in world.session().planned.plan.access if row.gains}
    assert ("User/bob@x.org", "Ops", True) in gained


def test_a_role_that_holds_in_more_places_than_before_locks_nobody_out(world: World) -> None:
    app = (world.folder / "desired/apps/wiki/app.yaml").read_text()
    world.write("apps/wiki/app.yaml", app + "safeguards: {lockout: {role: Organization Admin, minimumActive: 1}}\n")
    world.assign("user: ada@x.org, role: Organization Admin", "user: bob@x.org, role: User")
    world.converge()
    world.write("apps/wiki/roles.yaml", ROLES.replace("accountGroups: [Production, Staging]", "accountGroups: all", 1))
    session = world.session()
    assert not session.guarded.blocking
    assert not [w for w in texts(session.planned.plan.warnings) if "something else" in w]
    world.converge()


def test_who_holds_a_privileged_role_in_part_is_privileged_in_access_too(world: World) -> None:
    world.converge()
    edited(world, "ada@x.org", ("*", "13"), ("*", "11"), ("1", "12"))
    rows = held(world.session().planned.context)
    assert {(row.what, row.privileged) for row in rows if row.login == "ada@x.org"} == {
        ("Organization Admin in all account groups", True),
        ("User", False),
        ("Account Admin in Production", False),
    }


def test_a_role_that_is_the_same_there_as_a_privileged_one_is_privileged(world: World) -> None:
    role = "  - {{value: ops, displayName: Ops, thousandeyes: {{role: {}, accountGroups: {}}}}}\n"
    for name, groups, expected in (
        ("organization admin", "all", True),
        ("Organization Admin", "[staging]", True),
        ("Organization Admin", "[Lab]", False),
        ("Account Admin", "all", False),
    ):
        world.write("apps/wiki/roles.yaml", ROLES + role.format(name, groups))
        assert load(world.folder / "desired").declarations.apps["wiki"].roles["ops"].privileged is expected, (name, groups)


def test_duties_are_kept_apart_also_where_one_of_them_was_given_there(world: World) -> None:
    world.write(
        "policies/a.yaml", "policies: [{name: Apart, separationOfDuties: [Organization Admin, NOC], remedy: take one away}]\n"
    )
    world.converge()
    edited(world, "ada@x.org", ("*", "13"), ("2", "11"))
    assert not world.session().guarded.blocking
    world.assign("user: ada@x.org, role: NOC", "user: bob@x.org, role: User")
    assert [item.name for item in world.session().guarded.blocking] == ["policies"]


# Who edited what, and whom a plan reads


@pytest.mark.parametrize("lacks", [True, False])
def test_a_log_that_cannot_be_read_ends_no_plan_and_is_said(world: World, lacks: bool) -> None:
    world.converge()
    read = recovered(world.store).role_api["read"]  # type: ignore[union-attr]
    source(world).lacks, source(world).broken = ({"edits"}, set()) if lacks else (set(), {"edits"})
    world.assign("user: ada@x.org, role: NOC", "user: bob@x.org, role: User")
    plan = world.plan()
    assert [change.address for change in plan.changes] == ["User/ada@x.org"]
    why = "the token may not read the activity log of ThousandEyes v7"
    assert [w for w in texts(plan.warnings) if w.startswith("who edited")] == [
        "who edited roles is not known: "
        + (why if lacks else "the activity log of ThousandEyes v7 could not be read (GET /v7/edits: answered 500)")
    ]
    assert world.apply().complete
    assert recovered(world.store).role_api["read"] == read, "what is not heard now is asked for later"  # type: ignore[union-attr]


def test_a_log_of_a_part_is_read_and_that_it_is_one_is_said(world: World) -> None:
    world.converge()
    source(world).lacking = "the log shows the token its owner's own doing"
    session = world.session()
    assert [w for w in texts(session.planned.plan.warnings) if "others' edits" in w] == [
        "others' edits of roles are not known, or not all of them: the log shows the token its owner's own doing; whoever was "
        "edited so is as last seen, until `--refresh roles` reads everybody's or it is their turn"
    ]
    world.now = "2026-06-02T00:00:00Z"
    world.assign("user: ada@x.org, role: NOC", "user: bob@x.org, role: User")
    assert world.apply().complete
    assert recovered(world.store).role_api["read"] == world.now, "what was asked for is not asked for again"  # type: ignore[union-attr]


def many(world: World, count: int) -> list[str]:
    """So many people with one role, read once."""
    names = [f"u{number:02}@x.org" for number in range(count)]
    world.users(*(f"userPrincipalName: {name}, displayName: {name}" for name in names))
    world.groups("displayName: All, members: [" + ", ".join(names) + "]")
    world.assign("group: All, role: User")
    world.converge()
    return names


def reads(world: World) -> set[str]:
    """Who is read by a plan, by name."""
    source(world).calls.clear()
    world.plan()
    return {call.split()[1] for call in source(world).calls if call.startswith("read ")}


def test_whom_the_log_names_is_read_however_many_they_are(world: World) -> None:
    names = many(world, 30)
    in_turn = reads(world)
    named = [name for name in names if name not in in_turn][:12]
    assert len(in_turn) == IN_TURN and len(named) == 12
    source(world).log = [Edit(name, "2099-01-01T00:00:00Z", "Boss (boss@x.org)") for name in named]
    assert reads(world) >= set(named)
    assert len(reads(world)) == len(named) + IN_TURN


def test_the_part_that_is_read_in_turn_moves_on_and_comes_round(world: World) -> None:
    many(world, 12)
    world.assign("group: All, role: User", *(f"user: u{number:02}@x.org, role: Organization Admin" for number in range(6)))
    world.converge()
    context, record = world.session().planned.context, recovered(world.store)
    assert record is not None
    rounds = []
    for seen in record.role_api["seen"].values():
        seen["at"] = "2026-06-01T00:00:00Z"
    for _ in range(2):
        source(world).calls.clear()
        live = read_roles(world.role_source, context.resolution, record, context.live)
        rounds.append({call.split()[1] for call in source(world).calls if call.startswith("read ")})
        assert len(rounds[-1]) == IN_TURN + PRIVILEGED_IN_TURN
        record.know_roles(memory(live, record.entries, record.role_api))
    assert rounds[0].isdisjoint(rounds[1])
    assert rounds[0] | rounds[1] == {f"u{number:02}@x.org" for number in range(12)}


def test_before_a_privileged_role_is_taken_everybody_is_read_who_holds_one(world: World) -> None:
    many(world, 12)
    admins = [f"user: u{number:02}@x.org, role: Organization Admin" for number in range(8)]
    world.assign("group: All, role: User", *admins)
    world.converge()
    assert len(reads(world)) == IN_TURN + PRIVILEGED_IN_TURN
    world.assign("group: All, role: User", *admins[1:])
    assert reads(world) >= {f"u{number:02}@x.org" for number in range(8)}


def test_ten_requests_are_enough_where_fifty_of_a_thousand_hold_a_privileged_role(world: World) -> None:
    world.converge()
    context, record = world.session().planned.context, recovered(world.store)
    assert record is not None
    accounts = [{"id": f"a{number}", "userName": f"a{number}@x.org"} for number in range(1000)]
    for number in range(50):
        source(world).give(f"a{number}@x.org", ("*", "13"), ("1", "11"))
    source(world).accounts, slots = lambda: accounts, len(context.resolution.user_mapping.slots)
    users = {a["id"]: LiveObject(a["id"], a["userName"], (None,) * slots, None, True) for a in accounts}
    live = Live(users)
    everybody = read_roles(world.role_source, context.resolution, record, live)
    assert source(world).asked("read") >= 1000
    record.know_roles(memory(everybody, record.entries, record.role_api))
    source(world).calls.clear()
    found = read_roles(world.role_source, context.resolution, record, live)
    assert len(source(world).calls) <= 10, source(world).calls[:20]
    assert len(found.roles.as_of) == 1000 - IN_TURN - PRIVILEGED_IN_TURN


def test_what_is_not_read_is_said_with_its_age_and_how_many_are_privileged(world: World) -> None:
    many(world, 12)
    world.assign("group: All, role: User", *(f"user: u{number:02}@x.org, role: Organization Admin" for number in range(5)))
    world.converge()
    (said,) = [w for w in texts(world.plan().warnings) if "as last seen" in w]
    day = "2026-06-01"  # of the apply that gave them
    assert said == (
        f"the roles of 6 accounts are as last seen, some on {day}, of 2 with a privileged role on {day} or later; "
        "`--refresh roles` reads everybody's now"
    )


# What a plan may not do, and in which order


@pytest.mark.parametrize(
    ("roles", "places", "words"),
    [
        ((*ROLES_THERE, Named("91", "NOC Viewer")), PLACES, r"roles\.yaml:11:\d+: 2 roles are called 'NOC Viewer' \(90, 91\)"),
        (ROLES_THERE, (*PLACES, Named("9", "Staging")), r"roles\.yaml:5:\d+: 2 account groups are called 'Staging' \(2, 9\)"),
    ],
)
def test_a_name_that_is_there_twice_is_an_error_at_its_line(
    world: World, roles: tuple[Named, ...], places: tuple[Named, ...], words: str
) -> None:
    source(world).catalog_now = Catalog(roles, places)
    with pytest.raises(RoleNames, match=words) as caught:
        world.plan()
    assert caught.value.remedy == "give each its own name there"


@pytest.mark.parametrize(
    ("said", "driver", "problems"),
    [
        ("roleSource: thousandeyes-v7", "thousandeyes-v7", []),
        ("roles: {driver: thousandeyes-v7}", "thousandeyes-v7", []),
        ("roleSource: none", None, []),
        ("roleSource: thousandeyes-v7\nroles: {apiUrl: 'https://a.example.com/v7'}", "thousandeyes-v7", []),
        ("roleSource: thousandeyes-v7\nroles: {driver: thousandeyes-v7}", "thousandeyes-v7", []),
        ("roleSource: thousandeyes-v7\nroles: {driver: none}", None,
         ["roleSource is thousandeyes-v7, and the driver of roles is none"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("profile", ["thousandeyes", "generic"])
def test_app_yaml_names_the_driver_in_short_or_beside_its_address(
    world: World, profile: str, said: str, driver: str | None, problems: list[str]
) -> None:
    app = (world.folder / "desired/apps/wiki/app.yaml").read_text().replace("profile: thousandeyes", f"profile: {profile}")
    world.write("apps/wiki/app.yaml", f"{app}{said}\n")
    loaded = load(world.folder / "desired")
    api = loaded.declarations.apps["wiki"].role_api
    assert (api and api.driver, [problem.message for problem in loaded.problems if problem.severity == "error"]) == (
        driver,
        problems,
    )


def test_an_account_group_that_is_named_twice_in_another_case_is_an_error_at_its_line(world: World) -> None:
    world.write("apps/wiki/roles.yaml", ROLES.replace("[Production, Staging]", "[Production, Staging, production]", 1))
    found = [problem for problem in load(world.folder / "desired").problems if problem.code == "duplicate"]
    assert [(problem.place.line, problem.message) for problem in found] == [
        (5, "the account group production is named twice: names go whatever their case")
    ]


def test_validate_says_nothing_of_roles_that_the_api_still_carries_and_the_right_thing_where_it_is_left_out(world: World) -> None:
    world.converge()
    app, record = (world.folder / "desired/apps/wiki/app.yaml").read_text(), recovered(world.store)
    assert record is not None and "roles" in record.carrying

    def said(text: str, roles: str) -> list[tuple[str, str]]:
        world.write("apps/wiki/app.yaml", text)
        world.write("apps/wiki/roles.yaml", roles)
        found = load(world.folder / "desired").declarations.apps["wiki"]
        return [(problem.message, problem.remedy) for problem in problems(found, record)]

    assert said(app, ROLES) == []
    words = "roles were given over the API beside SCIM when last applied, and no longer are: people keep on the service "
    words += "what it gave them"
    first = "or take it away first, in a change of its own"
    assert said(app + "roles: {driver: none}\n", ROLES) == [(words, f"take `driver: none` out of `roles` in app.yaml, {first}")]
    plain = "roles: [{value: user, displayName: User}]\n"
    assert said(app, plain) == [(words, f"say in roles.yaml again what each role is there, {first}")]


def test_an_api_that_is_left_out_is_asked_nothing(world: World) -> None:
    app = (world.folder / "desired/apps/wiki/app.yaml").read_text()
    world.write("apps/wiki/app.yaml", app + "roles: {driver: none}\n")
    found = load(world.folder / "desired").declarations.apps["wiki"]
    assert found.role_api is None and found.role_source is None
    assert role_source(found, world.client, None) is None
    world.role_source = None
    world.converge()
    assert world.session().planned.context.live.roles == RolesRead()


def test_who_is_deleted_loses_the_roles_first(world: World) -> None:
    app = (world.folder / "desired/apps/wiki/app.yaml").read_text()
    world.write("apps/wiki/app.yaml", app + "deprovisioning: {outOfScope: delete, removedFromDirectory: delete}\n")
    world.write(
        "apps/wiki/mappings.yaml", MAPPINGS.replace("users:\n", "users:\n    targetObjectActions: [create, update, delete]\n")
    )
    world.converge()
    world.users("userPrincipalName: bob@x.org, displayName: Bob")
    world.groups("[]")
    world.assign("user: bob@x.org, role: User")
    there: list[bool] = []
    source(world).before = lambda name: there.append(any(i.get("userName") == name for i in world.everything().values()))
    (change,) = world.plan().changes
    assert change.action == Action.DELETE
    world.converge()
    assert there == [True]
    assert source(world).of("ada@x.org") == set()
    assert not [item for item in world.everything().values() if item.get("userName") == "ada@x.org"]


def test_an_attribute_and_a_role_go_in_one_change(world: World) -> None:
    world.converge()
    world.users("userPrincipalName: ada@x.org, displayName: Countess", "userPrincipalName: bob@x.org, displayName: Bob")
    world.assign("user: ada@x.org, role: NOC", "user: bob@x.org, role: User")
    (change,) = world.plan().changes
    assert sorted(a.path for a in change.attributes) == ["displayName", "roles"]
    result = world.apply()
    assert [(outcome.change.address, outcome.status) for outcome in result.outcomes] == [("User/ada@x.org", "done")]
    assert world.plan().changes == ()
    assert source(world).of("ada@x.org") == {("NOC Viewer", "Production")}
    assert {i["displayName"] for i in world.everything().values() if "userName" in i} == {"Countess", "Bob"}


def test_whoever_loses_a_role_is_written_before_whoever_gains_one(world: World) -> None:
    world.assign("user: ada@x.org, role: User", "user: bob@x.org, role: NOC")
    world.converge()
    world.assign("user: ada@x.org, role: User", "user: ada@x.org, role: NOC", "user: bob@x.org, role: User")
    source(world).calls.clear()
    world.converge()
    assert [call for call in source(world).calls if call.startswith("put")] == ["put bob@x.org", "put ada@x.org"]


def test_a_group_that_gives_a_privileged_role_over_that_api_is_halved_as_any_other(tmp_path: Path) -> None:
    world = World(tmp_path, "generic", rate={"perMinute": 100000, "burst": 1000})
    app = (world.folder / "desired/apps/wiki/app.yaml").read_text()
    limits = "safeguards: {groupMembership: {percent: 60, minimumExisting: 1}}\n"
    world.write("apps/wiki/app.yaml", app + "roles: {driver: thousandeyes-v7}\n" + limits)
    groups = MAPPINGS.replace("groups: {enabled: false}", "groups: {attributes: [{target: displayName, source: displayName, "
        "matchingPrecedence: 1}, {target: members, source: members}]}")  # fmt: skip
    world.write("apps/wiki/mappings.yaml", groups)
    world.write("apps/wiki/roles.yaml", ROLES)
    names = [f"u{number}@x.org" for number in range(5)]
    world.users(*(f"userPrincipalName: {name}, displayName: {name}" for name in names))
    world.role_source = MemoryRoles(lambda: world.everything().values())
    for role, blocked in (("Organization Admin", True), ("NOC", False)):
        world.groups("displayName: Ops, members: [" + ", ".join(names) + "]")
        everybody = [f"user: {name}, role: User" for name in names]
        world.assign(f"group: Ops, role: {role}", *everybody)
        assert world.apply().complete
        world.groups("displayName: Ops, members: [" + ", ".join(names[2:]) + "]")
        assert [item.name for item in world.session().guarded.blocking] == (["groupMembership"] if blocked else [])


def test_of_whom_nothing_points_at_the_roles_are_as_last_seen(world: World) -> None:
    names = [f"u{number}@x.org" for number in range(20)]
    world.users(*(f"userPrincipalName: {name}, displayName: {name}" for name in names))
    world.groups("displayName: All, members: [" + ", ".join(names) + "]")
    world.assign("group: All, role: User", "user: u1@x.org, role: Organization Admin")
    world.converge()
    source(world).calls.clear()
    plan = world.plan()
    assert source(world).asked("read") == 1 + IN_TURN
    assert any("are as last seen" in warning for warning in texts(plan.warnings))
    assert len(source(world).calls) <= 10
    world.assign("group: All, role: User", "user: u7@x.org, role: NOC")
    source(world).calls.clear()
    world.plan()
    assert {"read u1@x.org", "read u7@x.org"} <= set(source(world).calls)


@pytest.mark.parametrize("broken", ["", "catalog", "people", "read"])
def test_without_permission_or_in_an_outage_what_scim_carries_goes_on(world: World, broken: str) -> None:
    world.users(*(f"userPrincipalName: {name}@x.org, displayName: {name}" for name in ("ada", "bob", "cy")))
    world.assign("user: ada@x.org, role: User", "user: bob@x.org, role: User", "user: cy@x.org, role: User")
    world.converge()
    source(world).lacks, source(world).broken = ({"catalog"}, set()) if not broken else (set(), {broken})
    world.users("userPrincipalName: ada@x.org, displayName: Countess", "userPrincipalName: bob@x.org, displayName: bob")
    world.assign("user: ada@x.org, role: Organization Admin", "user: bob@x.org, role: NOC")
    plan = world.plan()
    assert [[a.path for a in change.attributes] for change in plan.changes] == [["displayName"], ["active"]]
    (caution,) = plan.cautions
    assert caution.code == "RolesUnknown"
    assert ("answered 500" if broken else "lacks catalog") in caution.text
    assert world.apply().complete
    (cy,) = [item for item in world.everything().values() if item.get("userName") == "cy@x.org"]
    assert cy["active"] is False
    assert source(world).of("ada@x.org") == source(world).of("cy@x.org") == REGULAR


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
    assert as_csv({"wiki": rows}).split("\r\n")[0].endswith(",shown,confirmed,lastLogin,registered")
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
    read_roles(world.role_source, context.resolution, session.record, context.live, Asked(Anew(True), said.append, 10))
    assert source(world).asked("read") == 20
    assert said == ["reading the roles of 20 people, one request each: about 2 min at 10 a minute"]
