"""After a kill: what the journal knows and the record does not yet, put into the record. No I/O."""

from __future__ import annotations

from typing import Any

from reconciler.record.model import Record


def recover(record: Record, journal: list[dict[str, Any]]) -> int:
    """Put outcomes into the record; returns how many. A write without an outcome is found by reading the service."""
    found = 0
    for line in journal:
        if line.get("outcome") == "done" and "address" in line:
            found += 1
            if line.get("entry") is None:
                record.entries.pop(line["address"], None)
            else:
                record.entries[line["address"]] = line["entry"]
    return found
