"""Who was removed in the last hours, as the record keeps it. Pure."""

from __future__ import annotations

from reconciler.record.model import Record


def add_removals(record: Record, at: str, found: list[tuple[str, str]]) -> None:
    """Once each, however often a journal is read or a step is tried again."""
    if found:
        gone = {(address, kind) for address, kind in found}
        record.removals = [r for r in record.removals if (r["address"], r["kind"]) not in gone]
        record.removals += [{"at": at, "address": address, "kind": kind} for address, kind in found]
