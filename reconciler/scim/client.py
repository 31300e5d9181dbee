"""What SCIM lets a client ask of one service (RFC 7644 §3), as requests: reads that are whole or fail, and writes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Self, TypeVar, Unpack
from urllib.parse import quote

from reconciler.resolve.paths import extractor, parse_path, quoted
from reconciler.scim.answers import shallow
from reconciler.scim.errors import LostAnswer, PatchUnsupported, ReadError, ServiceError, UnusableId
from reconciler.scim.identity import is_usable, of_asked, refuse_other_kind
from reconciler.scim.lists import listed
from reconciler.scim.paging import CursorPage, Page, by_cursor, whole
from reconciler.scim.profile import Profile
from reconciler.scim.sender import Handed, Sender
from reconciler.scim.spelling import wire_path

Resource = dict[str, Any]
T = TypeVar("T")

CURSOR_LOST = frozenset({"invalidCursor", "expiredCursor"})  # RFC 9865 §2.1: begin again


class ScimClient:
    """One service. Safe to use from several threads; what else is `handed` in is for its `sender`, most of it by tests.

    `profile` is what is known of the service, which discovery may refine; `shown` is the base URL as plans and records may hold
    it, if that is not the URL itself; `workers` is how many requests may be under way, by default as many as the profile allows.
    `paged` hears, from any thread, of each page of a list: of which resource, its length, and how many the service claims in all.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        profile: Profile,
        *,
        workers: int | None = None,
        shown: str = "",
        paged: Callable[[str, int, int], None] = lambda resource, length, total: None,
        **handed: Unpack[Handed],
    ) -> None:
        self.base_url, self.profile = base_url.rstrip("/"), profile
        self.workers = workers or profile.concurrency
        self.shown_url, self._paged = shown or self.base_url, paged
        self._begun: dict[str, Future[Any]] = {}
        self.sender = Sender(self.base_url, token, profile, self.workers + 2, **handed)

    @property
    def counts(self) -> dict[str, int]:
        """How many requests have been sent: `reads` and `writes`."""
        return self.sender.counts

    @property
    def waited(self) -> float:
        """Seconds that requests have waited for their turn, those of all threads together."""
        return self.sender.waited

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sender.close()

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
            f"the service reports {total} but returned {len(found)}",
            f"GET /{resource}",
            remedy="try again; if it stays so, the service's paging is broken",
        )

    def first(self, resource: str) -> list[Resource]:
        """The first page of what `read_all` reads."""
        if self.profile.paging.cursor == "always":
            return self._next(resource, "", shallow).page.items
        return self._page(resource, 1, shallow).items

    def page(self, resource: str, number: int) -> list[Resource]:
        """One page of what `read_all` reads, from 0 on, where it reads by number."""
        return self._page(resource, 1 + number * self.profile.paging.count, shallow).items

    def _walk(self, resource: str, project: Callable[[list[Resource]], list[Any]]) -> tuple[list[Any], int]:
        if self.profile.paging.cursor == "always":
            return by_cursor(lambda cursor: self._next(resource, cursor, project))
        return whole(lambda start: self._page(resource, start, project), self.workers)

    def _page(self, resource: str, start: int, project: Callable[[list[Resource]], list[Any]]) -> Page:
        answer = self.sender.send("GET", f"/{resource}?startIndex={start}&count={self.profile.paging.count}")
        items, total = listed(resource, answer, f"GET /{resource}?startIndex={start}")
        self._paged(resource, len(items), total)
        return Page([item["id"] for item in items], project(items), total)

    def _next(self, resource: str, cursor: str, project: Callable[[list[Resource]], list[Any]]) -> CursorPage:
        path = f"/{resource}?cursor={quote(cursor, safe='')}&count={self.profile.paging.count}"
        answer = self.sender.send("GET", path)
        items, total = listed(resource, answer, f"GET /{resource}?cursor=")
        self._paged(resource, len(items), total)
        after = answer.get("nextCursor")
        if after is not None and not isinstance(after, str):
            raise ReadError(
                "the next cursor in the answer is not text",
                f"GET /{resource}?cursor=",
                remedy="set `paging: {cursor: never}` in the profile, and tell the service's vendor",
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
        items, total = listed(resource, self.sender.send("GET", f"/{resource}", {"filter": filter}), f"GET /{resource}?filter=")
        once = list({item["id"]: item for item in shallow(items)}.values())
        return once, total - (len(items) - len(once))

    def peek(self, resource: str) -> list[Resource]:
        """At most one resource: whether there is a list of them at all."""
        return self._one(resource)[0]

    def total(self, resource: str) -> int:
        """How many there are, as the service says. Raises ServiceError."""
        return self._one(resource)[1]

    def _one(self, resource: str) -> tuple[list[Resource], int]:
        return listed(resource, self.sender.send("GET", f"/{resource}?count=1"), f"GET /{resource}?count=1")

    def get(self, resource: str, id: str) -> Resource | None:
        """One resource, None where the service answers 404. Raises AnotherAccount, and ServiceError where a proxy does."""
        path = self._at(resource, id)
        try:
            found = self._object(self.sender.send("GET", path), f"GET {path}")
            if found is not None:
                refuse_other_kind(resource, [found], f"GET {path}")
            return found if found is None else of_asked(found, id, f"GET {path}")
        except ServiceError as error:
            if error.status == 404 and not error.foreign:
                return None
            raise

    def begin(self, path: str) -> None:
        """Ask for a discovery document, which `discover` is to wait for: until then there is something else to do."""
        pool = ThreadPoolExecutor(1)
        self._begun[path] = pool.submit(self._discovered, path)
        pool.shutdown(wait=False)

    def discover(self, path: str) -> Any:
        """A discovery document, asked for once: nothing depends on it. Raises ServiceError."""
        begun = self._begun.pop(path, None)
        return self._discovered(path) if begun is None else begun.result()

    def _discovered(self, path: str) -> Any:
        return self.sender.send("GET", path, attempts=1)

    # Writing

    def create(self, resource: str, body: Resource) -> Resource:
        """POST; returns the new resource, its id included."""
        answer = self._written(self.sender.send("POST", f"/{resource}", body=body))
        if answer is None or not is_usable(answer.get("id")):
            raise LostAnswer("the answer to a create holds no id", f"POST /{resource}", 201)
        return answer

    def patch(self, resource: str, id: str, operations: list[Resource], version: str | None = None) -> Resource | None:
        """PATCH (RFC 7644 §3.5.2); None where the answer has no body. Raises PatchUnsupported."""
        if not self.profile.patch.supported:
            raise PatchUnsupported("the service does not support PATCH", f"PATCH /{resource}")
        body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations}
        return self._written(self.sender.write("PATCH", self._at(resource, id), body, headers=self._if_match(version)))

    def replace(self, resource: str, id: str, body: Resource, version: str | None = None) -> Resource | None:
        """PUT of a full resource."""
        return self._written(self.sender.write("PUT", self._at(resource, id), body, headers=self._if_match(version)))

    def delete(self, resource: str, id: str, version: str | None = None) -> None:
        """DELETE. Raises ServiceError, also of one that is gone already: a service that cannot delete answers 404 too."""
        self.sender.write("DELETE", self._at(resource, id), None, headers=self._if_match(version))

    def _if_match(self, version: str | None) -> dict[str, str]:
        return {"If-Match": version} if version and self.profile.etag.supported else {}

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
