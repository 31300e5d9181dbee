"""Roles of ThousandEyes from declarations to the service and back, over both of its APIs as the simulator serves them."""

from __future__ import annotations

import json
import signal
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from reconciler.apply.model import Result
from reconciler.cycle import last_applied
from reconciler.cycle.randomness import SystemChance
from reconciler.cycle.session import Session
from reconciler.cycle.write import Request, write
from reconciler.declare.errors import ReconcileError
from reconciler.declare.load import load
from reconciler.declare.yaml.document import parse
from reconciler.demo.thousandeyes.organisation import Person
from reconciler.demo.thousandeyes.permissions import (
    API,
    EDIT_EVERYWHERE,
    EDIT_USERS,
    ORGANIZATION_ADMIN,
    REGULAR_USER,
    VIEW_USERS,
)
from reconciler.plan.change import Action
from reconciler.plan.model import Plan
from reconciler.record.model import Record
from reconciler.report.colours import uncoloured
from reconciler.report.text import render
from tests.support.kills import Service, deadly, run
from tests.support.role_api import DECLARED, MAPPINGS
from tests.support.servers import APP, Desk
from tests.support.thousandeyes import BOSS, TOKEN, Office, RolesWorld, Running, serving
from tests.support.warned import texts

QUICK = {"perMinute": 100000, "burst": 10000}
ROLES = f"""{DECLARED}\
  - value: night
    displayName: Night shift
    thousandeyes: {{role: Night shift, accountGroups: [Staging]}}
"""
ADA, BOB = "userPrincipalName: ada@x.org, displayName: Ada", "userPrincipalName: bob@x.org, displayName: Bob"
USER = ("user: ada@x.org, role: User", "user: bob@x.org, role: User")
ADMIN = {(ORGANIZATION_ADMIN, "Production"), (ORGANIZATION_ADMIN, "Staging")}
REGULAR = {(REGULAR_USER, "all")}


@pytest.fixture
def world(tmp_path: Path) -> RolesWorld:
    """Two people and a group of one of them; the service has one role of its own."""
    world = RolesWorld(tmp_path, rate=QUICK)
    world.write("apps/wiki/mappings.yaml", MAPPINGS)
    world.write("apps/wiki/roles.yaml", ROLES)
    world.users(ADA, BOB)
    world.groups("displayName: Ops, members: [ada@x.org]")
    world.assign(*USER)
    world.office.organisation.new_role("Night shift", (API,))
    return world


def roles(plan: Plan) -> list[tuple[str, list[str], list[str]]]:
    """What a plan does to roles: who, before, after."""
    return [
        (change.address, [role["value"] for role in a.before or ()], [role["value"] for role in a.after or ()])
        for change in plan.changes
        for a in change.attributes
        if a.path == "roles"
    ]


def text(plan: Plan) -> str:
    return render(plan, uncoloured)


def carried_out(world: RolesWorld, session: Session) -> Result:
    """A plan that was made before something happened."""
    changes = session.planned.plan.changes
    return write(session, changes, Request(), lambda: world.now, SystemChance(), lambda outcome: None, lambda: False)


def puts(world: RolesWorld) -> int:
    return sum(request.startswith("PUT /v7") for request in world.line.requests())


# The story of a group that gives a role until a date


def test_a_group_gives_a_role_until_a_date_and_then_it_is_gone(world: RolesWorld) -> None:
    world.assign("group: Ops, role: Organization Admin, expires: 2026-06-30, reason: NET-1432", *USER)
    world.converge()
    assert world.held("ada@x.org") == ADMIN | REGULAR and world.held("bob@x.org") == REGULAR
    world.today = "2026-07-01"
    (change,) = world.plan().changes
    assert change.causes == ("time",) and roles(world.plan()) == [("User/ada@x.org", ["orgAdmin", "user"], ["user"])]
    world.converge()
    assert world.held("ada@x.org") == REGULAR


def test_an_account_that_is_new_has_its_roles_after_the_same_apply_and_a_leaver_loses_them_first(world: RolesWorld) -> None:
    world.users(ADA)
    world.assign("group: Ops, role: Organization Admin", "group: Ops, role: Night shift")
    world.converge()
    assert world.held("ada@x.org") == ADMIN | {("Night shift", "Staging")} | REGULAR
    world.line.requests()
    world.groups("[]")
    world.assign()
    (change,) = world.plan().changes
    everything = ["orgAdmin", "user", "night"]
    assert change.action == Action.DISABLE and roles(world.plan()) == [("User/ada@x.org", everything, [])]
    world.line.requests()
    world.converge()
    assert world.held("ada@x.org") == set()
    writes = [request.split("/")[1] for request in world.line.requests() if not request.startswith("GET")]
    assert writes == ["v7", "v2"]


