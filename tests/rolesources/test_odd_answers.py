"""Whatever the service answers, what comes out of the driver of ThousandEyes is an answer or a ServiceError that says where."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.demo.thousandeyes.permissions import ACCOUNT_ADMIN
from reconciler.rolesources.connection import run_test
from reconciler.rolesources.model import Grant
from reconciler.rolesources.source import RoleSource
from reconciler.rolesources.thousandeyes import ThousandEyes
from reconciler.scim.client import ScimClient
from reconciler.scim.errors import ReadError, ServiceError
from reconciler.scim.profile import PROFILES
from tests.support.thousandeyes import BOSS, TOKEN, Line, Office

SINCE = "2026-01-01T00:00:00Z"
LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(max_size=8) | st.sampled_from(["", "current", "..", "http://[x", "a@x.org", "/v7/x?cursor=", "\x00"])
JSON = st.recursive(
    LEAVES | TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6
)


class Odd:
    """A driver whose service answers what `twist` makes of a right answer to a path; no two requests wait for each other."""

    def __init__(self) -> None:
        self.office = Office(rate={"perMinute": 10**9, "burst": 10**9})
        self.ada = self.office.hire("ada@x.org", "Ada")
        self.ada.groups = {self.office.staging: [self.office.role(ACCOUNT_ADMIN)]}
        for _ in range(51):
            self.office.ask("PUT", f"/v7/users/{self.ada.uid}", {"name": "Ada"}, BOSS)
        self.line = Line(self.office.transport())
        self.line.before = self._twisted
        self.answers = dict[str, tuple[int, Any]]()
        self.twist: Callable[[str, Any], Any] = lambda path, answer: answer

    def driver(self) -> RoleSource:
        """A new one, which has learned nothing of earlier answers."""
        clock = self.office.clock
        client = ScimClient(
            "http://127.0.0.1/v2", TOKEN, PROFILES["thousandeyes"], transport=self.line, clock=clock, sleep=clock.sleep
        )
        return ThousandEyes(client.sender.beside("http://127.0.0.1/v7", TOKEN))

    def _twisted(self, request: httpx.Request) -> httpx.Response:
        """Nothing is written: a write is answered as a read is, and what is read is always the same."""
        there = request.url.raw_path.decode()
        if there not in self.answers:
            answer = self.office.ask("GET", there)
            self.answers[there] = answer.status_code, answer.json()
        status, data = self.answers[there]
        return httpx.Response(status, content=json.dumps(self.twist(request.url.path.removeprefix("/v7"), data)))

    def asked(self) -> Iterator[Callable[[RoleSource], object]]:
        grant = frozenset({Grant(self.office.production, self.office.role(ACCOUNT_ADMIN))})
        yield lambda driver: driver.rights()
        yield lambda driver: driver.catalog()
        yield lambda driver: (driver.people(), driver.edits(SINCE))
        yield lambda driver: driver.read(self.ada.uid)
        yield lambda driver: driver.change(self.ada.uid, grant, frozenset())
        yield lambda driver: run_test(driver, SINCE)


@pytest.fixture(scope="module")
def odd() -> Odd:
    return Odd()


def ways(value: Any, way: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where something stands in JSON: the whole, and each part of it; of a list its first two items."""
    yield way
    items = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for key, item in items:
        yield from ways(item, (*way, key))


def put(value: Any, way: tuple[str | int, ...], other: Any) -> Any:
    if not way:
        return other
    changed = deepcopy(value)
    spot = changed
    for key in way[:-1]:
        spot = spot[key]
    spot[way[-1]] = other
    return changed


@settings(deadline=None)
@given(data=st.data())
def test_nothing_but_an_answer_or_a_service_error_comes_of_any_json(odd: Odd, data: st.DataObject) -> None:
    whole = data.draw(st.booleans(), "the whole answer")

    def twist(path: str, answer: Any) -> Any:
        if whole:
            return data.draw(JSON, path)
        way = data.draw(st.sampled_from(list(ways(answer))), path)
        return put(answer, way, data.draw(JSON, "there"))

    odd.twist = twist
    for ask in odd.asked():
        try:
            ask(odd.driver())
        except ServiceError as error:
            assert error.message


@pytest.mark.parametrize(
    ("path", "way", "other", "said"),
    [
        ("/users/{ada}", ("loginAccountGroup",), "x", "loginAccountGroup"),
        ("/users/{ada}", ("accountGroupRoles", 0, "accountGroup", "accountGroupName"), 5, "accountGroupName"),
        ("/users/{ada}", ("name",), ["Ada"], "name"),
        ("/users", ("users", 0, "lastLogin"), 5, "lastLogin"),
        ("/users", ("users", 0, "name"), {}, "name"),
        ("/account-groups", ("accountGroups", 0, "orgId"), [], "orgId"),
        ("/audit-user-events", ("_links",), [1], "_links"),
        ("/audit-user-events", ("_links", "next"), "x", "next"),
        ("/audit-user-events", ("_links", "next", "href"), "http://[x", "_links.next.href"),
        ("/audit-user-events", ("_links", "next", "href"), "https://api.example.com/v7/audit-user-events", "_links.next.href"),
        ("/audit-user-events", ("auditEvents", 0, "resources"), 5, "resources"),
        ("/audit-user-events", ("auditEvents", 0, "resources", 0, "name"), 5, "name"),
        ("/audit-user-events", ("auditEvents", 0, "user"), [], "user"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_with_its_request(
    odd: Odd, path: str, way: tuple[str | int, ...], other: Any, said: str
) -> None:
    path = path.format(ada=odd.ada.uid)
    odd.twist = lambda asked, answer: put(answer, way, other) if asked == path else answer
    found = set()
    for ask in odd.asked():
        try:
            ask(odd.driver())
        except ReadError as error:
            found.add(str(error))
    assert found == {f"GET {path}: the answer holds no {said} that can be read"}
