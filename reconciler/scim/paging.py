"""A walk over the pages of a list: a function that fetches one page in, every resource once out. No I/O of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, NamedTuple

from reconciler.scim.errors import ReadError

MOST_PAGES = 100_000
PORTION = 32  # pages asked for at a time, so that a total that nothing stands behind is no endless walk

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


def whole(fetch: Fetch, workers: int) -> tuple[list[Any], int]:
    """Every item once, and the largest total that the service claimed; `fetch` gets a start index (RFC 7644 §3.4.2.4)."""
    found: dict[str, Any] = {}
    total = 0
    for page in _pages(fetch, workers):
        items = zip(page.ids, page.items, strict=True)
        found.update(items if found.keys().isdisjoint(page.ids) else {id: item for id, item in items if id not in found})
        total = max(total, page.total)
    return list(found.values()), total


def by_cursor(fetch: FetchCursor) -> tuple[list[Any], int]:
    """Every item once, by cursor (RFC 9865 §2), and the largest total that was claimed; the first cursor is empty.

    Raises ReadError for a walk without an end: what it has shown until then may be half of the service.
    """
    found: dict[str, Any] = {}
    total, cursor, seen = 0, "", {""}
    while len(seen) <= MOST_PAGES:
        page, after = fetch(cursor)
        for id, item in zip(page.ids, page.items, strict=True):
            found.setdefault(id, item)
        total = max(total, page.total)
        if after is None:
            return list(found.values()), total
        if after in seen:
            break
        seen.add(after)
        cursor = after
    raise ReadError("the pages have no end: a cursor came a second time", "GET",
                    remedy="say `paging: {cursor: never}` in the profile, and tell the service's vendor")  # fmt: skip


def _first(fetch: Fetch, most: int) -> tuple[Page, int]:
    """The first page, and how many workers keep this side busy while others wait; more would be in each other's way."""
    began, worked = time.perf_counter(), time.thread_time()
    page = fetch(1)
    elapsed, working = time.perf_counter() - began, time.thread_time() - worked
    return page, min(most, max(1, int(elapsed / max(working, 1e-6))))


def _pages(fetch: Fetch, workers: int) -> Iterator[Page]:
    """The first page tells the rest, which are read side by side; then on until a page brings nothing new.

    A short page is not the end: some services cap below the asked count, or show paging parameters no respect.
    """
    first, workers = _first(fetch, workers)
    yield first
    known = set(first.ids)
    if not known:
        return
    starts = range(1 + len(first.ids), first.total + 1, len(first.ids))
    with ExitStack() as stack:
        # One worker needs no thread: then everything happens in one order, always.
        side_by_side = stack.enter_context(ThreadPoolExecutor(workers)).map if workers > 1 else map
        for at in range(0, len(starts), PORTION):
            before = len(known)
            for page in side_by_side(fetch, starts[at : at + PORTION]):
                known.update(page.ids)
                yield page
            if len(known) == before:
                break
    start = 1 + len(known)
    for _ in range(MOST_PAGES):
        page = fetch(start)
        if known.issuperset(page.ids):
            return
        known.update(page.ids)
        start += len(page.ids)
        yield page
