"""A service that cannot bear several changes at a time: what it refuses or loses beside others goes again alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from reconciler.apply.pace import ONE_AT_A_TIME, Pace
from reconciler.scim.client import ScimClient
from tests.support.world import World

NAMES = [f"user{number}@x.org" for number in range(6)]
PATIENCE = 5  # seconds for the first two changes to meet; later ones may go alone


class Crowded(httpx.BaseTransport):
    """`answer` decides of each change of a user or group that was under way beside another; the first two meet for sure."""

    def __init__(self, inner: httpx.BaseTransport, kind: str, answer: Callable[[httpx.Request], httpx.Response | None]) -> None:
        self.inner, self.kind, self.answer = inner, f"/{kind}/", answer
        self.lock, self.busy, self.met, self.most = threading.Lock(), 0, threading.Event(), list[int]()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET" or self.kind not in request.url.path:
            with self.lock:
                return self.inner.handle_request(request)
        with self.lock:
            self.busy += 1
            self.most.append(self.busy)
            crowded = self.busy > 1
            if crowded:
                self.met.set()
        self.met.wait(PATIENCE)
        with self.lock:
            try:
                return (self.answer(request) if crowded else None) or self.inner.handle_request(request)
            finally:
                self.busy -= 1


@pytest.fixture
def begun(tmp_path: Path) -> World:
    world = World(tmp_path)
    declared(world, "Engineer", NAMES[:1])
    world.assign(*(f"user: {name}, role: User" for name in NAMES), *(f"group: G{number}, role: User" for number in range(4)))
    world.converge()
    return world


def declared(world: World, title: str, members: list[str]) -> None:
    world.users(*(f"userPrincipalName: {name}, jobTitle: {title}" for name in NAMES))
    world.groups(*(f"displayName: G{number}, members: [{', '.join(members)}]" for number in range(4)))


def beside(world: World, kind: str, answer: Callable[[httpx.Request], httpx.Response | None]) -> Crowded:
    service = Crowded(world.transport, kind, answer)
    profile, clock = world.client.profile, world.clock
    world.client = ScimClient(
        "http://127.0.0.1/v2", "secret", profile, transport=service, workers=4, clock=clock, sleep=clock.sleep
    )
    return service


def conflict(scim_type: str = "") -> Callable[[httpx.Request], httpx.Response]:
    return lambda request: httpx.Response(409, json={"status": "409", "detail": "busy", "scimType": scim_type})


def test_what_is_refused_beside_others_goes_again_alone_and_the_rest_one_by_one(begun: World) -> None:
    declared(begun, "Chief", NAMES[:1])
    service = beside(begun, "Users", conflict())
    result = begun.apply()
    assert result.complete and result.said == (ONE_AT_A_TIME,)
    assert {begun.find(name)["title"] for name in NAMES} == {"Chief"} and service.most[-1] == 1


def test_a_value_that_somebody_else_has_is_no_word_on_how_many_go_at_a_time(begun: World) -> None:
    declared(begun, "Chief", NAMES[:1])
    beside(begun, "Users", conflict("uniqueness"))
    result = begun.apply()
    assert not result.complete and ONE_AT_A_TIME not in result.said


def test_members_that_a_service_loses_beside_other_changes_are_put_in_alone(begun: World) -> None:
    declared(begun, "Engineer", NAMES)
    beside(begun, "Groups", lambda request: httpx.Response(204))
    result = begun.apply()
    groups = [item for item in begun.everything().values() if "members" in item]
    assert [len(group["members"]) for group in groups] == [len(NAMES)] * 4
    assert result.complete and result.said == (ONE_AT_A_TIME,), result.outcomes


def test_somebody_who_stays_in_beside_other_changes_is_put_out_alone(begun: World) -> None:
    declared(begun, "Engineer", NAMES[:1])
    begun.assign(*(f"group: G{number}, role: User" for number in range(4)))
    service = beside(begun, "Users", lambda request: httpx.Response(204))
    result = begun.apply()
    assert [begun.find(name)["active"] for name in NAMES] == [True] + [False] * 5
    assert result.complete and result.said == (ONE_AT_A_TIME,) and service.most[-1] == 1, result.outcomes


def test_a_service_that_refuses_alone_too_is_not_asked_alone_for_ever(begun: World) -> None:
    pace = Pace(4)
    for _ in range(3):
        pace._narrow(well=False)
    assert not pace.may_collide() and (pace.allowed, pace.collisions) == (4, 0)


def test_one_collision_narrows_for_a_while_and_two_for_good() -> None:
    pace = Pace(4)
    pace._narrow(well=True)
    assert pace.allowed == 1
    for _ in range(3):
        pace.heard(0)
    assert pace.allowed == 4
    pace._narrow(well=True)
    pace.heard(0)
    assert pace.allowed == 1 and not pace.may_collide()
