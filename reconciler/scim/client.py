"""The wire: SCIM requests over httpx, with retries, a rate limit and reads that are whole or fail."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx
import orjson
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from reconciler.resolve.paths import extractor, parse_path, quoted
from reconciler.scim.answers import Answers, shallow
from reconciler.scim.errors import LostAnswer, PatchUnsupported, ReadError, ServiceError, UnusableId
from reconciler.scim.identity import is_usable, of_asked, refuse_other_kind
from reconciler.scim.lists import listed
from reconciler.scim.paging import CursorPage, Page, by_cursor, whole
from reconciler.scim.profile import Profile
from reconciler.scim.rate import Turns, Waits, pause, too_long, why
from reconciler.scim.silence import no_answer
from reconciler.scim.spelling import wire_path
from reconciler.scim.wire import Wire

Resource = dict[str, Any]
T = TypeVar("T")

ATTEMPTS = 5
AGAIN = frozenset({429, 502, 503, 504})
TOO_MANY = 429
CURSOR_LOST = frozenset({"invalidCursor", "expiredCursor"})  # RFC 9865 §2.1: begin again


class Heard(threading.local):
    """The last write of a thread: its method, and the HTTP status of the answer, None where none came."""

    method = ""
    status: int | None = None

    def forget(self) -> None:
        self.method, self.status = "", None


class ScimClient:
    """One service. Safe to use from several threads; `sleep`, `clock` and `timer` are handed in by tests.

    `profile` is what is known of the service, which discovery may refine; `again` are the statuses after which a request
    is sent again; `tell` is called, from any thread, with a line about each long wait as it begins; `shown` is the base URL as
    plans and records may hold it, if that is not the URL itself; `workers` is how many requests may be under way, by default as
    many as the profile allows. `waiting` is entered for as long as a
    request takes; nothing is sent a second time once `stopped`; `refused` counts the answers 429;
    `heard` is the last write of each thread.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        profile: Profile,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
        workers: int | None = None,
        again: frozenset[int] = AGAIN,
        tell: Callable[[str], None] = lambda words: None,
        timer: Callable[[], float] = time.monotonic,
        shown: str = "",
    ) -> None:
        self.base_url, self.profile = base_url.rstrip("/"), profile
        self.workers = workers or profile.concurrency
        self.shown_url = shown or self.base_url
        self._answers = Answers(token)
        self._sleep, self._again, self._lock = sleep, again, threading.Lock()
        self._waits = Waits(clock, tell)
        self._turns = Turns(profile.rate, clock, sleep, self._waits)
        self.counts, self.refused, self.heard = {"reads": 0, "writes": 0}, 0, Heard()
        self.waiting: Callable[[], AbstractContextManager[None]] = nullcontext
        self.stopped: Callable[[], bool] = lambda: False
        self._wire = Wire(self.base_url, token, profile.headers, self.workers + 2, transport, timer)
        self._repeating = Retrying(
            stop=stop_after_attempt(ATTEMPTS),
            retry=retry_if_exception(self._worth_repeating),
            wait=_pause,
            sleep=sleep,
            before_sleep=self._tell,
            reraise=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._wire.close()

    # Reading

    def read_all(self, resource: str, project: Callable[[list[Resource]], list[T]]) -> list[T]:
        """Every resource once, in the form that `project` makes of each page: the pages themselves are not kept.

        Raises ReadError where the service shows fewer than it says that it has, after one more try.
        """
        for attempt in range(2):
            try:
                found, total = self._walk(resource, project)
            except ServiceError as error:
                if attempt or error.scim_type not in CURSOR_LOST:
                    raise
                continue
            if len(found) >= total:
                return found
        raise ReadError(
            f"the service says that it has {total} but showed {len(found)}",
            f"GET /{resource}",
            remedy="try again; if it stays so, the service's paging is broken",
        )

    def first(self, resource: str) -> list[Resource]:
        """The first page of what `read_all` reads."""
        if self.profile.paging.cursor == "always":
            return self._next(resource, "", shallow).page.items
        return self._page(resource, 1, shallow).items

    def _walk(self, resource: str, project: Callable[[list[Resource]], list[Any]]) -> tuple[list[Any], int]:
        if self.profile.paging.cursor == "always":
            return by_cursor(lambda cursor: self._next(resource, cursor, project))
        return whole(lambda start: self._page(resource, start, project), self.workers)

    def _page(self, resource: str, start: int, project: Callable[[list[Resource]], list[Any]]) -> Page:
        answer = self._request("GET", f"/{resource}?startIndex={start}&count={self.profile.paging.count}")
        items, total = listed(resource, answer, f"GET /{resource}?startIndex={start}")
        return Page([item["id"] for item in items], project(items), total)

    def _next(self, resource: str, cursor: str, project: Callable[[list[Resource]], list[Any]]) -> CursorPage:
        path = f"/{resource}?cursor={quote(cursor, safe='')}&count={self.profile.paging.count}"
        answer = self._request("GET", path)
        items, total = listed(resource, answer, f"GET /{resource}?cursor=")
        after = answer.get("nextCursor")
        if after is not None and not isinstance(after, str):
            raise ReadError(
                "the next cursor in the answer is not text",
                f"GET /{resource}?cursor=",
                remedy="say `paging: {cursor: never}` in the profile, and tell the service's vendor",
            )
        return CursorPage(Page([item["id"] for item in items], project(items), total), after or None)

    def find(self, resource: str, path: str, value: str) -> list[Resource]:
        """What a filter `path eq "value"` returns; the caller checks each candidate again.

        Where the service cannot filter on the path, everything is read and looked through here.
        """
        if not self.profile.filters_on(path):
            read = extractor(parse_path(path))
            return [r for r in self.read_all(resource, shallow) if str(read(r)).lower() == value.lower()]
        return self.filtered(resource, path, value)[0]

    def filtered(self, resource: str, path: str, value: str) -> tuple[list[Resource], int]:
        """What the service itself shows for a filter, and how many it says that there are."""
        return self._filter(resource, f"{wire_path(path, self.profile.patch.dialect)} eq {quoted(value)}")

    def matching(self, resource: str, filter: str) -> list[Resource]:
        """What the service shows for a filter of any form; where it is more than a page, the first of them."""
        return self._filter(resource, filter)[0]

    def _filter(self, resource: str, filter: str) -> tuple[list[Resource], int]:
        items, total = listed(resource, self._request("GET", f"/{resource}", {"filter": filter}), f"GET /{resource}?filter=")
        once = list({item["id"]: item for item in shallow(items)}.values())
        return once, total - (len(items) - len(once))

    def peek(self, resource: str) -> list[Resource]:
        """At most one resource: whether there is a list of them at all."""
        return listed(resource, self._request("GET", f"/{resource}?count=1"), f"GET /{resource}?count=1")[0]

    def get(self, resource: str, id: str) -> Resource | None:
        """One resource, None where it is gone. Raises AnotherAccount."""
        path = self._at(resource, id)
        try:
            found = self._object(self._request("GET", path), f"GET {path}")
            if found is not None:
                refuse_other_kind(resource, [found], f"GET {path}")
            return found if found is None else of_asked(found, id, f"GET {path}")
        except ServiceError as error:
            if error.status == 404:
                return None
            raise

    def discover(self, path: str) -> Any:
        """A discovery document, asked for once: nothing depends on it. Raises ServiceError."""
        return self._request("GET", path, attempts=1)

    # Writing

    def create(self, resource: str, body: Resource) -> Resource:
        """POST; returns the new resource, its id included."""
        answer = self._written(self._request("POST", f"/{resource}", body=body))
        if answer is None or not is_usable(answer.get("id")):
            raise LostAnswer("the answer to a create holds no id", f"POST /{resource}", 201)
        return answer

    def patch(self, resource: str, id: str, operations: list[Resource], version: str | None = None) -> Resource | None:
        """PATCH (RFC 7644 §3.5.2); None where the answer has no body. Raises PatchUnsupported."""
        if not self.profile.patch.supported:
            raise PatchUnsupported("the service does no PATCH", f"PATCH /{resource}")
        body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations}
        return self._written(self._request("PATCH", self._at(resource, id), body=body, version=version))

    def replace(self, resource: str, id: str, body: Resource, version: str | None = None) -> Resource | None:
        """PUT of a full resource."""
        return self._written(self._request("PUT", self._at(resource, id), body=body, version=version))

    def delete(self, resource: str, id: str, version: str | None = None) -> None:
        """DELETE. Raises ServiceError, also of one that is gone already: a service that cannot delete answers 404 too."""
        self._request("DELETE", self._at(resource, id), version=version)

    def rest(self, error: ServiceError, attempt: int) -> None:
        """Before a write that may have been done is looked up and sent again; nonsense is not the answer of a busy service.

        Raises the error itself where the service asks for a wait that is too long, or somebody has asked to stop.
        """
        if error.too_long or self.stopped():
            raise error
        if error.status is None or error.status >= 500:
            seconds = pause(error, attempt)
            self._waits.begin(seconds, why(error))
            with self.waiting():
                self._sleep(seconds)

    def _written(self, data: Any) -> Resource | None:
        """What a write was answered by; what is not a resource, or cannot be used, is as good as no body."""
        try:
            return shallow(data) if isinstance(data, dict) else None
        except ReadError:
            return None

    def _at(self, resource: str, id: str) -> str:
        """Where one resource is; never the list of them, or what lies above. Raises UnusableId."""
        if not is_usable(id):
            raise UnusableId(
                f"nothing can be asked for with the id {id!r}, so nothing was sent",
                f"/{resource}/",
                remedy="tell the service's vendor",
            )
        return f"/{resource}/{quote(id, safe='')}"

    def _object(self, data: Any, request: str) -> Resource | None:
        if data is not None and not isinstance(data, dict):
            raise ServiceError("the answer is not a SCIM resource", request)
        return shallow(data, request)

    # One request

    def _request(
        self,
        method: str,
        path: str,
        params: Resource | None = None,
        body: Resource | None = None,
        version: str | None = None,
        attempts: int = ATTEMPTS,
    ) -> Any:
        shown = f"{method} {path}"
        headers = {"If-Match": version} if version and self.profile.etag.supported else {}
        if body is not None:
            headers["Content-Type"] = "application/scim+json"
        content = orjson.dumps(body) if body is not None else None
        repeating = self._repeating if attempts == ATTEMPTS else self._repeating.copy(stop=stop_after_attempt(attempts))
        with self.waiting():
            return repeating(self._once, method, path, params, content, headers, shown)

    def _once(self, method: str, path: str, params: Any, content: bytes | None, headers: Any, shown: str) -> Any:
        self._turns.wait(method, shown)
        with self._lock:
            self.counts["reads" if method == "GET" else "writes"] += 1
        if method != "GET":
            self.heard.method, self.heard.status = method, None
        try:
            answer = self._wire.send(method, path, params, content, headers)
        except httpx.TransportError as error:
            words = self._answers.clean(str(error) or type(error).__name__)
            raise no_answer(error, words, method, shown) from None
        self._turns.heard(answer.headers)
        if method != "GET":
            self.heard.status = answer.status
        try:
            return self._answers.data(answer, shown)
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

    def _tell(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome is not None else None
        if isinstance(error, ServiceError) and state.next_action is not None:
            self._waits.begin(state.next_action.sleep, why(error))


def _pause(state: RetryCallState) -> float:
    return pause(state.outcome.exception() if state.outcome is not None else None, state.attempt_number)
