"""After a kill: what the journal knows and the record does not yet, put into the record. No I/O."""

from __future__ import annotations

from typing import Any

from reconciler.plan.safeguards.keep import add_removals
from reconciler.record.model import Record


def recover(record: Record, journal: list[dict[str, Any]]) -> int:
    """Put outcomes into the record; returns how many. A write without an outcome is found by reading the service."""
    found = 0
    begun: dict[str, dict[str, Any]] = {}
    for line in journal:
        if "step" in line:
            begun[line["address"]] = line
        elif "outcome" in line:
            before = begun.pop(line["address"], None)
            if line["outcome"] == "done":
                found += 1
                _count(record, before)
                _put(record, line)
    for line in begun.values():
        _count(record, line)  # it may have been done, and must not go uncounted
    return found


def _put(record: Record, line: dict[str, Any]) -> None:
    if line.get("entry") is None:
        record.entries.pop(line["address"], None)
    else:
        record.entries[line["address"]] = line["entry"]


def _count(record: Record, begun: dict[str, Any] | None) -> None:
    if begun is not None:
        add_removals(record, begun["at"], [(address, kind) for address, kind in begun.get("takes", ())])