# What others do in the app


def edit(world: RolesWorld, email: str, *names: str) -> None:
    """Another administrator gives these roles in all account groups, and takes all others."""
    office, person = world.office, world.office.organisation.by_email(email)
    assert person is not None
    body = {"accountGroupRoles": [], "allAccountGroupRoleIds": [office.role(name) for name in names]}
    assert office.ask("PUT", f"/v7/users/{person.uid}", body, BOSS).status_code == 200


def test_a_hand_edit_is_found_with_its_author_and_set_right(world: RolesWorld) -> None:
    world.converge()
    edit(world, "ada@x.org", ORGANIZATION_ADMIN)
    (change,) = world.plan().changes
    assert change.causes == ("drift",) and "Boss (boss@example.net)" in text(world.plan())
    world.converge()
    assert world.held("ada@x.org") == {(ORGANIZATION_ADMIN, "all"), *REGULAR}


def test_an_edit_in_the_second_of_our_own_write_is_found_with_its_author(world: RolesWorld) -> None:
    second = world.clock()
    world.office.organisation.clock = lambda: second
    world.assign("user: ada@x.org, role: Night shift", *USER)
    world.converge()
    edit(world, "ada@x.org", REGULAR_USER)
    assert "edited by Boss (boss@example.net)" in text(world.plan())


def test_a_role_that_was_renamed_in_the_app_is_an_error_that_says_so(world: RolesWorld) -> None:
    world.assign("user: ada@x.org, role: Night shift", USER[1])
    world.converge()
    world.office.organisation.role("Night shift").name = "Nights"
    with pytest.raises(ReconcileError) as caught:
        world.plan()
    assert "roles.yaml:11:26" in str(caught.value) and "'Nights'" in str(caught.value) + caught.value.remedy
    world.write("apps/wiki/roles.yaml", ROLES.replace("{role: Night shift", "{role: Nights"))
    assert world.plan().changes == ()
    assert world.held("ada@x.org") == {("Nights", "Staging"), *REGULAR}


def test_a_role_that_was_deleted_in_the_app_is_an_error_and_then_nobody_has_it(world: RolesWorld) -> None:
    world.assign("user: ada@x.org, role: Night shift", *USER)
    world.converge()
    world.office.organisation.delete_role(world.office.role("Night shift"))
    with pytest.raises(ReconcileError, match="there is no role 'Night shift' on the service"):
        world.plan()
    world.write("apps/wiki/roles.yaml", ROLES.partition("  - value: night")[0])
    world.assign(*USER)
    world.converge()
    assert world.held("ada@x.org") == REGULAR


def test_what_another_administrator_does_between_plan_and_write_is_kept(world: RolesWorld) -> None:
    world.converge()
    world.assign("group: Ops, role: Organization Admin", *USER)
    night = world.office.role("Night shift")

    def meanwhile(request: httpx.Request) -> None:
        if request.method == "PUT" or "Users" in request.url.path:
            return
        person = world.office.organisation.by_email("ada@x.org")
        if person and request.url.path.endswith(person.uid):
            person.groups.setdefault(world.office.staging, [night])

    session = world.session()
    world.line.before = meanwhile
    result = carried_out(world, session)
    world.line.before = lambda request: None
    assert result.complete, result.outcomes
    assert world.held("ada@x.org") == ADMIN | REGULAR | {("Night shift", "Staging")}
    assert world.plan().changes == ()


# Trouble on the way


def lost(request: httpx.Request) -> None:
    raise httpx.ReadError("the line is dead")


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_answer_lost_at_the_write_costs_nothing(world: RolesWorld, when: str) -> None:
    world.converge()
    world.assign("group: Ops, role: Organization Admin", *USER)
    left = [lost]

    def once(request: httpx.Request) -> None:
        if request.method == "PUT" and left:
            left.pop()(request)

    setattr(world.line, when, once)
    world.converge()
    assert left == [] and world.held("ada@x.org") == ADMIN | REGULAR


def test_an_answer_lost_between_read_and_write_is_read_again(world: RolesWorld) -> None:
    world.converge()
    world.assign("group: Ops, role: Organization Admin", *USER)
    session, left = world.session(), [lost]

    def once(request: httpx.Request) -> None:
        if request.method == "GET" and "/v7/users/" in request.url.path and left:
            left.pop()(request)

    world.line.after = once
    result = carried_out(world, session)
    assert result.complete and left == [] and world.held("ada@x.org") == ADMIN | REGULAR


