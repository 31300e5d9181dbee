"""Blocks of lines in, records out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from reconciler.record.store import RecordError


def records_of(blocks: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Each record; a line that a kill tore off is left out. Raises RecordError where one is JSON, but no record."""
    for block in blocks:
        for row in block.split(b"\n"):
            if row.startswith(b"{"):  # as every line of ours does
                if (record := _object(row)) is not None:
                    yield record
            elif row.strip(b"\0 \r"):
                yield from record_of(row)


def _object(row: bytes) -> dict[str, Any] | None:
    """What begins as a JSON object does; None where a kill tore it off."""
    try:
        value: dict[str, Any] = orjson.loads(row)
    except orjson.JSONDecodeError:
        return None
    return value


def record_of(row: bytes) -> Iterator[dict[str, Any]]:
    """The record of a line, none where it is torn. Raises RecordError."""
    try:
        value = orjson.loads(row)
    except orjson.JSONDecodeError:
        if row.startswith(b"{"):
            return
        value = row
    if not isinstance(value, dict):
        raise RecordError(f"the log is damaged: {row[:60]!r} is not a record", "take that line out")
    yield value
