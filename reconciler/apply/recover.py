"""After a kill: what the journal knows and the record does not yet, put into the record. No I/O."""

from __future__ import annotations

from typing import Any

from reconciler.record.model import Record, Unanswered


def recover(record: Record, journal: list[dict[str, Any]]) -> int:
    """Put outcomes into the record; returns how many. A step without one is `unanswered`: the next read tells."""
    found = 0
    for line in journal:
        # An apply saves all that earlier ones have journalled before its own first line.
        if "address" in line and line.get("run", record.runs) >= record.runs:
            found += _line(record, line)
    return found


def _line(record: Record, line: dict[str, Any]) -> bool:
    address = line["address"]
    if "outcome" in line:
        _outcome(record, address, line)
        return True
    if "step" in line:
        record.unanswered[address] = unanswered(line)
    elif address in record.unanswered:
        wanted = record.unanswered[address].get("wanted", {})
        record.unanswered[address]["wanted"] = {**wanted, **line.get("generated", {})}
    return False


def _outcome(record: Record, address: str, line: dict[str, Any]) -> None:
    if line["outcome"] != "moved" and not line.get("unanswered"):
        record.unanswered.pop(address, None)
    if "was" in line:
        record.entries.pop(line["was"], None)
    if line.get("entry") is not None:
        record.entries[address] = line["entry"]
    elif line["outcome"] == "done":
        record.entries.pop(address, None)


def unanswered(line: dict[str, Any]) -> Unanswered:
    """What is kept of a step's line until the service has been read."""
    return {name: line[name] for name in Unanswered.__annotations__ if name in line}  # type: ignore[return-value]