def test_a_full_rate_is_waited_for_and_nothing_goes_twice(world: RolesWorld) -> None:
    world.converge()
    world.assign("group: Ops, role: Organization Admin", *USER)
    full = [int(world.clock()) + 20]

    def once(request: httpx.Request) -> httpx.Response | None:
        if request.method != "PUT" or not full:
            return None
        reset = {"X-Organization-Rate-Limit-Remaining": "0", "X-Organization-Rate-Limit-Reset": str(full.pop())}
        return httpx.Response(429, headers=reset, json={"title": "Too Many Requests", "status": 429})

    world.line.before = once
    world.line.requests()
    world.converge()
    assert world.clock.slept >= 18 and puts(world) == 2
    assert world.held("ada@x.org") == ADMIN | REGULAR


def test_without_permission_the_rest_of_a_plan_goes_on_and_roles_are_unknown(world: RolesWorld) -> None:
    world.converge()
    token = world.office.organisation.new_role("Token", (API, EDIT_EVERYWHERE))
    world.office.organisation.owner.everywhere = [token.id]
    edit(world, "ada@x.org")
    world.users(ADA.replace("Ada", "Ada L"), BOB)
    world.assign("group: Ops, role: Organization Admin", *USER)
    plan = world.plan()
    assert [(change.address, [a.path for a in change.attributes]) for change in plan.changes] == [
        ("User/ada@x.org", ["displayName"])
    ]
    assert "View all users" in text(plan)
    assert world.apply().complete
    assert world.held("ada@x.org") == set()


def test_a_token_that_may_not_write_says_which_permission_it_lacks(world: RolesWorld) -> None:
    world.converge()
    token = world.office.organisation.new_role("Token", (API, VIEW_USERS))
    world.office.organisation.owner.everywhere = [token.id]
    world.assign("group: Ops, role: Organization Admin", *USER)
    result = world.apply()
    (outcome,) = result.outcomes
    assert not result.complete and "this needs the permission Edit users or Edit users in all account groups" in str(outcome)
    assert world.held("ada@x.org") == REGULAR


# Who signed in


def test_who_did_not_sign_in_for_long_is_listed_and_a_reviewer_is_told(tmp_path: Path) -> None:
    office = Office(Running())
    with serving(office.service) as url:
        there = desk(tmp_path, url, office)
        for name, seen in (("ada@x.org", "2026-01-02T03:04:05Z"), ("grace@x.org", office.organisation.now())):
            person = office.organisation.by_email(name) or office.hire(name)
            person.registered, person.last_login = "2025-01-01T00:00:00Z", seen
        unused = json.loads(there.reconcile("access", "--unused", "90d", "--format", "json").out)
        assert {(row["login"], row["lastLogin"]) for row in unused} == {("ada@x.org", "2026-01-02T03:04:05Z")}
        there.write(
            "directory/users/a.yaml",
            "users: [{userPrincipalName: ada@x.org, manager: grace@x.org}, {userPrincipalName: grace@x.org}, "
            "{userPrincipalName: joan@x.org}]\n",
        )
        started = there.reconcile(
            "review", "start", "--name", "q1", "--by", "manager", "--due", "2099-12-15", "--otherwise", "joan@x.org"
        )
        assert started.code == 0, started
        rows = [
            row
            for file in (tmp_path / "desired/reviews/q1").glob("*.yaml")
            for row in parse(file.read_bytes(), file.name).data["access"]
        ]
        told = {row["user"]: (row.get("lastSignIn"), row.get("registered")) for row in rows if "user" in row}
        assert told["ada@x.org"] == ("2026-01-02T03:04:05Z", "2025-01-01T00:00:00Z")


# How much it costs


