"""The provisioning log says of an account that was made that it was, whatever came of the answer or of the rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.support.world import World

Decide = Callable[[httpx.Request, Callable[[], httpx.Response]], httpx.Response]


class Between(httpx.BaseTransport):
    """Asks `decide` about each request, which may have it served."""

    def __init__(self, inner: httpx.BaseTransport, decide: Decide) -> None:
        self.inner, self.decide = inner, decide

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self.decide(request, lambda: self.inner.handle_request(request))


def town(folder: Path) -> World:
    world = World(folder)
    world.users("userPrincipalName: ada@x.org, manager: grace@x.org", "userPrincipalName: grace@x.org")
    world.assign("user: ada@x.org, role: User", "user: grace@x.org, role: User")
    return world


def logged(world: World) -> list[tuple[str, str, str]]:
    lines = world.store.read_log()
    return sorted(
        (line["sourceIdentity"]["displayName"], line["provisioningAction"], line["provisioningStatusInfo"]["status"])
        for line in lines
    )


def unheard(arrives: bool) -> Decide:
    """Creates are answered by 503, whether they arrive or not, and nobody is found by a filter."""

    def decide(request: httpx.Request, serve: Callable[[], httpx.Response]) -> httpx.Response:
        if request.method == "POST":
            if arrives:
                serve()
            return httpx.Response(503)
        if "filter" in request.url.params:
            return httpx.Response(200, json={"totalResults": 0, "Resources": []})
        return serve()

    return decide


@pytest.mark.parametrize("arrives", [True, False])
def test_a_create_that_nobody_heard_of_is_logged_once_it_is_found(tmp_path: Path, arrives: bool) -> None:
    world = town(tmp_path)
    world.users("userPrincipalName: ada@x.org")
    world.assign("user: ada@x.org, role: User")
    inner = world.transport.inner
    sent = []
    decide = unheard(arrives)
    world.transport.inner = Between(
        inner,
        lambda request, serve: (
            (sent.append(request.method), decide(request, serve))[1]
            if not (request.method == "POST" and "POST" in sent)
            else httpx.Response(503)
        ),
    )
    assert [outcome.status for outcome in world.apply().outcomes] == ["failed"]
    world.transport.inner = inner
    created = ("User/ada@x.org", "create", "success")
    assert logged(world) == [("User/ada@x.org", "create", "failure")]
    for _ in range(2):
        world.converge()
        assert logged(world) == [("User/ada@x.org", "create", "failure"), created]
    (line,) = [line for line in world.store.read_log() if line["provisioningStatusInfo"]["status"] == "success"]
    assert line["targetIdentity"]["id"] == world.find("ada@x.org")["id"]
    assert ("got no answer" in line["provisioningStatusInfo"]["errorInformation"]["reason"]) == arrives


def test_nobody_is_logged_as_created_who_was_not_and_is_not_wanted_any_more(tmp_path: Path) -> None:
    world = town(tmp_path)
    inner = world.transport.inner
    world.transport.inner = Between(inner, unheard(False))
    world.apply()
    world.transport.inner = inner
    world.users("userPrincipalName: grace@x.org")
    world.assign("user: grace@x.org, role: User")
    world.converge()
    assert ("User/ada@x.org", "create", "success") not in logged(world)


def test_of_a_create_that_is_done_in_part_the_create_is_logged_and_the_rest_as_an_update(tmp_path: Path) -> None:
    world = town(tmp_path)
    inner = world.transport.inner
    world.transport.inner = Between(inner, lambda request, serve: httpx.Response(409) if request.method == "PATCH" else serve())
    world.apply()
    rest = ("User/ada@x.org", "update", "failure")
    both = [("User/ada@x.org", "create", "success"), ("User/grace@x.org", "create", "success")]
    assert logged(world) == sorted([*both, rest])
    assert len({line["id"] for line in world.store.read_log()}) == 3
    names = {
        (line["provisioningAction"], item["displayName"])
        for line in world.store.read_log()
        for item in line["modifiedProperties"]
        if line["sourceIdentity"]["displayName"] == "User/ada@x.org"
    }
    manager = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"
    assert ("create", "userName") in names and ("update", manager) in names and ("create", manager) not in names
    world.transport.inner = inner
    world.converge()
    assert logged(world) == sorted([*both, rest, ("User/ada@x.org", "update", "success")])


def test_a_create_that_failed_whole_is_one_record(tmp_path: Path) -> None:
    world = town(tmp_path)
    inner = world.transport.inner
    world.transport.inner = Between(inner, lambda request, serve: httpx.Response(409) if request.method == "POST" else serve())
    world.apply()
    assert logged(world) == [(f"User/{name}@x.org", "create", "failure") for name in ("ada", "grace")]


def test_a_change_of_roles_that_nobody_heard_of_is_logged_with_the_roles_that_it_left(tmp_path: Path) -> None:
    world = town(tmp_path)
    world.assign("user: ada@x.org, role: User", "user: ada@x.org, role: Admin", "user: grace@x.org, role: User")
    world.converge()
    world.assign("user: ada@x.org, role: Admin", "user: grace@x.org, role: User")
    inner = world.transport.inner
    world.transport.inner = Between(
        inner, lambda request, serve: serve() if request.method == "GET" else (serve(), httpx.Response(500))[1]
    )
    assert [outcome.status for outcome in world.apply().outcomes] == ["failed"]
    world.transport.inner = inner
    world.converge()
    (line,) = [line for line in world.store.read_log() if "got no answer" in str(line["provisioningStatusInfo"])]
    assert (line["reconcile"]["address"], line["reconcile"]["roles"]) == ("User/ada@x.org", ["Admin"])


@pytest.mark.parametrize("arrives", [True, False])
def test_of_members_whose_answer_was_lost_it_is_said_that_nobody_knows_and_then_what_came_of_it(
    tmp_path: Path, arrives: bool
) -> None:
    world = town(tmp_path)
    world.groups("displayName: Net, members: [ada@x.org, grace@x.org]")
    assigned = ("user: ada@x.org, role: User", "user: grace@x.org, role: User", "group: Net, role: User")
    world.assign(*assigned)
    world.converge()
    inner = world.transport.inner

    def decide(request: httpx.Request, serve: Callable[[], httpx.Response]) -> httpx.Response:
        if request.method == "PATCH" and "/Groups/" in request.url.path:
            if arrives:
                serve()
            return httpx.Response(500)
        return serve()

    world.groups("displayName: Net, members: [grace@x.org]")
    world.transport.inner = Between(inner, decide)
    world.apply()
    world.transport.inner = inner
    world.converge()
    told = [line for line in world.store.read_log() if line["sourceIdentity"]["displayName"] == "Group/Net"][1:]
    assert [line["reconcile"]["readBack"] for line in told] == ["unknown", "asWritten"]
    assert [line["modifiedProperties"][-1]["oldValue"] for line in told] == [["User/ada@x.org"]] * 2
