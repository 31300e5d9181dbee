"""How a service is read: by which way, how many pages at once, and what of them is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.declare.cache import packed, unpacked
from reconciler.declare.mapping_model import AttributeMapping, ObjectMapping
from reconciler.plan.live import Wanted, project_users
from reconciler.resolve.canonical import canonical
from reconciler.resolve.mapping import CompiledMapping, compile_mapping
from reconciler.scim import paging
from reconciler.scim.client import ScimClient
from reconciler.scim.errors import NoConnection, ReadError, ServiceError
from reconciler.scim.paging import Page, whole
from reconciler.scim.profile import PROFILES
from tests.support.servers import Answer, Front, front, page

PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy")


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    """A proxy that lets nobody through, named by the environment."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
    with front(lambda call: Answer(407)) as server:
        monkeypatch.setenv("HTTPS_PROXY", server.url)
        yield server


def client(url: str) -> ScimClient:
    return ScimClient(url, "secret", PROFILES["generic"], sleep=lambda seconds: None)


def test_a_service_is_reached_by_the_proxy_of_the_environment_which_sees_no_token(proxy: Front) -> None:
    with client("https://scim.invalid/v2") as asked, pytest.raises(ServiceError, match="407"):
        asked.get("Users", "1")
    assert {(call.method, call.path, call.authorization) for call in proxy.calls} == {("CONNECT", "scim.invalid:443", "")}


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_without_a_scheme_is_spoken_to_by_http(proxy: Front, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv("HTTPS_PROXY")
    monkeypatch.setenv(name, proxy.url.removeprefix("http://"))
    with client("https://scim.invalid/v2") as asked, pytest.raises(ServiceError, match="407"):
        asked.get("Users", "1")
    assert {call.method for call in proxy.calls} == {"CONNECT"}


def test_what_a_proxy_refused_was_not_sent(proxy: Front) -> None:
    with client("https://scim.invalid/v2") as asked, pytest.raises(NoConnection):
        asked.create("Users", {})


@pytest.mark.parametrize("listed", ["localhost", "localhost:1", "x.org,localhost:1", "*", ".org,localhost"])
def test_a_host_that_needs_no_proxy_is_asked_itself(proxy: Front, monkeypatch: pytest.MonkeyPatch, listed: str) -> None:
    monkeypatch.setenv("NO_PROXY", listed)
    with client("https://localhost:1/v2") as asked, pytest.raises(ServiceError, match="no connection"):
        asked.get("Users", "1")
    assert proxy.connections == 0


@pytest.mark.parametrize("url", ["gopher://robot:hunter2@x.org", "http://x.org:port", "http://robot:hunt#er2@x.org:1"])
def test_a_proxy_that_cannot_be_used_is_said_without_its_password(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", url)
    with pytest.raises(ServiceError, match="the proxy of the environment cannot be used") as error:
        client("https://scim.example.com/v2")
    assert "HTTPS_PROXY" in error.value.remedy and "hunt" not in str(error.value)


@pytest.mark.parametrize("file", ["/nowhere/ca.pem", __file__])
def test_certificates_that_cannot_be_used_are_said(monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", file)
    with pytest.raises(ServiceError, match="the certificates of the environment cannot be used") as error:
        client("https://scim.example.com/v2")
    assert "SSL_CERT_FILE" in error.value.remedy


@pytest.mark.parametrize("url", ["https://a..example.com/v2", "https://xn--a.example.com/v2", f"https://{'a' * 70}.example.com"])
def test_a_host_that_cannot_be_one_is_one_error(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
    with client(url) as asked, pytest.raises(ServiceError, match="cannot be sent") as error:
        asked.get("Users", "1")
    assert error.value.remedy == "check tenantUrl"


def test_a_version_of_any_letters_is_sent_back() -> None:
    asked: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(dict(request.headers.raw)[b"If-Match"])
        return httpx.Response(204)

    with ScimClient("https://x.org", "secret", PROFILES["generic"], transport=httpx.MockTransport(answer)) as found:
        found.patch("Users", "1", [], 'W/"\u00e9"')
    assert asked == ['W/"\u00e9"'.encode()]


def test_nobody_goes_on_reading_with_a_client_that_was_closed() -> None:
    with front(lambda call: Answer(200, b'{"id": "1"}')) as service:
        with client(service.url) as asked:
            asked.get("Users", "1")
        with pytest.raises(NoConnection, match="closed"):
            asked.get("Users", "1")
        assert len(service.calls) == 1


def test_a_service_gets_no_cookie_back() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"totalResults": 0}, headers={"Set-Cookie": "session=1"})

    with ScimClient("https://scim.example.com/v2", "secret", PROFILES["generic"], transport=httpx.MockTransport(answer)) as found:
        found.peek("Users")
        found.peek("Users")
    assert len(asked) == 2 and not any("Cookie" in request.headers for request in asked)


class Clock:
    """Time as a test has it: what a page takes by the clock, and of it, what is computing."""

    def __init__(self, elapsed: float, worked: float) -> None:
        self.elapsed, self.worked, self.pages = elapsed, worked, 0
        self.own = threading.local()  # each thread has its own time here, whatever the others do

    def wait(self, elapsed: float) -> None:
        self.own.now = self.perf_counter() + elapsed
        self.own.worked = self.thread_time() + self.worked
        self.pages += 1

    def perf_counter(self) -> float:
        return getattr(self.own, "now", 0.0)

    def thread_time(self) -> float:
        return getattr(self.own, "worked", 0.0)


@pytest.mark.parametrize(("elapsed", "worked", "workers"), [(0.001, 0.001, 1), (0.0019, 0.001, 1), (0.003, 0.001, 3), (1, 0, 8)])
def test_as_many_pages_are_read_at_once_as_hide_the_waiting(
    monkeypatch: pytest.MonkeyPatch, elapsed: float, worked: float, workers: int
) -> None:
    clock, pools = Clock(elapsed, worked), []
    monkeypatch.setattr(paging, "time", clock)
    pool = paging.ThreadPoolExecutor
    monkeypatch.setattr(paging, "ThreadPoolExecutor", lambda size: pools.append(size) or pool(size))

    def fetch(start: int) -> Page:
        clock.wait(elapsed)
        return Page([str(start)], [start], 20) if start <= 20 else Page([], [], 20)

    assert whole(fetch, 8) == (list(range(1, 21)), 20)
    assert pools == ([workers] if workers > 1 else [])


@pytest.mark.parametrize(("first", "pools"), [(0.001, [8]), (0.003, [3, 8]), (1, [8])])
def test_pages_that_take_longer_than_the_first_get_more_workers(
    monkeypatch: pytest.MonkeyPatch, first: float, pools: list[int]
) -> None:
    clock, made = Clock(first, 0.001), []
    monkeypatch.setattr(paging, "time", clock)
    pool = paging.ThreadPoolExecutor
    monkeypatch.setattr(paging, "ThreadPoolExecutor", lambda size: made.append(size) or pool(size))

    def fetch(start: int) -> Page:
        clock.wait(1.0 if clock.pages else first)
        return Page([str(start)], [start], 100) if start <= 100 else Page([], [], 100)

    assert whole(fetch, 8) == (list(range(1, 101)), 100)
    assert made == pools


@pytest.mark.parametrize("count", [2, 4, 100])
@pytest.mark.parametrize("lacks", [0, 2])
def test_one_account_shown_twice_in_an_answer_is_one_in_the_list_and_in_its_total(count: int, lacks: int) -> None:
    rows = [number for number in range(1, 7) for _ in range(2)]

    def fetch(start: int) -> Page:
        shown = rows[start - 1 : start - 1 + count]
        return Page(list(map(str, shown)), shown, len(rows) + lacks)

    assert whole(fetch, 1) == ([1, 2, 3, 4, 5, 6], 6 + lacks)


def test_one_account_shown_twice_for_a_filter_is_one() -> None:
    ada = {"id": "1", "userName": "ada@x.org"}
    with front(lambda call: page(ada, ada)) as server, client(server.url) as asked:
        assert asked.filtered("Users", "userName", "ada@x.org") == ([ada], 1)


@dataclass
class Shelf:
    """A service of `size` items that shows as many at a start index as `lengths` says, in turn; it keeps what it was asked."""

    size: int
    lengths: Callable[[int], int]
    asked: list[int] = field(default_factory=list)

    def __call__(self, start: int) -> Page:
        self.asked.append(start)
        shown = range(start, min(start + self.lengths(start), self.size + 1))
        return Page(list(map(str, shown)), list(shown), self.size)


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("short", [{201: 150}, {201: 1}, {1: 7}, {201: 150, 351: 20}, {401: 30}, {201: 150, 401: 1, 402: 1}])
def test_the_gap_that_a_short_page_leaves_is_read(short: dict[int, int], workers: int) -> None:
    shelf = Shelf(500, lambda start: short.get(start, 200))
    found, total = whole(shelf, workers)
    assert (sorted(found), total) == (list(range(1, 501)), 500)
    assert len(shelf.asked) == len(set(shelf.asked))


@given(st.integers(0, 300), st.integers(1, 40), st.randoms(use_true_random=False), st.sampled_from([1, 3]))
def test_whatever_lengths_pages_have_everybody_is_found_once(size: int, most: int, random: Random, workers: int) -> None:
    found, total = whole(Shelf(size, lambda start: random.randint(1, most)), workers)
    assert (sorted(found), total) == (list(range(1, size + 1)), size)


@given(st.integers(0, 300), st.integers(1, 40), st.integers(1, 40))
def test_pages_of_one_length_are_asked_for_once_each_and_one_after_the_last(size: int, length: int, most: int) -> None:
    shelf = Shelf(size, lambda start: min(length, most))
    whole(shelf, 1)
    assert shelf.asked == list(range(1, size + 1, min(length, most))) + [size + 1]


def test_the_page_after_the_last_is_asked_for_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, asked = Clock(1, 0.001), threading.Barrier(2, timeout=60)
    monkeypatch.setattr(paging, "time", clock)
    shelf = Shelf(400, lambda start: 200)

    def fetch(start: int) -> Page:
        clock.wait(1)
        if start > 1:
            asked.wait()  # neither is answered before both are asked
        return shelf(start)

    assert len(whole(fetch, 8)[0]) == 400
    assert sorted(shelf.asked) == [1, 201, 401]


def test_who_comes_while_the_last_pages_are_read_is_looked_for() -> None:
    def fetch(start: int) -> Page:
        shown = range(start, min(start + 200, 401)) if len(asked) < 3 else range(start, 402)
        asked.append(start)
        return Page(list(map(str, shown)), list(shown), 400 if start != 401 else 401)

    asked: list[int] = []
    assert whole(fetch, 1) == (list(range(1, 402)), 401)
    assert asked == [1, 201, 401, 401, 402]


NONSENSE = {
    "always the first page": lambda start, items: items[:10],
    "one account for ever": lambda start, items: items[:10] if start == 1 else items[:1],
    "nothing after the first page": lambda start, items: items[:10] if start == 1 else [],
    "every other page empty": lambda start, items: items[start - 1 : start + 9] if start // 10 % 2 == 0 else [],
    "two of each ten": lambda start, items: items[start - 1 : start + 9] if start == 1 else items[start // 10 * 10 :][:2],
}


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("kind", sorted(NONSENSE))
def test_a_service_that_answers_nonsense_is_left_after_few_requests(kind: str, workers: int) -> None:
    items, asked = list(range(100)), []

    def fetch(start: int) -> Page:
        asked.append(start)
        shown = NONSENSE[kind](start, items)
        return Page(list(map(str, shown)), shown, 1_000_000)

    found, total = whole(fetch, workers)
    assert len(found) <= 100 < total and len(asked) <= 200


def test_a_service_that_never_ends_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MOST_PAGES", 50)
    with pytest.raises(ReadError, match="no end"):
        whole(Shelf(1_000_000, lambda start: 10), 1)


def mapping() -> CompiledMapping:
    found = [
        AttributeMapping(target=target, kind="source", value=target, matchingPrecedence=1 if target == "userName" else None)
        for target in ("userName", "title")
    ]
    return compile_mapping(ObjectMapping(attributes=tuple(found)))


def test_what_is_as_wanted_is_held_once_and_the_rest_as_it_is() -> None:
    wanted = [("ada", "Countess"), ("grace", "Admiral")]
    accounts: list[dict[str, Any]] = [
        {"id": "1", "userName": "ada", "title": "Countess"},
        {"id": "2", "userName": "grace", "title": "Captain"},
        {"id": "3", "userName": "alan"},
        {"id": "4"},
    ]
    found = project_users(mapping(), accounts, Wanted(mapping(), wanted))
    assert found == project_users(mapping(), accounts)
    assert found[0].values is wanted[0] and found[1].values == ("grace", "Captain")


@pytest.mark.parametrize("value", [0, 1.0, 1, False, [], [{"primary": 0}], "", "1"])
@pytest.mark.parametrize("wanted", [True, False, 1, 0, "1", [{"primary": False}], None])
def test_what_is_equal_and_of_another_type_stays_what_it_is(value: Any, wanted: Any) -> None:
    accounts = [{"id": "1", "userName": "ada", "title": value}]
    (found,) = project_users(mapping(), accounts, Wanted(mapping(), [("ada", wanted)]))
    (alone,) = project_users(mapping(), accounts)
    assert canonical(list(found.values)) == canonical(list(alone.values))


@pytest.mark.parametrize("name", [["ada"], {"a": 1}, 1, None])
def test_a_matching_attribute_of_another_shape_is_nobodys(name: Any) -> None:
    accounts = [{"id": "1", "userName": name, "title": "Countess"}]
    for wanted in ([("ada", "Countess")], [(name, "Countess")]):
        assert project_users(mapping(), accounts, Wanted(mapping(), wanted)) == project_users(mapping(), accounts)


@pytest.mark.parametrize(
    "column", [[], ["a"], ["a", "a", None, "a", None, "a"], [True, True, 1, 1, "1", "1"], [["a"], ["a"], ["a"]], ["a", "b", "c"]]
)
def test_a_column_comes_back_from_the_cache_as_it_was(column: list[Any]) -> None:
    found = unpacked(packed(column))
    assert found == column and list(map(type, found)) == list(map(type, column))
