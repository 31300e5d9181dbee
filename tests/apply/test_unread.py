"""An update at a service that announces ETags: one PATCH with the version that the plan saw, and no read before it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from reconciler.scim.client import ScimClient
from reconciler.scim.profile import Etag
from tests.support.world import World

ADA = "userPrincipalName: ada@x.org, displayName: {}, jobTitle: Boss"


class Heard(httpx.BaseTransport):
    """`asked` is what was asked of single accounts, as method and If-Match; `before` happens before the first PATCH."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self.inner = inner
        self.asked: list[tuple[str, str | None]] = []
        self.before: Any = None
        self.answer: Any = lambda response: response

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if "/Users/" not in request.url.path:
            return self.inner.handle_request(request)
        self.asked.append((request.method, request.headers.get("If-Match")))
        if request.method == "PATCH" and self.before is not None:
            before, self.before = self.before, None
            before()
        response = self.inner.handle_request(request)
        return self.answer(response) if request.method == "PATCH" else response

    @property
    def methods(self) -> list[str]:
        return [method for method, _ in self.asked]


@pytest.fixture
def begun(world: World) -> World:
    declared(world, "Ada")
    world.assign("user: ada@x.org, role: User")
    world.converge()
    world.client.profile = replace(world.client.profile, etag=Etag(enforced=True))
    return world


def declared(world: World, name: str, *more: str) -> None:
    world.users(ADA.format(name), *more)
    world.groups("[]")


def heard(world: World) -> Heard:
    transport = Heard(world.transport)
    sleep = world.clock.sleep
    world.client = ScimClient(
        "http://127.0.0.1/v2", "secret", world.client.profile, transport=transport, workers=1, clock=world.clock, sleep=sleep
    )
    return transport


def edited(world: World, path: str, value: str) -> None:
    found = world.bare.find("Users", "userName", "ada@x.org")[0]
    world.bare.patch("Users", found["id"], [{"op": "replace", "path": path, "value": value}])


def test_the_version_of_the_list_goes_with_the_one_request(begun: World) -> None:
    declared(begun, "Countess")
    version, service = begun.find("ada@x.org")["meta"]["version"], heard(begun)
    begun.converge()
    assert service.asked == [("PATCH", version), ("GET", None)]  # which reads back what a 204 does not say


def test_who_was_changed_since_the_plan_is_stale_and_nothing_is_written(begun: World) -> None:
    declared(begun, "Countess")
    service = heard(begun)
    service.before = lambda: edited(begun, "displayName", "Somebody")
    (outcome,) = begun.apply().outcomes
    assert outcome.status == "stale" and begun.find("ada@x.org")["displayName"] == "Somebody"
    assert service.methods == ["PATCH", "GET"]


def test_a_change_of_what_the_plan_does_not_rest_on_is_no_hindrance(begun: World) -> None:
    declared(begun, "Countess")
    service = heard(begun)
    service.before = lambda: edited(begun, "nickName", "Al")
    begun.converge()
    assert service.methods == ["PATCH", "GET", "PATCH", "GET"] and begun.find("ada@x.org")["nickName"] == "Al"


def test_a_version_that_stays_after_a_change_is_no_reason_to_leave_out_a_read(begun: World) -> None:
    declared(begun, "Countess", "userPrincipalName: grace@x.org, displayName: Grace")
    begun.assign("user: ada@x.org, role: User", "user: grace@x.org, role: User")
    begun.converge()
    declared(begun, "Queen", "userPrincipalName: grace@x.org, displayName: Admiral")
    versions = {begun.find(name)["id"]: begun.find(name)["meta"]["version"] for name in ("ada@x.org", "grace@x.org")}
    service = heard(begun)

    def stands_still(response: httpx.Response) -> httpx.Response:
        id = next(iter(versions))
        known = {"id": id, "userName": "ada@x.org", "displayName": "Queen", "title": "Boss", "active": True}
        return httpx.Response(200, json={**known, "roles": [{"value": "user"}], "meta": {"version": versions[id]}})

    service.answer = lambda response: stands_still(response) if service.methods == ["PATCH"] else response
    assert begun.apply().complete
    assert service.methods == ["PATCH", "GET", "PATCH", "GET"]


def test_an_answer_that_was_lost_is_looked_for_before_it_is_sent_again(begun: World) -> None:
    declared(begun, "Countess")
    service = heard(begun)

    def lost(response: httpx.Response) -> httpx.Response:
        raise httpx.ReadError("reset")

    service.answer = lost
    begun.converge()
    assert service.methods == ["PATCH", "GET"]


def test_a_service_that_announces_nothing_is_read_before_each_write(begun: World) -> None:
    declared(begun, "Countess")
    begun.client.profile = replace(begun.client.profile, discovery=False, etag=Etag())
    service = heard(begun)
    begun.converge()
    assert service.methods == ["GET", "PATCH", "GET"]
