"""What is sent again, how often and after how long: the clock is the test's."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from reconciler.scim.client import ScimClient
from reconciler.scim.errors import LostAnswer, NoConnection, ServiceError
from reconciler.scim.profile import PROFILES
from tests.world import Clock

EMPTY = httpx.Response(200, json={"totalResults": 0, "Resources": []})


def client(clock: Clock, *answers: httpx.Response | Exception) -> ScimClient:
    left: Iterator[httpx.Response | Exception] = iter(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        found = next(left)
        if isinstance(found, Exception):
            raise found
        return found

    return ScimClient("https://x.org", "secret", PROFILES["generic"], transport=httpx.MockTransport(answer),
                      sleep=clock.sleep, clock=clock)  # fmt: skip


@pytest.mark.parametrize("first", [httpx.Response(429), httpx.Response(503), httpx.ReadTimeout(""), httpx.ConnectError("")])
def test_a_read_is_sent_again(first: httpx.Response | Exception) -> None:
    clock = Clock()
    with client(clock, first, EMPTY) as service:
        assert service.find("Users", "userName", "ada") == []
        assert service.counts == {"reads": 2, "writes": 0} and 0 < clock.slept <= 1


def test_the_service_says_how_long_to_wait() -> None:
    clock = Clock()
    with client(clock, httpx.Response(429, headers={"Retry-After": "7"}), EMPTY) as service:
        service.find("Users", "userName", "ada")
    assert clock.slept == 7


def test_after_five_times_the_last_answer_is_the_error() -> None:
    clock = Clock()
    with client(clock, *[httpx.Response(503, json={"detail": "closed"})] * 5) as service:
        with pytest.raises(ServiceError, match="answered 503: closed"):
            service.find("Users", "userName", "ada")
        assert service.counts["reads"] == 5


@pytest.mark.parametrize(
    ("answer", "error"),
    [(httpx.ReadTimeout("slow"), LostAnswer), (httpx.Response(502), LostAnswer), (httpx.Response(503), LostAnswer)],
)  # fmt: skip
def test_a_create_that_may_have_been_done_is_not_sent_again(answer: httpx.Response | Exception, error: type[Exception]) -> None:
    with client(Clock(), answer) as service, pytest.raises(error):
        service.create("Users", {"userName": "ada"})


def test_a_create_that_was_surely_not_done_is_sent_again() -> None:
    made = httpx.Response(201, json={"id": "1"})
    with client(Clock(), httpx.ConnectError(""), httpx.Response(429), made) as service:
        assert service.create("Users", {"userName": "ada"})["id"] == "1"


def test_a_service_that_is_not_there_is_told_so() -> None:
    none = [httpx.ConnectError("Connection refused")] * 5
    with client(Clock(), *none) as service, pytest.raises(NoConnection, match="refused"):
        service.find("Users", "userName", "ada")
