"""New records in, the same with their links out, with one before them that says what the chain begins with. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from reconciler.declare.wording import plural
from reconciler.record.log.audit import Kind, audit_record
from reconciler.record.log.chain import NOTHING, Link, Record, chained, hash_of, hash_of_all, link_of


def linked(
    records: Iterable[Record], app: str, last: Link, earlier: Callable[[], Iterable[Record]]
) -> tuple[list[dict[str, Any]], Link]:
    """Records as they are appended after `last`, and the link to the newest.

    `earlier` are the records that are there already where there is no link yet.
    """
    rows = list(records)
    if not rows:
        return [], last
    if last == NOTHING and (old := [hash_of(record) for record in earlier() if link_of(record) is None]):
        rows = [_begun(app, old, str(rows[-1].get("activityDateTime", ""))), *rows]
    return chained(rows, last)


def _begun(app: str, old: list[str], at: str) -> dict[str, Any]:
    details = {"records": len(old), "digest": hash_of_all(old)}
    there = f"{plural(len(old), 'record was', 'records were')} there before it"
    return audit_record(Kind.CHAIN_BEGUN, app, at, there, starter={}, details=details)
