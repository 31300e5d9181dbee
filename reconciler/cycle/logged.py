"""The logs of some apps and a query in, the records that were asked for out, in the order of time. Reads the records."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from reconciler.record.store import Store
from reconciler.report.log_query import Found, Query


class Logged(NamedTuple):
    """A record that was found: when (ISO, UTC), the app's name, and its line with what that says."""

    at: str
    app: str
    found: Found


def in_order(stores: Mapping[str, Store], query: Query) -> Iterator[Logged]:
    """Of all apps, the oldest first. Raises RecordError."""
    return heapq.merge(*(rows_of(name, store, query) for name, store in stores.items()), key=lambda row: row.at)


def rows_of(name: str, store: Store, query: Query) -> Iterator[Logged]:
    """Of one app. Raises RecordError."""
    for found in query.select(store.log_blocks(query.since)):
        yield Logged(str(found[1].get("activityDateTime", "")), name, found)
