"""The logs of some apps and a query in, the records that were asked for out, in the order of time. Reads the records."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from reconciler.record.log.read import located
from reconciler.record.store import Store
from reconciler.report.log_names import with_other_names
from reconciler.report.log_query import Found, Query
from reconciler.report.log_watch import Watch


class Logged(NamedTuple):
    """A record that was found: when (ISO, UTC), the app's name, and its line with what that says."""

    at: str
    app: str
    found: Found


def in_order(stores: Mapping[str, Store], query: Query, watch: Watch | None = None) -> Iterator[Logged]:
    """Of all apps, the oldest first; `watch` sees what is read for it. Raises RecordError."""
    watch = watch or Watch()
    return heapq.merge(*(rows_of(name, store, query, watch) for name, store in stores.items()), key=lambda row: row.at)


def rows_of(name: str, store: Store, query: Query, watch: Watch) -> Iterator[Logged]:
    """Of one app, by any name that whom it asks for had there. Raises RecordError."""
    with located(store.log_by_file):
        for found in _found(name, store, query, watch):
            yield Logged(str(found[1].get("activityDateTime", "")), name, found)


def _found(name: str, store: Store, query: Query, watch: Watch) -> Iterator[Found]:
    lines: Iterable[bytes] | None = None
    if query.user is query.group is query.role is None:
        lines = watch.over(name, store.log_blocks(query.since))
    else:
        first = iter([watch.over(name, store.log_blocks())])  # all of it, as names of the past are asked for
        query, lines = with_other_names(query, lambda: next(first, None) or store.log_blocks(), lambda: watch.told(name))
    return query.select(store.log_blocks(query.since) if lines is None else lines)
