"""Blocks of lines in, records out; where a line is none, in which file it stands. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson

from reconciler.record.store import RecordError, Store

Files = Iterable[tuple[str, bytes]]  # blocks of lines, each with the name of the file that it stands in


class NoRecord(RecordError):
    """A line is JSON, but no record, or nothing that a kill may have torn off; `where` is its file and line, if known."""

    code = "RecordError"

    def __init__(self, row: bytes, where: str = "") -> None:
        at = f"{where}: " if where else ""
        super().__init__(f"the log is damaged: {at}{row[:60].decode(errors='replace')!r} is not a record", "take that line out")
        self.row = row


def records_in(store: Store) -> Iterator[dict[str, Any]]:
    """All records of a log. Raises RecordError."""
    with located(store.log_by_file):
        yield from records_of(store.log_blocks())


@contextmanager
def located(files: Callable[[], Files]) -> Iterator[None]:
    """What is read inside comes from these files: of a line that is no record it is said where it stands. Raises RecordError."""
    try:
        yield
    except NoRecord as error:
        raise NoRecord(error.row, _where(error.row, files())) from None


def _where(row: bytes, files: Files) -> str:
    """The file and the line where it stands first; empty where it is gone."""
    file, line = "", 0
    for name, block in files:
        file, line = name, line if name == file else 0
        for other in block.removesuffix(b"\n").split(b"\n"):
            line += 1
            if other == row:
                return f"{file}:{line}"
    return ""


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
        raise NoRecord(row)
    yield value
