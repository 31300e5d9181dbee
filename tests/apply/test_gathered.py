"""Accounts are read before they are written to, many with one request where that serves many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest

from reconciler.apply.gathered import FRESH, Gathered
from reconciler.apply.pace import Baton
from reconciler.cycle.randomness import SystemChance
from reconciler.cycle.write import Request, write
from reconciler.scim.client import ScimClient
from reconciler.scim.profile import PROFILES, Etag, Filter, Paging, Profile
from tests.support.world import World

PAGES = replace(PROFILES["generic"], paging=Paging(count=10))
ANY = replace(PAGES, filter=Filter(("eq", "and", "or")))
IDS = [f"id-{number:02}" for number in range(60)]


class Asked:
    """A service of accounts `IDS`; `requests` are what was asked for, `hidden` is whom no list or filter shows."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.hidden: set[str] = set()
        self.time = 1000.0
        self.status = 200

    def __call__(self, request: httpx.Request) -> httpx.Response:
        id, query = request.url.path.rpartition("/")[2], parse_qs(request.url.query.decode())
        self.requests.append(id if id in IDS else "filter" if "filter" in query else f"page {query['startIndex'][0]}")
        if id in IDS:
            return httpx.Response(200, json={"id": id})
        asked = query["filter"][0] if "filter" in query else ""
        start = int(query["startIndex"][0]) - 1 if "startIndex" in query else 0
        there = [i for i in IDS if f'"{i}"' in asked] if asked else IDS[start : start + 10]
        found = [{"id": i} for i in there if i not in self.hidden]
        return httpx.Response(self.status, json={"totalResults": len(IDS), "Resources": found})


def gathered(asked: Asked, profile: Profile = PAGES) -> tuple[Gathered, Callable[[str], None]]:
    transport, baton = httpx.MockTransport(asked), Baton()
    client = ScimClient("http://127.0.0.1/v2", "t", profile, transport=transport, workers=1, clock=lambda: asked.time)
    found = Gathered(client, {id: place for place, id in enumerate(IDS)}, baton)

    def get(id: str) -> None:
        with baton.held():
            assert (found.seen(id) or client.get("Users", id) or {})["id"] == id

    return found, get


def test_one_page_serves_those_of_the_next_accounts_that_are_on_it() -> None:
    asked = Asked()
    reads, get = gathered(asked)
    reads.begin(IDS[:20])
    for id in IDS[:20]:
        get(id)
    assert asked.requests == ["page 1", "page 11"]


def test_a_page_of_which_few_are_needed_is_not_read() -> None:
    asked = Asked()
    reads, get = gathered(asked)
    reads.begin(IDS[:7])
    for id in IDS[:7]:
        get(id)
    assert asked.requests == IDS[:7]


def test_one_filter_serves_as_many_as_a_request_can_hold() -> None:
    asked = Asked()
    reads, get = gathered(asked, ANY)
    reads.begin(IDS)
    for id in IDS:
        get(id)
    assert asked.requests == ["filter", "filter"]


def test_whom_such_a_read_does_not_show_is_asked_for_alone() -> None:
    asked = Asked()
    asked.hidden = {IDS[3]}
    reads, get = gathered(asked)
    reads.begin(IDS[:10])
    for id in IDS[:10]:
        get(id)
    assert asked.requests == ["page 1", IDS[3]]


@pytest.mark.parametrize("profile", [PAGES, ANY], ids=["page", "filter"])
def test_a_service_that_shows_others_is_not_asked_so_again(profile: Profile) -> None:
    asked = Asked()
    asked.hidden = set(IDS)
    reads, get = gathered(asked, profile)
    reads.begin(IDS)
    for id in IDS[:3]:
        get(id)
    assert asked.requests[1:] == IDS[:3]


def test_a_service_that_refuses_such_a_filter_is_asked_for_each() -> None:
    asked = Asked()
    asked.status = 400
    reads, get = gathered(asked, ANY)
    reads.begin(IDS)
    get(IDS[0])
    get(IDS[1])
    assert asked.requests == ["filter", *IDS[:2]]


def test_what_was_read_too_long_ago_is_read_again_with_those_that_are_left() -> None:
    asked = Asked()
    reads, get = gathered(asked, ANY)
    reads.begin(IDS[:10])
    get(IDS[0])
    asked.time += FRESH + 1
    get(IDS[1])
    get(IDS[2])
    assert asked.requests == ["filter", "filter"]


def test_a_read_serves_one_write() -> None:
    asked = Asked()
    reads, get = gathered(asked, ANY)
    reads.begin(IDS[:10])
    get(IDS[0])
    get(IDS[0])
    assert asked.requests == ["filter", IDS[0]]


NAMES = [f"user{number:02}@x.org" for number in range(12)]


@pytest.fixture
def begun(tmp_path: Path) -> World:
    world = World(tmp_path, discovery=False, filter={"operators": ["eq", "and", "or"]})
    world.client.profile = replace(world.client.profile, etag=Etag(supported=False))
    declared(world, "Engineer")
    world.assign(*(f"user: {name}, role: User" for name in NAMES))
    world.converge()
    return world


def declared(world: World, title: str) -> None:
    world.users(*(f"userPrincipalName: {name}, jobTitle: {title}" for name in NAMES))
    world.groups("[]")


def singles(world: World, do: Callable[[], None]) -> tuple[int, int]:
    """(accounts asked for alone, all writes) while something is done."""
    seen: list[httpx.Request] = []

    class Seen(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            seen.append(request)
            return world.transport.handle_request(request)

    profile, clock = world.client.profile, world.clock
    world.client = ScimClient(
        "http://127.0.0.1/v2", "secret", profile, transport=Seen(), workers=1, clock=clock, sleep=clock.sleep
    )
    do()
    alone = [r for r in seen if r.method == "GET" and "/Users/" in r.url.path]
    return len(alone), len([r for r in seen if r.method != "GET"])


def test_an_apply_asks_once_for_accounts_that_it_changes(begun: World) -> None:
    declared(begun, "Chief")
    after = 12  # which a 204 does not show
    assert singles(begun, begun.converge) == (after, 12)


def test_who_has_been_changed_since_the_plan_is_seen_in_such_a_read(begun: World) -> None:
    declared(begun, "Chief")
    session = begun.session()
    begun.edit(NAMES[4], "title", "Other")
    result = write(
        session, session.planned.plan.changes, Request(), lambda: begun.now, SystemChance(), lambda o: None, lambda: False
    )
    assert {o.change.address for o in result.outcomes if o.status == "stale"} == {f"User/{NAMES[4]}"}
    assert begun.find(NAMES[4])["title"] == "Other" and begun.find(NAMES[5])["title"] == "Chief"
