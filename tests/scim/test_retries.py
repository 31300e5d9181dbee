"""What is sent again, how often and after how long: the clock is the test's."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

import httpx
import pytest

from reconciler.cli.output import waiting
from reconciler.cycle.connection import connect
from reconciler.declare.load import load
from reconciler.scim.client import ScimClient
from reconciler.scim.errors import LONGEST, LostAnswer, NoConnection, ServiceError
from reconciler.scim.profile import PROFILES
from reconciler.scim.rate import Waits, spelled
from tests.support.world import Clock, World

EMPTY = httpx.Response(200, json={"totalResults": 0, "Resources": []})


def client(clock: Clock, *answers: httpx.Response | Exception, told: list[str] | None = None) -> ScimClient:
    """A service that answers so in turn; what it says of waits goes into `told`."""
    left: Iterator[httpx.Response | Exception] = iter(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        found = next(left)
        if isinstance(found, Exception):
            raise found
        return found

    return ScimClient(
        "https://x.org",
        "secret",
        PROFILES["generic"],
        transport=httpx.MockTransport(answer),
        sleep=clock.sleep,
        clock=clock,
        tell=(told if told is not None else []).append,
    )


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


def busy(status: int = 429, **headers: str) -> httpx.Response:
    return httpx.Response(status, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_a_wait_that_is_not_too_long_is_obeyed_in_full() -> None:
    clock = Clock()
    with client(clock, busy(Retry_After=f"{LONGEST:.0f}"), EMPTY) as service:
        service.find("Users", "userName", "ada")
    assert clock.slept == LONGEST


@pytest.mark.parametrize(
    ("answer", "words"),
    [(busy(Retry_After="86400"), "24 h"), (busy(503, Retry_After="301"), "301 s"), (busy(Retry_After="9" * 400), "8,784 h"),
     (busy(Retry_After=formatdate(1_800_000_000 + 1800, usegmt=True)), "30 min"),
     (busy(X_RateLimit_Reset="1800003600"), "60 min"), (busy(X_RateLimit_Reset="1800003600000"), "60 min"),
     (busy(X_RateLimit_Reset="inf"), "8,784 h")],
)  # fmt: skip
def test_a_wait_that_is_too_long_is_an_error_at_once_that_says_how_long_it_is(answer: httpx.Response, words: str) -> None:
    clock, told = Clock(), list[str]()
    with client(clock, answer, EMPTY, told=told) as service:
        with pytest.raises(ServiceError, match=f"asks to wait {words}: run again then") as error:
            service.find("Users", "userName", "ada")
        assert service.counts["reads"] == 1
        with pytest.raises(ServiceError, match="nothing was sent; the service asks to wait"):
            service.find("Users", "userName", "grace")
        assert service.counts["reads"] == 1
        clock.now += 400 * 86400
        assert service.find("Users", "userName", "grace") == []
    assert clock.slept == 0 and told == [] and error.value.remedy


@pytest.mark.parametrize("header", ["²", "soon", "-5", "nan"])
def test_a_time_to_wait_that_is_none_is_not_obeyed(header: str) -> None:
    clock = Clock()
    answer = httpx.Response(429, headers={"Retry-After": header.encode("latin-1"), "X-RateLimit-Reset": header.encode("latin-1")})
    with client(clock, answer, EMPTY) as service:
        assert service.find("Users", "userName", "ada") == []
    assert 0 < clock.slept <= 1


def test_a_write_that_a_service_put_off_for_too_long_is_not_waited_for() -> None:
    clock = Clock()
    with client(clock, busy(503, Retry_After="86400")) as service:
        with pytest.raises(LostAnswer) as error:
            service.create("Users", {"userName": "ada"})
        with pytest.raises(LostAnswer, match="24 h"):
            service.sender.rest(error.value, 1)
    assert clock.slept == 0 and error.value.uncertain


def test_a_long_wait_is_told_as_it_begins_and_a_short_one_is_not() -> None:
    told: list[str] = []
    answers = [busy(Retry_After="20"), busy(Retry_After="5"), busy(503, Retry_After="7"), EMPTY]
    with client(Clock(), *answers, told=told) as service:
        service.read_all("Users", lambda page: page)
    assert told == ["waiting 20 s, as the service asks (GET /Users: 429)", "waiting 7 s, as the service asks (GET /Users: 503)"]


def test_a_long_wait_for_a_service_that_says_nothing_is_told_too() -> None:
    told: list[str] = []
    with client(Clock(), *[httpx.ConnectError("")] * 5, told=told) as service, pytest.raises(NoConnection):
        service.get("Users", "1")
    assert all(words.endswith("s, before it is tried again (GET /Users/1: no answer)") for words in told)


def test_a_write_that_waits_says_so() -> None:
    told: list[str] = []
    with client(Clock(), busy(503, Retry_After="30"), told=told) as service:
        with pytest.raises(LostAnswer) as error:
            service.create("Users", {"userName": "ada"})
        service.sender.rest(error.value, 1)
    assert told == ["waiting 30 s, as the service asks (POST /Users: 503)"]


def test_a_wait_that_many_threads_share_is_told_once() -> None:
    clock, told = Clock(), list[str]()
    waits = Waits(clock, told.append)
    threads = [threading.Thread(target=waits.begin, args=(20.0 + number / 10, "as the service asks")) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 1
    clock.now += 21
    waits.begin(20, "again")
    assert len(told) == 2


def test_commands_say_on_stderr_that_they_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World(tmp_path)
    world.users()
    world.assign()
    monkeypatch.setenv("TOKEN", "secret")
    with connect(load(tmp_path / "desired").declarations.apps["wiki"], None, waiting) as service:
        error = LostAnswer("answered 503", "POST /Users", 503)
        error.after = 6.0
        service._sleep = lambda seconds: None
        service.sender.rest(error, 1)
    assert capsys.readouterr() == ("", "waiting 6 s, as the service asks (POST /Users: 503)\n")


@pytest.mark.parametrize(("seconds", "words"), [(5.2, "6 s"), (600, "600 s"), (601, "11 min"), (7201, "3 h"), (86400, "24 h")])
def test_a_time_is_spelled_as_people_do(seconds: float, words: str) -> None:
    assert spelled(seconds) == words
