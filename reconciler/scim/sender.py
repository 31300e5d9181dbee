"""One request in, the data of its answer out: over httpx, with retries, a rate limit and waits that are told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, TypedDict
from urllib.parse import urlsplit

import httpx
import orjson
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from reconciler.scim.answers import Answers
from reconciler.scim.errors import LostAnswer, ReadError, ServiceError
from reconciler.scim.profile import Profile
from reconciler.scim.rate import Turns, Waits, pause, too_long, why
from reconciler.scim.silence import no_answer, waited_in_vain
from reconciler.scim.wire import Wire

ATTEMPTS = 5
AGAIN = frozenset({429, 502, 503, 504})
TOO_MANY = 429
NOTHING: dict[str, str] = {}


Alone = AbstractContextManager[Callable[[], None]]  # entered once nothing else is under way; yields what is told of success


class Heard(threading.local):
    """The last write of a thread: its method, and the HTTP status of the answer, None where none came; `of` is what it is for."""

    of = ""
    method = ""
    status: int | None = None

    def begin(self, of: str) -> None:
        self.of, self.method, self.status = of, "", None


OF_ROLES = ("roles.apiUrl", "the base of the API of roles")  # what another API of a service is there for


class Reach:
    """One base URL with its token: `media` is the type of what is sent there, `prefix` is what shown paths begin with."""

    def __init__(self, wire: Wire, answers: Answers, media: str = "application/scim+json", prefix: str = "") -> None:
        self.wire, self.answers, self.media, self.prefix = wire, answers, media, prefix


class Handed(TypedDict, total=False):
    """What a `Sender` may be given beside its service."""

    transport: httpx.BaseTransport | None
    sleep: Callable[[float], None]
    clock: Callable[[], float]
    again: frozenset[int]
    tell: Callable[[str], None]
    timer: Callable[[], float]
    answered: Callable[[str, int], None]


class Sender:
    """One service. Safe to use from several threads; `sleep`, `clock` and `timer` are handed in by tests.

    `again` are the statuses after which a request is sent again; `tell` is called, from any thread, with a line about each long
    wait as it begins; `connections` may be open at once. `waiting` is entered for as long as a request takes; nothing is sent a
    second time once `stopped`; after a refusal of a change `alone` says whether to try it again beside no other. `counts` are the
    requests, `refused` the answers 429, `heard` is the last write of each thread. `silence` hears, from any thread, of what each
    request was for whose timeout has passed, and with None of each answer.
    `answered` hears, from any thread, of each request that was sent: its method and the answer's status, 0 where none came.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        profile: Profile,
        connections: int,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
        again: frozenset[int] = AGAIN,
        tell: Callable[[str], None] = lambda words: None,
        timer: Callable[[], float] = time.monotonic,
        answered: Callable[[str, int], None] = lambda method, status: None,
    ) -> None:
        self._answered, self._beside = answered, list[Reach]()
        self._sleep, self._again, self._lock, self.clock = sleep, again, threading.Lock(), clock
        self._waits = Waits(clock, tell)
        self._turns = Turns(profile.rate, clock, sleep, self._waits)
        self.counts, self.refused, self.heard = {"reads": 0, "writes": 0}, 0, Heard()
        self.waiting: Callable[[], AbstractContextManager[None]] = nullcontext
        self.stopped: Callable[[], bool] = lambda: False
        self.alone: Callable[[ServiceError], Alone | None] = lambda error: None
        self.silence: Callable[[str, ServiceError | None], None] = lambda of, error: None
        self._reach = Reach(Wire(base_url, token, profile.headers, connections, transport, timer), Answers(token))
        self._of_another = partial(_reach, connections, transport, timer)
        self._repeating = Retrying(
            stop=stop_after_attempt(ATTEMPTS),
            retry=retry_if_exception(self._worth_repeating),
            wait=_pause,
            sleep=lambda seconds: None,
            before_sleep=self._before_another,
            reraise=True,
        )

    @property
    def waited(self) -> float:
        """Seconds that requests have waited for their turn, those of all threads together."""
        return self._turns.waited

    def close(self) -> None:
        for reach in (self._reach, *self._beside):
            reach.wire.close()

    def beside(self, base_url: str, token: str) -> Api:
        """Another API of the same service: one rate, one count and one way to wait and to stop for both."""
        reach = self._of_another(base_url.rstrip("/"), token)
        self._beside.append(reach)
        return Api(self, reach)

    def send(
        self, method: str, path: str, params: dict[str, Any] | None = None, body: dict[str, Any] | None = None,
        headers: dict[str, str] = NOTHING, attempts: int = ATTEMPTS, over: Reach | None = None,
    ) -> Any:  # fmt: skip
        """What was answered, None where nothing was. Raises ServiceError."""
        reach = over or self._reach
        shown = f"{method} {reach.prefix}{path}"
        if body is not None:
            headers = {**headers, "Content-Type": reach.media}
        content = orjson.dumps(body) if body is not None else None
        repeating = self._repeating if attempts == ATTEMPTS else self._repeating.copy(stop=stop_after_attempt(attempts))
        with self.waiting():
            return repeating(self._once, reach, method, path, params, content, headers, shown)

    def write(self, method: str, path: str, body: dict[str, Any] | None, headers: dict[str, str] = NOTHING) -> Any:
        """The same for a change of one object; what is refused beside others is tried once more alone, where that may help."""
        try:
            return self.send(method, path, body=body, headers=headers)
        except ServiceError as error:
            alone = self.alone(error)
            if alone is None:
                raise
        with alone as went_well:
            answer = self.send(method, path, body=body, headers=headers)
            went_well()
            return answer

    def rest(self, error: ServiceError, attempt: int) -> None:
        """Before a write that may have been done is looked up and sent again; nonsense is not the answer of a busy service.

        Raises the error itself where the service asks for a wait that is too long, or somebody has asked to stop.
        """
        if error.too_long or self.stopped():
            raise error
        if error.status is None or error.status >= 500:
            with self.waiting():
                self._wait(error, pause(error, attempt))

    def _once(self, reach: Reach, method: str, path: str, params: Any, content: bytes | None, headers: Any, shown: str) -> Any:
        self._turns.wait(method, shown)
        with self._lock:
            self.counts["reads" if method == "GET" else "writes"] += 1
        if method != "GET":
            self.heard.method, self.heard.status = method, None
        try:
            answer = reach.wire.send(method, path, params, content, headers)
        except httpx.TransportError as error:
            self._answered(method, 0)
            words = reach.answers.clean(str(error) or type(error).__name__)
            unanswered = no_answer(error, words, method, shown, reach.answers.url)
            if waited_in_vain(error):
                self.silence(self.heard.of, unanswered)
            raise unanswered from None
        self._answered(method, answer.status)
        self.silence(self.heard.of, None)
        if method != "GET":
            self.heard.status = answer.status
        self._turns.heard(answer.headers)
        try:
            return reach.answers.data(answer, shown)
        except ServiceError as error:
            if error.status in AGAIN:
                error.after = self._turns.refused(answer.headers)
                self.refused += error.status == TOO_MANY
            if error.too_long:
                too_long(error, error.after or 0.0)
            raise

    def _worth_repeating(self, error: BaseException) -> bool:
        """Whether another try may help and can do no harm: what may have been done is looked up by whoever asked for it."""
        if not isinstance(error, ServiceError) or isinstance(error, (LostAnswer, ReadError)) or error.too_long:
            return False
        if self.stopped():
            return False
        return error.status is None or error.status in self._again

    def _before_another(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome is not None else None
        if isinstance(error, ServiceError) and state.next_action is not None:
            self._wait(error, state.next_action.sleep)

    def _wait(self, error: ServiceError, seconds: float) -> None:
        """Raises the error itself where by then nothing is to be sent a second time."""
        self._waits.begin(seconds, why(error))
        self._sleep(seconds)
        if self.stopped():
            raise error


class Api:
    """An API beside SCIM, over a Sender: paths are relative to its base URL."""

    def __init__(self, sender: Sender, reach: Reach) -> None:
        self.sender, self._reach = sender, reach
        self.asked = 0  # what was to be read over it, whether it was sent once or again

    def get(self, path: str, params: dict[str, Any] | None = None, attempts: int = ATTEMPTS) -> Any:
        """What was answered, after as many tries as it takes. Raises ServiceError."""
        self.asked += 1
        return self.sender.send("GET", path, params, attempts=attempts, over=self._reach)

    def put(self, path: str, body: dict[str, Any], params: dict[str, Any] | None = None) -> Any:
        """Sent once: what replaces the whole of an object is not sent again before the object has been read again.

        Raises ServiceError; `uncertain` on it says whether it may have been done.
        """
        return self.sender.send("PUT", path, params, body, attempts=1, over=self._reach)


def _reach(
    connections: int, transport: httpx.BaseTransport | None, timer: Callable[[], float], base_url: str, token: str
) -> Reach:
    """Of an API that speaks plain JSON; it has none of the profile's headers, which are meant for SCIM."""
    wire = Wire(
        base_url,
        token,
        {"Accept": "application/hal+json, application/json, application/problem+json"},
        connections,
        transport,
        timer,
    )
    return Reach(wire, Answers(token, *OF_ROLES), "application/json", urlsplit(base_url).path)


def _pause(state: RetryCallState) -> float:
    return pause(state.outcome.exception() if state.outcome is not None else None, state.attempt_number)