def test_a_second_plan_asks_ten_times_at_most_beside_the_pages_of_scim(world: RolesWorld) -> None:
    """Whoever there is: what it asks for does not grow with them."""
    names = [f"u{number}@x.org" for number in range(120)]
    world.users(*(f"userPrincipalName: {name}, displayName: {name}" for name in names))
    world.groups("displayName: All, members: [" + ", ".join(names) + "]")
    world.assign("group: All, role: User", "group: All, role: Night shift", "user: u1@x.org, role: Organization Admin")
    assert world.apply().complete
    assert world.held("u119@x.org") == REGULAR | {("Night shift", "Staging")}
    for event in world.office.organisation.events:  # of a minute after an apply the log is read once more
        event["date"] = "2026-01-01T00:00:00Z"
    world.line.requests()
    assert world.plan().changes == ()
    beside = [request for request in world.line.requests() if "/v2/Users" not in request]
    assert len(beside) <= 10, beside
    organisation = world.office.organisation
    for number in range(1000):  # of other people's work, in whatever form it is logged
        organisation.log(world.office.boss, world.office.production, f"Report {number} created.", "192.0.2.1")
    plan = world.plan()
    beside = [request for request in world.line.requests() if "/v2/Users" not in request]
    assert len(beside) <= 10, beside
    assert [w for w in texts(plan.warnings) if "holds more than the 150 events that were read" in w]


# Whole commands

APPLY = ("apply", "--auto-approve")


def desk(folder: Path, url: str, office: Office) -> Desk:
    """Declarations by which ada, who has another role, and grace, who is new, have one role each and no other."""
    desk = Desk(folder, f"{url}/v2", TOKEN)
    desk.write("apps/wiki/app.yaml", APP + "profile: {base: thousandeyes, rate: {perMinute: 100000, burst: 10000}}\n")
    desk.write("apps/wiki/mappings.yaml", MAPPINGS)
    desk.write("apps/wiki/roles.yaml", ROLES + "assertive: true\n")
    desk.write("directory/groups/a.yaml", "groups: [{displayName: Ops, members: [ada@x.org, grace@x.org]}]\n")
    desk.write("apps/wiki/assignments.yaml", "assignments: [{group: Ops, role: Night shift}]\n")
    office.organisation.new_role("Night shift", (API,))
    office.hire("ada@x.org").everywhere = [office.role(ORGANIZATION_ADMIN)]
    return desk


def test_an_apply_of_roles_killed_at_any_write_is_ended_by_the_same_command(tmp_path: Path) -> None:
    """Before the service has done it, and after."""
    with deadly() as service:
        office = Office(Running(), rate=QUICK)
        service.serve_from(office.service)
        first = desk(tmp_path / "undisturbed", service.url, office)
        assert run(first.folder, first.environ, *APPLY).code == 0
        writes = [number for number, (method, _) in enumerate(service.requests, 1) if method != "GET"]
        assert [path.split("/")[1] for _, path in service.writes] == ["v7", "v2", "v7"]
        assert run(first.folder, first.environ, "plan", "--detailed-exitcode").code == 0
        for at, after in ((at, after) for at in writes for after in (False, True)):
            office = Office(Running(), rate=QUICK)
            service.serve_from(office.service)
            again = desk(tmp_path / f"{at}-{after}", service.url, office)
            service.at, service.after = at, after
            assert run(again.folder, again.environ, *APPLY, service=service).code == -signal.SIGKILL
            service.at = 0
            assert run(again.folder, again.environ, *APPLY).code == 0
            ada, grace = map(office.organisation.by_email, ("ada@x.org", "grace@x.org"))
            expected: tuple[dict[str, list[str]], list[str]] = ({office.staging: [office.role("Night shift")]}, [])
            assert ada and grace and (ada.groups, ada.everywhere) == (grace.groups, grace.everywhere) == expected
            assert run(again.folder, again.environ, "plan", "--detailed-exitcode").code == 0, (at, after)


def test_an_apply_killed_between_a_leavers_roles_and_the_account_is_ended_by_the_same_command(tmp_path: Path) -> None:
    with deadly() as service:
        office, first = leaving(tmp_path / "undisturbed", service)
        assert run(first.folder, first.environ, *APPLY).code == 0
        roles, account = [number for number, (method, _) in enumerate(service.requests, 1) if method != "GET"]
        assert [path.split("/")[1] for _, path in service.writes] == ["v7", "v2"]
        for at, after in ((roles, True), (account, False), (account, True)):
            office, again = leaving(tmp_path / f"{at}-{after}", service)
            service.at, service.after = at, after
            assert run(again.folder, again.environ, *APPLY, service=service).code == -signal.SIGKILL
            service.at = 0
            assert run(again.folder, again.environ, *APPLY).code == 0
            grace = office.organisation.by_email("grace@x.org")
            assert grace and {role for held in grace.groups.values() for role in held} == set() and grace.everywhere == []
            assert run(again.folder, again.environ, "plan", "--detailed-exitcode").code == 0, (at, after)


