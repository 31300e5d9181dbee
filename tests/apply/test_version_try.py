"""Whether a service keeps its word on If-Match: the first of many updates finds it out, and loses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.apply.version_try import another
from reconciler.cycle.randomness import SystemChance
from reconciler.cycle.write import Request, write
from reconciler.scim.client import ScimClient
from reconciler.scim.profile import Etag
from tests.support.world import World

NAMES = [f"user{number}@x.org" for number in range(9)]


class Service(httpx.BaseTransport):
    """`told` are the requests about one account; where it `ignores` versions it takes whatever If-Match says."""

    def __init__(self, inner: httpx.BaseTransport, ignores: bool) -> None:
        self.inner, self.ignores, self.told = inner, ignores, list[tuple[str, int]]()
        self.first: Any = None
        self.lists = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.ignores:
            request.headers.pop("If-Match", None)
        self.lists += request.method == "GET" and request.url.path.endswith("/Users") and b"startIndex" in request.url.query
        if "/Users/" not in request.url.path:
            return self.inner.handle_request(request)
        answer, self.first = self.first or self.inner.handle_request, None
        response = answer(request)
        self.told.append((request.method, response.status_code))
        return response

    def count(self, method: str) -> int:
        return sum(1 for told, _ in self.told if told == method)


@pytest.fixture
def begun(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    declared(world, "Engineer")
    world.assign(*(f"user: {name}, role: User" for name in NAMES))
    world.converge()
    yield world


def declared(world: World, title: str, names: list[str] = NAMES) -> None:
    world.users(*(f"userPrincipalName: {name}, jobTitle: {title if name in names else 'Engineer'}" for name in NAMES))
    world.groups("[]")


def served(world: World, ignores: bool = False) -> Service:
    service, profile = Service(world.transport, ignores), replace(world.client.profile, etag=Etag())
    world.client = ScimClient(
        "http://127.0.0.1/v2", "secret", profile, transport=service, workers=1, clock=world.clock, sleep=world.clock.sleep
    )
    return service


def titles(world: World) -> set[str]:
    return {world.find(name)["title"] for name in NAMES}


def alone(service: Service) -> int:
    """Accounts that were read before their writes: after each write here each is read, since the answer holds no body."""
    return service.count("GET") - len(NAMES)


def test_a_service_that_keeps_versions_is_asked_once_and_believed_from_then_on(begun: World) -> None:
    declared(begun, "Chief")
    service = served(begun)
    result = begun.apply()
    assert result.complete and result.said == () and titles(begun) == {"Chief"}
    assert [status for method, status in service.told if method == "PATCH"] == [412] + [204] * 9
    assert (alone(service), service.lists) == (1, 2)  # which are the plan's
    declared(begun, "Boss")
    service = served(begun)
    assert begun.apply().complete
    assert (alone(service), service.lists, service.count("PATCH")) == (0, 2, 9)


def test_a_service_that_ignores_versions_is_read_before_each_write_and_that_is_said_once(begun: World) -> None:
    declared(begun, "Chief")
    service = served(begun, ignores=True)
    result = begun.apply()
    assert result.complete and titles(begun) == {"Chief"}
    assert (alone(service), service.lists, service.count("PATCH")) == (1, 3, 9)  # the other eight with one request
    assert ["`etag: {enforced: false}`" in words for words in result.said] == [True]
    declared(begun, "Boss")
    service = served(begun, ignores=True)
    result = begun.apply()
    assert result.complete and result.said == () and service.count("PATCH") == 9
    assert (alone(service), service.lists) == (0, 3)


def test_what_was_edited_since_the_plan_is_not_overwritten_to_find_it_out(begun: World) -> None:
    declared(begun, "Chief")
    service, session = served(begun, ignores=True), begun.session()
    begun.edit(NAMES[0], "title", "Edited")
    changes, chance = session.planned.plan.changes, SystemChance()
    result = write(session, changes, Request(), lambda: begun.now, chance, lambda outcome: None, lambda: False)
    assert [outcome.status for outcome in result.outcomes].count("stale") == 1
    assert begun.find(NAMES[0])["title"] == "Edited" and service.count("PATCH") == 1 + 8


def test_few_updates_are_read_first_and_find_nothing_out(begun: World) -> None:
    declared(begun, "Chief", NAMES[:7])
    service = served(begun)
    assert begun.apply().complete
    assert [status for method, status in service.told if method == "PATCH"] == [204] * 7


def test_a_refusal_that_may_be_of_the_version_says_nothing(begun: World) -> None:
    declared(begun, "Chief")
    service = served(begun)

    def first(request: httpx.Request) -> httpx.Response:
        service.first = lambda request: httpx.Response(400, json={"status": "400", "detail": "no such version"})
        return service.inner.handle_request(request)

    service.first = first
    result = begun.apply()
    assert result.complete and result.said == () and titles(begun) == {"Chief"} and service.count("PATCH") == 10
    assert "keepsVersions" not in str(begun.store.load())


@pytest.mark.parametrize(
    ("version", "other"),
    [('W/"3"', 'W/"8"'), ('"a330"', '"b330"'), ('W/"2026-01"', 'W/"7026-01"'), ("7", "2"), ('W/""', None), ('W/"-x"', 'W/"-a"')],
)
def test_another_version_has_the_form_of_the_right_one(version: str, other: str | None) -> None:
    assert another(version) == other
