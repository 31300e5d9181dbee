"""Records of apps in, who is in them out, as text or JSON. No I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from reconciler.declare.names import is_group
from reconciler.record.entries import Entry, is_active
from reconciler.record.model import Record
from reconciler.report.safe import plain


def as_text(records: Mapping[str, Record]) -> str:
    """A line an object below its app's name: state, address, id, roles."""
    lines: list[str] = []
    for app, record in records.items():
        rows = list(_rows(record))
        width = max((len(row["address"]) for row in rows), default=0)
        lines += [f"{plain(app)}: {len(rows)} in the record", *(_line(row, width) for row in rows)]
    return "".join(line + "\n" for line in lines)


def _line(row: dict[str, Any], width: int) -> str:
    roles = f"  {', '.join(row['roles'])}" if row["roles"] else ""
    return plain(f"  {row['state']:8}  {row['address']:{width}}  {row['id']}{roles}")


def as_json(records: Mapping[str, Record]) -> str:
    """App -> its objects: address, state (active, disabled or group), id, folded names of roles, since when it is disabled."""
    return orjson.dumps({app: list(_rows(record)) for app, record in records.items()}, option=orjson.OPT_INDENT_2).decode() + "\n"


def _rows(record: Record) -> Iterator[dict[str, Any]]:
    for address in sorted(record.entries):
        entry = record.entries[address]
        yield {
            "address": address,
            "state": _state(address, entry),
            "id": entry["id"],
            "roles": list(entry.get("roles", ())),
            "disabledAt": entry.get("disabledAt"),
        }


def _state(address: str, entry: Entry) -> str:
    if is_group(address):
        return "group"
    return "active" if is_active(entry) else "disabled"
