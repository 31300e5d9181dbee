"""Who is not in a list is asked for before it is called gone: a service that leaves some out in, plans and applies out."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from reconciler.plan.model import Plan
from reconciler.scim.profile import Filter
from tests.support.warned import texts
from tests.support.world import World

Resource = dict[str, Any]
ADA, GRACE, NEW = "User/ada@x.org", "User/grace@x.org", "User/new@x.org"
NEW_USER = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "new@x.org"}


class Hiding(httpx.BaseTransport):
    """Lists leave out whom `hides` says; one account alone is answered with its status in `refused`; `asked` are requests."""

    def __init__(self, inner: httpx.BaseTransport, hides: Callable[[Resource], bool]) -> None:
        self.inner, self.hides = inner, hides
        self.refused: dict[str, int] = {}
        self.filters = True
        self.asked: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = urlsplit(str(request.url))
        kind, _, id = url.path.removeprefix("/v2/").partition("/")
        filtered = "filter" in parse_qs(url.query)
        self.asked.append(f"{request.method} {kind}{'/id' if id else '?filter' if filtered else ''}")
        if request.method == "GET" and (id in self.refused or (filtered and not self.filters)):
            return httpx.Response(self.refused.get(id, 400), json={"detail": "not for you"})
        response = self.inner.handle_request(request)
        if request.method != "GET" or id or filtered or kind not in ("Users", "Groups"):
            return response
        response.read()
        data = response.json()
        data["Resources"] = [item for item in data.get("Resources", []) if not self.hides(item)]
        return httpx.Response(200, json={**data, "totalResults": len(data["Resources"])})


def town(folder: Path, hides: Callable[[Resource], bool]) -> tuple[World, Hiding]:
    """Ada and Grace have accounts that we made; the lists leave some out from then on."""
    world = World(folder)
    world.users("userPrincipalName: ada@x.org", "userPrincipalName: grace@x.org", "userPrincipalName: joan@x.org")
    world.assign("user: ada@x.org, role: User", "user: grace@x.org, role: User", "user: joan@x.org, role: User")
    world.converge()
    hiding = world.transport.inner = Hiding(world.transport.inner, hides)
    return world, hiding


def named(*names: str) -> Callable[[Resource], bool]:
    return lambda item: item.get("userName") in names


def done(plan: Plan) -> list[tuple[str, str]]:
    return [(change.address, str(change.action)) for change in plan.changes]


def test_who_is_there_by_id_is_not_created_again_and_a_leaver_is_disabled(tmp_path: Path) -> None:
    world, _ = town(tmp_path, named("ada@x.org"))
    assert done(world.plan()) == []
    world.assign("user: grace@x.org, role: User", "user: joan@x.org, role: User")
    assert done(world.plan()) == [(ADA, "disable")]
    assert world.apply().complete
    assert world.bare.get("Users", world.find("ada@x.org")["id"])["active"] is False  # type: ignore[index]


def test_who_was_disabled_and_is_hidden_since_is_enabled_by_the_recorded_id(tmp_path: Path) -> None:
    world, hiding = town(tmp_path, lambda item: item.get("active") is False)
    both = ("user: grace@x.org, role: User", "user: joan@x.org, role: User")
    world.assign(*both)
    assert world.apply().complete
    hiding.asked.clear()
    assert done(world.plan()) == []
    assert "GET Users/id" not in hiding.asked  # of whom nothing can be planned nobody is asked
    world.assign(*both, "user: ada@x.org, role: User")
    assert done(world.plan()) == [(ADA, "enable")]
    world.converge()


def test_who_is_gone_by_id_is_gone(tmp_path: Path) -> None:
    world, hiding = town(tmp_path, named())
    world.bare.delete("Users", world.find("ada@x.org")["id"])
    assert done(world.plan()) == [(ADA, "create")]
    assert hiding.asked.count("GET Users/id") == 1


def test_who_cannot_be_asked_is_an_error_alone_unless_a_filter_shows_the_account(tmp_path: Path) -> None:
    world, hiding = town(tmp_path, named("ada@x.org", "joan@x.org"))
    hiding.refused = {world.find("ada@x.org")["id"]: 403}
    assert (done(world.plan()), world.plan().errors) == ([], ())
    hiding.filters = False
    world.users(*(f"userPrincipalName: {name}@x.org, jobTitle: Admiral" for name in ("ada", "grace", "joan")))
    plan = world.plan()
    assert [(error.address, error.code) for error in plan.errors] == [(ADA, "NotAnswered")]
    assert (GRACE, "update") in done(plan) and ADA not in {change.address for change in plan.changes}


def test_a_list_that_lacks_most_is_known_from_then_on_and_new_ones_are_looked_for_by_filter(tmp_path: Path) -> None:
    world, hiding = town(tmp_path, lambda item: "userName" in item)
    world.bare.create(
        "Users", {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "new@x.org", "active": True}
    )
    assert world.apply().complete
    record = world.store.load()
    assert record is not None and record.incomplete == ["User"]
    world.users(*(f"userPrincipalName: {name}@x.org" for name in ("ada", "grace", "joan", "new")))
    world.assign(*(f"user: {name}@x.org, role: User" for name in ("ada", "grace", "joan", "new")))
    plan = world.plan()
    assert [words for words in texts(plan.warnings) if "3 of 3 accounts" in words] and (NEW, "create") not in done(plan)
    assert plan.adopted or (NEW, "update") in done(plan)
    world.converge()


@pytest.mark.parametrize("active", [True, False])
def test_a_create_that_is_answered_409_takes_the_account_over_unless_it_is_active(tmp_path: Path, active: bool) -> None:
    world, _ = town(tmp_path, named("new@x.org"))
    id = world.bare.create("Users", {**NEW_USER, "active": active, "title": "Old"})["id"]
    people = ("ada", "grace", "joan", "new")
    world.users(*(f"userPrincipalName: {name}@x.org, jobTitle: Admiral" for name in people))
    world.assign(*(f"user: {name}@x.org, role: User" for name in people))
    assert (NEW, "create") in done(world.plan())
    outcome = {outcome.change.address: outcome for outcome in world.apply().outcomes}[NEW]
    account = world.bare.get("Users", id)
    assert account is not None
    if active:
        assert (outcome.status, account["title"]) == ("stale", "Old") and "plan again to see" in outcome.message
        assert (NEW, "update") in done(world.plan())
    else:
        assert (outcome.status, account["title"], account["active"]) == ("done", "Admiral", True)
        assert outcome.message == f"adopted the account {id}, which was there and which no list showed"
    world.converge()


def test_a_group_in_the_way_is_left_to_a_plan_that_shows_who_is_inside(tmp_path: Path) -> None:
    """Its members have been seen by nobody, and whoever is inside may be there by its rights."""
    world, hiding = town(tmp_path, lambda item: item.get("displayName") == "Team")
    id = world.bare.create("Groups", {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Team"})["id"]
    world.groups("displayName: Team, members: [ada@x.org]")
    world.assign(*(f"user: {name}@x.org, role: User" for name in ("ada", "grace", "joan")), "group: Team, role: User")
    assert done(world.plan()) == [("Group/Team", "create")]
    there = hiding.inner
    taken = httpx.Response(409, json={"status": "409", "scimType": "uniqueness"})
    hiding.inner = httpx.MockTransport(lambda request: taken if request.method == "POST" else there.handle_request(request))
    (outcome,) = world.apply().outcomes
    assert (outcome.status, world.group("Team").get("members")) == ("stale", None)
    assert outcome.message.startswith(f"a group that no list showed has this name already ({id})")
    (change,) = world.plan().changes
    assert (change.address, str(change.action), change.add) == ("Group/Team", "update", (ADA,))
    world.converge()


def test_many_ids_are_asked_for_at_once_where_the_service_can(tmp_path: Path) -> None:
    world, hiding = town(tmp_path, named("ada@x.org", "joan@x.org"))
    world.client.profile = replace(world.client.profile, filter=Filter(("eq", "or")))
    assert done(world.plan()) == []
    assert (hiding.asked.count("GET Users?filter"), hiding.asked.count("GET Users/id")) == (1, 0)


def test_an_inactive_account_in_the_way_is_left_to_a_plan_where_the_record_has_just_begun(tmp_path: Path) -> None:
    """The record may have been lost, and the account may have been revoked: that is for somebody to see."""
    world, hiding = town(tmp_path, lambda item: item.get("active") is False)
    id = world.find("ada@x.org")["id"]
    world.edit("ada@x.org", "active", False)
    shutil.rmtree(tmp_path / "record")
    outcome = {outcome.change.address: outcome for outcome in world.apply().outcomes}[ADA]
    account = world.bare.get("Users", id)
    assert account is not None
    assert (outcome.status, account["active"]) == ("stale", False)
    plan = world.plan()
    assert done(plan) == [(ADA, "enable")] and [caution.code for caution in plan.cautions] == ["InactiveWithoutRecord"]


def test_what_was_reviewed_of_somebody_who_cannot_be_asked_is_not_taken_for_done(tmp_path: Path) -> None:
    world, hiding = town(tmp_path, named("ada@x.org"))
    world.assign("user: grace@x.org, role: User", "user: joan@x.org, role: User")
    reviewed = world.session().planned
    assert [change.address for change in reviewed.plan.changes] == [ADA]
    hiding.refused, hiding.filters = {world.bare.find("Users", "userName", "ada@x.org")[0]["id"]: 403}, False
    assert not world.session().planned.is_done(reviewed.plan.changes[0])
