"""A reviewed change that the plan does not hold any more is done only if live has its result, and else stale."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from reconciler.plan.selection import Selection
from reconciler.record.model import Record
from tests.stories.test_guarded_commands import desk, services  # noqa: F401
from tests.support.servers import Desk
from tests.support.world import APP, MAPPINGS, World

ADA = "userPrincipalName: ada@x.org, displayName: Ada, jobTitle: Engineer, manager: grace@x.org"
GRACE = "userPrincipalName: grace@x.org, displayName: Grace"
Edit = Callable[[World], None]


def declared(world: World) -> None:
    world.users(ADA, GRACE)
    world.groups("displayName: Net, members: [ada@x.org, grace@x.org]")
    world.assign("group: Net, role: User", "user: grace@x.org, role: Admin")


def titled(world: World) -> None:
    world.users(ADA.replace("Engineer", "Chief"), GRACE)


def untitled(world: World) -> None:
    world.users(ADA.replace("jobTitle: Engineer, ", ""), GRACE)


def renamed(world: World) -> None:
    world.users("userPrincipalName: ada.l@x.org, displayName: Ada, jobTitle: Engineer, previously: [ada@x.org]", GRACE)
    world.groups("displayName: Net, members: [ada.l@x.org, grace@x.org]")


def left(world: World) -> None:
    world.users(GRACE)
    world.groups("displayName: Net, members: [grace@x.org]")


def out(world: World) -> None:
    world.groups("displayName: Net, members: [grace@x.org]")
    world.assign("group: Net, role: User", "user: grace@x.org, role: Admin", "user: ada@x.org, role: User")


def demoted(world: World) -> None:
    world.assign("group: Net, role: User")


def closed(world: World) -> None:
    world.groups("[]")
    world.assign("user: ada@x.org, role: User", "user: grace@x.org, role: Admin")


def came(world: World) -> None:
    world.users(ADA, GRACE, "userPrincipalName: joan@x.org, displayName: Joan")
    world.groups("displayName: Net, members: [ada@x.org, grace@x.org, joan@x.org]")


def retained(world: World) -> None:
    world.write("apps/wiki/app.yaml", APP + "deprovisioning: {outOfScope: retain, removedFromDirectory: retain}\n")


def without_groups(world: World) -> None:
    world.write("apps/wiki/mappings.yaml", MAPPINGS.partition("  groups:")[0])


def unmapped(world: World) -> None:
    world.write("apps/wiki/mappings.yaml", MAPPINGS.replace("      - {target: title, source: jobTitle}\n", ""))


def lost(world: World) -> None:
    world.store.record_file.unlink()


EVENTS = [titled, untitled, renamed, left, out, demoted, closed, came]


@pytest.mark.parametrize("event", EVENTS)
def test_what_was_applied_is_done(world: World, event: Edit) -> None:
    world.converge()
    event(world)
    reviewed = world.plan()
    assert world.apply().complete
    found = world.compare(reviewed)
    assert (found.todo, found.moved, found.beyond) == ([], [], [])
    assert found.done == [change.address for change in reviewed.changes] != []


@pytest.mark.parametrize("event", EVENTS)
def test_what_was_taken_back_before_it_was_applied_is_stale(world: World, event: Edit) -> None:
    world.converge()
    event(world)
    reviewed = world.plan()
    declared(world)
    assert world.plan().changes == ()
    found = world.compare(reviewed)
    assert [moved.address for moved in found.moved] == [change.address for change in reviewed.changes] and not found.done


@pytest.mark.parametrize(("event", "then", "address"), [
    (left, retained, "User/ada@x.org"), (left, lost, "User/ada@x.org"), (closed, without_groups, "Group/Net"),
    (closed, lost, "Group/Net"), (titled, unmapped, "User/ada@x.org"), (untitled, lost, "User/ada@x.org"),
])  # fmt: skip
def test_what_is_called_for_no_more_and_was_never_done_is_stale(world: World, event: Edit, then: Edit, address: str) -> None:
    world.converge()
    event(world)
    reviewed = world.plan()
    then(world)
    assert address not in {change.address for change in world.plan().changes}
    found = world.compare(reviewed)
    assert address in {moved.address for moved in found.moved} and address not in found.done


@pytest.mark.parametrize("event", [titled, untitled])
def test_what_a_service_ignored_when_it_was_told_so_is_done(world: World, event: Edit) -> None:
    world.converge()
    event(world)
    reviewed, inner = world.plan(), world.transport.inner

    class Deaf(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(204) if request.method == "PATCH" else inner.handle_request(request)

    world.transport.inner = Deaf()
    assert [outcome.status for outcome in world.apply().outcomes] == ["ignored"]
    assert world.compare(reviewed).done == ["User/ada@x.org"]
    lost(world)
    assert world.compare(reviewed).done == []


def test_a_reviewed_revocation_is_done_once_the_account_is_out(world: World) -> None:
    world.converge()
    record = world.store.load() or Record("wiki")
    record.revoked = {"User/ada@x.org": {"at": world.now, "reason": "theft"}}
    world.store.save(record)
    reviewed = world.plan()
    assert [c.action for c in reviewed.changes if c.address == "User/ada@x.org"] == ["disable"]
    assert world.apply().complete
    assert world.compare(reviewed).done == [change.address for change in reviewed.changes]


def test_a_part_of_which_the_rest_says_otherwise_is_not_done(world: World) -> None:
    world.converge()
    world.edit("ada@x.org", "title", "Intern")
    reviewed = world.session(Selection(causes=("drift",))).planned.plan
    assert [c.address for c in reviewed.changes] == ["User/ada@x.org"]
    world.edit("ada@x.org", "title", "Engineer")
    assert world.compare(reviewed).done == ["User/ada@x.org"]
    titled(world)
    assert [moved.address for moved in world.compare(reviewed).moved] == ["User/ada@x.org"]


def test_a_saved_plan_that_was_never_done_exits_4_and_the_plans_own_warnings_are_said(desk: Desk) -> None:  # noqa: F811
    desk.reconcile("plan", "--out", "plan.json")
    for file in (desk.folder / ".reconcile" / "wiki").glob("record.json"):
        file.unlink()
    ran = desk.reconcile("apply", "plan.json")
    assert ran.code == 4 and "already done" not in ran.err
    desk.reconcile("plan", "--out", "plan.json")
    assert "there is no record yet" in desk.reconcile("apply", "plan.json").err


@pytest.mark.parametrize("members", ["grace@x.org, ada@x.org", "grace@x.org, ada@x.org, bob@x.org"])
def test_a_rename_of_somebody_else_leaves_a_reviewed_plan_as_it_is(world: World, members: str) -> None:
    def declare(grace: str, title: str, members: str) -> None:
        renamed = ", previously: [grace@x.org]" if grace != "grace@x.org" else ""
        world.users(
            f"userPrincipalName: ada@x.org, manager: {grace}, jobTitle: {title}",
            f"userPrincipalName: {grace}{renamed}",
            "userPrincipalName: bob@x.org",
        )
        world.groups(f"displayName: Net, members: [{members.replace('grace@x.org', grace)}]")
        world.assign("group: Net, role: User", "user: bob@x.org, role: User")

    declare("grace@x.org", "Engineer", "grace@x.org, ada@x.org")
    world.converge()
    declare("grace@x.org", "Boss", members)
    reviewed = world.plan()
    declare("hopper@x.org", "Engineer", "grace@x.org, ada@x.org")
    world.converge()
    declare("hopper@x.org", "Boss", members)
    found = world.compare(reviewed)
    assert found.moved == [] and [c.address for c in found.todo] == [c.address for c in reviewed.changes]