def leaving(folder: Path, service: Service) -> tuple[Office, Desk]:
    """Two people with their roles, and declarations from which grace is gone; the service counts from here on."""
    office = Office(Running(), rate=QUICK)
    service.serve_from(office.service)
    there = desk(folder, service.url, office)
    assert run(there.folder, there.environ, *APPLY).code == 0
    there.people("ada@x.org")
    there.write("directory/groups/a.yaml", "groups: [{displayName: Ops, members: [ada@x.org]}]\n")
    service.serve_from(office.service)
    return office, there


def test_commands_tell_of_roles_and_a_revocation_takes_them(tmp_path: Path) -> None:
    office = Office(Running(), rate=QUICK)
    with serving(office.service) as url:
        there = desk(tmp_path, url, office)
        assert there.reconcile(*APPLY).code == 0
        quick = (tmp_path / "desired/apps/wiki/app.yaml").read_text(encoding="utf-8")
        there.write("apps/wiki/app.yaml", quick.replace("100000", "15"))
        office.ask("PUT", f"/v7/users/{person(office, 'ada@x.org').uid}", {"allAccountGroupRoleIds": []}, BOSS)
        read = there.reconcile("plan", "--refresh", "roles")
        assert read.code == 0 and "reading the roles of 4 people, one request each: about 1 min at 15 a minute" in read.err, read
        there.write("apps/wiki/app.yaml", quick)
        explained = there.reconcile("explain", "ada@x.org")
        assert explained.code == 0 and "Night shift" in explained.out, explained
        logged = [json.loads(line) for line in there.reconcile("logs", "--format", "json").out.splitlines()]
        given = [row["reconcile"].get("access") for row in logged if row["reconcile"].get("address") == "User/ada@x.org"]
        assert {row["what"] for rows in given for row in rows if row["gains"]} == {"Night shift"}
        revoked = there.reconcile("revoke", "ada@x.org", "--app", "wiki", "--reason", "lost laptop", "--auto-approve")
        assert revoked.code == 0, revoked
        assert not any(person(office, "ada@x.org").groups.values()) and not person(office, "ada@x.org").everywhere
        assert "lost laptop" in there.reconcile("plan").out


def test_a_plan_of_everybodys_roles_is_applied_as_it_says(tmp_path: Path) -> None:
    """The log does not tell of the edit, and it would not be the person's turn to be read."""
    office = Office(Running(), rate=QUICK)
    with serving(office.service) as url:
        there = desk(tmp_path, url, office)
        names = [f"u{number}@x.org" for number in range(8)]
        there.write("directory/users/a.yaml", f"users: [{', '.join(f'{{userPrincipalName: {name}}}' for name in names)}]\n")
        there.write("directory/groups/a.yaml", "groups: []\n")
        rows = ", ".join(f"{{user: {name}, role: User}}" for name in names)
        there.write("apps/wiki/assignments.yaml", f"assignments: [{rows}]\n")
        assert there.reconcile(*APPLY).code == 0
        last = max((person(office, name) for name in names), key=lambda one: one.scim)
        office.ask("PUT", f"/v7/users/{last.uid}", {"allAccountGroupRoleIds": []}, BOSS)
        office.organisation.events.clear()
        assert there.reconcile("plan", "--detailed-exitcode").code == 0
        assert there.reconcile("plan", "--refresh", "roles", "--out", "plan.json", "--detailed-exitcode").code == 2
        applied = there.reconcile("apply", "plan.json")
        assert applied.code == 0 and last.everywhere, applied


def person(office: Office, email: str) -> Person:
    found = office.organisation.by_email(email)
    assert found is not None
    return found


