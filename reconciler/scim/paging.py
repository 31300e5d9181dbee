"""A walk over the pages of a list: a function that fetches one page in, every resource once out. No I/O of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, NamedTuple

from reconciler.declare.wording import plural
from reconciler.scim.errors import ReadError

MOST_PAGES = 100_000
MOST_OBJECTS = 5_000_000
FEW = 100  # pages and objects that need no total to allow for them
PORTION = 4  # pages that each worker gets at a time, so that a total that nothing stands behind is no endless walk

Resource = dict[str, Any]


class Page(NamedTuple):
    """One answer: `items` in the form that the caller wants them, `ids` beside them, `total` as the service claims it."""

    ids: list[str]
    items: list[Any]
    total: int


class CursorPage(NamedTuple):
    """One answer to a request by cursor; `after` is the next cursor, None on the last page."""

    page: Page
    after: str | None


Fetch = Callable[[int], Page]
FetchCursor = Callable[[str], CursorPage]


class _Found:
    """What pages have shown so far: each item once, as it was shown last.

    `counted` says that the total is one: some services give the page's own length for it. `again` counts what an answer shows
    more than once: the service's total counts it each time. `empty` is the start index of a page that showed nobody.
    """

    def __init__(self) -> None:
        self.items: dict[str, Any] = {}
        self.total = self.pages = self.again = self.empty = 0
        self.counted = False

    @property
    def next(self) -> int:
        """The start index of what comes after all that was shown; 0 where nothing is to be expected there."""
        start = 1 + len(self.items) + self.again
        return 0 if start == 1 or (start == self.empty and self.total < start) else start

    def take(self, page: Page) -> None:
        self.counted |= not self.pages and page.total > len(page.ids)
        self.items.update(zip(page.ids, page.items, strict=True))
        self.again += len(page.ids) - len(set(page.ids))
        self.total, self.pages = max(self.total, page.total), self.pages + 1
        most = max(2 * self.total, FEW) if self.counted else MOST_OBJECTS
        if self.pages > min(most, MOST_PAGES) or len(self.items) > min(most, MOST_OBJECTS):
            raise ReadError(
                f"the pages have no end: {self.pages:,} of them showed {plural(len(self.items), 'resource')}, and the "
                f"service reports {self.total:,}",
                "GET",
                remedy="tell the service's vendor: its paging is broken",
            )


def whole(fetch: Fetch, workers: int) -> tuple[list[Any], int]:
    """Every item once, and the largest total that the service claimed; `fetch` gets a start index (RFC 7644 §3.4.2.4).

    The first page tells the rest, which are read side by side, with the one that should be empty; then on until a page brings
    nothing new. A short page is not the end: some services cap below the asked count, or ignore paging parameters. Raises
    ReadError for a walk without an end.
    """
    found = _Found()
    with ExitStack() as stack:
        walk = _Walk(fetch, workers, stack)
        found.take(walk.one(1))
        _claimed(found, walk)
    start = found.next
    while start and not found.items.keys() >= set((page := fetch(start)).ids):
        found.take(page)
        start += len(page.ids)
    return list(found.items.values()), found.total - found.again


def by_cursor(fetch: FetchCursor) -> tuple[list[Any], int]:
    """Every item once, by cursor (RFC 9865 §2), and the largest total that was claimed; the first cursor is empty.

    Raises ReadError for a walk without an end: what it has shown until then may be half of the service.
    """
    found, seen, cursor = _Found(), set[str](), ""
    while cursor not in seen:
        seen.add(cursor)
        page, after = fetch(cursor)
        found.take(page)
        if after is None:
            return list(found.items.values()), found.total - found.again
        cursor = after
    raise ReadError(
        "the pages have no end: a cursor came a second time",
        "GET",
        remedy="set `paging: {cursor: never}` in the profile, and tell the service's vendor",
    )


class _Walk:
    """Fetches pages, as many at once as keep this side busy while others wait; more would be in each other's way."""

    def __init__(self, fetch: Fetch, most: int, stack: ExitStack) -> None:
        self._fetch, self._most, self._stack, self._lock = fetch, most, stack, threading.Lock()
        self._workers = 1
        self._pool: ThreadPoolExecutor | None = None
        self._elapsed = self._working = 0.0

    def one(self, start: int) -> Page:
        began, worked = time.perf_counter(), time.thread_time()
        page = self._fetch(start)
        elapsed, working = time.perf_counter() - began, time.thread_time() - worked
        with self._lock:
            self._elapsed, self._working = self._elapsed + elapsed, self._working + working
        return page

    def portion(self) -> int:
        """How many pages to ask for next, after a look at how long the last ones took."""
        # Those who work side by side wait for each other too: only what takes twice as long is worth more of them.
        wanted = min(self._most, int(self._elapsed / max(self._working, 1e-6)))
        if wanted >= 2 * self._workers or wanted == self._most > self._workers:
            self._workers, self._pool = wanted, self._stack.enter_context(ThreadPoolExecutor(wanted))
        self._elapsed = self._working = 0.0
        return PORTION * self._workers

    def all(self, starts: Sequence[int]) -> Iterator[Page]:
        """In order. One worker needs no thread: then everything happens in one order, always."""
        return self._pool.map(self.one, starts) if self._pool else map(self.one, starts)


def _claimed(found: _Found, walk: _Walk) -> None:
    """What lies between the first page, which is found, and the total that it claims, a portion at a time.

    The longest page so far tells where the next ones begin. A portion that brings nobody new is the last.
    """
    longest, total = len(found.items) + found.again, found.total
    at = 1 + longest
    while longest and at <= total:
        before, lengths = len(found.items), dict[int, int]()
        starts = list(range(at, total + 1, longest)[: walk.portion()])
        _portion(starts if starts[-1] + longest <= total else [*starts, total + 1], lengths, found, walk)
        if len(found.items) == before:
            return
        at, longest = _gaps(lengths)[1], max(longest, *lengths.values())


def _portion(starts: Sequence[int], lengths: dict[int, int], found: _Found, walk: _Walk) -> None:
    """Pages side by side, then rounds of requests for the gaps that short ones leave, while a round brings somebody new.

    `lengths`, start index -> length, grows.
    """
    while starts:
        before = len(found.items)
        for start, page in zip(starts, walk.all(starts), strict=True):
            lengths[start] = len(page.ids)
            found.take(page)
            found.empty = found.empty if page.ids else start
        starts = _gaps(lengths)[0] if len(found.items) > before else ()


def _gaps(lengths: dict[int, int]) -> tuple[list[int], int]:
    """Where pages (start index -> length) end before the next one begins, and where the last one ends.

    What an empty page did not show is not asked for again.
    """
    found, end = [], min(lengths)
    for start in sorted(lengths):
        if start > end and end not in lengths:
            found.append(end)
        end = max(end, start + lengths[start])
    return found, end
