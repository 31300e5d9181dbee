"""After a kill: what the journal knows and the record does not yet, put into the record. No I/O."""

from __future__ import annotations

from typing import Any

from reconciler.record.model import Record


def recover(record: Record, journal: list[dict[str, Any]]) -> int:
    """Put outcomes into the record; returns how many. A step without one is `unanswered`: the next read tells."""
    count = 0
    begun: dict[str, dict[str, Any]] = {}
    # An apply saves all that earlier ones have journalled before its own first line.
    fresh = [line for line in journal if "address" in line and line.get("run", record.runs) >= record.runs]
    if fresh:
        record.forget_intended()
    for line in fresh:
        count += _line(record, line, begun)
    for line in begun.values():
        _count(record, line)  # it may have been done, and must not go uncounted
    return count


def _line(record: Record, line: dict[str, Any], begun: dict[str, dict[str, Any]]) -> bool:
    address = line["address"]
    if "outcome" in line:
        before = begun.pop(address, None) if line["outcome"] != "moved" else None
        if before is not None and (line["outcome"] == "done" or line.get("unanswered")):
            _count(record, before)
        _outcome(record, address, line)
        return True
    if "step" in line:
        begun[address] = line
        record.leave_unanswered(address, line)
    else:
        record.add_generated(address, line.get("generated", {}))
    return False


def _count(record: Record, begun: dict[str, Any]) -> None:
    takes = [(pair[0], pair[1]) for pair in begun.get("takes", ()) if len(pair) == 2]
    record.count_removals(begun.get("at", ""), takes)


def _outcome(record: Record, address: str, line: dict[str, Any]) -> None:
    if line["outcome"] != "moved" and not line.get("unanswered"):
        record.answer(address)
    if "was" in line:
        record.drop(line["was"])
    if line.get("entry") is not None:
        record.keep(address, line["entry"])
    elif line["outcome"] == "done":
        record.drop(address)