def test_the_test_of_a_connection_names_the_missing_permission_and_the_name_that_is_not_there(tmp_path: Path) -> None:
    office = Office(Running())
    with serving(office.service) as url:
        there = desk(tmp_path, url, office)
        found = there.reconcile("test-connection")
        assert found.code == 0 and "ok  ThousandEyes v7, names: 4 roles and 2 account groups seen" in found.out
        assert "by which others are managed" not in found.out
        there.write("apps/wiki/roles.yaml", ROLES.replace("privileged: true", "privileged: false", 1) + "assertive: true\n")
        found = there.reconcile("test-connection")
        assert found.code == 0 and "roles.yaml:5:" in found.out
        assert "is Organization Admin there, by which others are managed: say `privileged: true` of it" in found.out
        there.write("apps/wiki/roles.yaml", ROLES + "assertive: true\n")
        office.organisation.role("Night shift").name = "Night shifts"
        found = there.reconcile("test-connection")
        assert found.code == 1 and "roles.yaml:11:26: there is no role 'Night shift' on the service" in found.out
        assert "did you mean 'Night shifts'?" in found.out
        office.organisation.owner.everywhere = [office.organisation.new_role("Token", (API, VIEW_USERS)).id]
        found = there.reconcile("test-connection")
        assert found.code == 1
        assert (
            "FAILED  ThousandEyes v7, writing roles: the token lacks the permission Edit users in all account groups" in found.out
        )
        owner = office.organisation.owner
        owner.everywhere, local = [], office.organisation.new_role("Local", (API, VIEW_USERS, EDIT_USERS)).id
        owner.groups = {office.production: [local], office.staging: [office.role(REGULAR_USER)]}
        office.organisation.role("Night shifts").name = "Night shift"
        found = there.reconcile("test-connection")
        assert (
            found.code == 1
            and "writing roles: the token of Provisioning (provisioning@example.net) may, in Production alone" in (found.out)
        )
        assert "roles.yaml:11:26: the token may not give Night shift, which is for Staging" in found.out


def test_an_import_of_what_is_there_makes_an_empty_plan(tmp_path: Path) -> None:
    office = Office(Running())
    with serving(office.service) as url:
        there = desk(tmp_path, url, office)
        for name in ("grace@x.org", "joan@x.org"):
            person = office.hire(name)
            person.everywhere, person.groups = [], {office.production: [office.role("Account Admin")]}
        assert there.reconcile("import", "--app", "wiki", "--out", "imported").code == 0
        roles = (tmp_path / "imported/apps/wiki/roles.yaml").read_text()
        assert "thousandeyes: {role: Account Admin, accountGroups: [Production]}" in roles
        assigned = (tmp_path / "imported/apps/wiki/assignments.yaml").read_text()
        assert "{user: joan@x.org, role: Account Admin}" in assigned
        shown = there.reconcile("plan", "--desired", "imported", "--detailed-exitcode")
        assert shown.code == 0, shown


def test_an_import_assigns_a_role_to_the_group_that_explains_it(tmp_path: Path) -> None:
    """Of whoever holds it beside, and of a group of which somebody does not hold it, it is by person."""
    office = Office(Running())
    with serving(office.service) as url:
        there = desk(tmp_path, url, office)
        for name in ("grace@x.org", "joan@x.org"):
            office.hire(name)
        for name in ("ada@x.org", "grace@x.org", "joan@x.org"):
            person = office.organisation.by_email(name)
            assert person is not None
            person.everywhere, person.groups = [], {office.production: [office.role("Account Admin")]}
        groups = "{displayName: Ops, members: [ada@x.org, grace@x.org]}, {displayName: All, members: [ada@x.org, bob@x.org]}"
        groups += ", {displayName: One, members: [joan@x.org]}"
        there.write("directory/groups/a.yaml", f"groups: [{groups}]\n")
        people = ", ".join(f"{{userPrincipalName: {name}@x.org}}" for name in ("ada", "bob", "grace", "joan"))
        there.write("directory/users/a.yaml", f"users: [{people}]\n")
        assert there.reconcile("import", "--app", "wiki", "--force").code == 0
        assigned = (tmp_path / "desired/apps/wiki/assignments.yaml").read_text().splitlines()
        assert [line.strip(" -") for line in assigned if "Account Admin" in line] == [
            "{user: joan@x.org, role: Account Admin}",
            "{group: Ops, role: Account Admin}",
        ]
        shown = there.reconcile("plan", "--detailed-exitcode")
        assert shown.code == 0, shown


def test_another_place_or_token_for_roles_than_when_last_applied_is_said(world: RolesWorld) -> None:
    declarations = load(world.folder / "desired").declarations
    app = declarations.apps["wiki"]
    record = Record("wiki", declared=last_applied.declared(app, declarations.record))
    assert last_applied.cautions(app, declarations, record) == ()
    assert app.role_source is not None
    moved = replace(app, role_source=app.role_source._replace(url="https://b.org/v7", token="${env:OTHER}"))
    assert [(caution.code, caution.text) for caution in last_applied.cautions(moved, declarations, record)] == [
        ("TenantUrlChanged", "roles.apiUrl was at the origin of tenantUrl when last applied, and is https://b.org/v7 now"),
        ("TokenNameChanged", "roles.token was secretToken when last applied, and is ${env:OTHER} now"),
    ]
