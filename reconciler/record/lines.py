"""Files of JSON lines: bytes in and out, on disk before a call returns. Does I/O."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from reconciler.record.git.shards import _dump
from reconciler.record.store import RecordError

Lines = list[dict[str, Any]]


def append(path: Path, lines: Lines) -> None:
    """Append, on disk before this returns, readable by its owner alone. Raises RecordError."""
    try:
        with open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600), "ab") as file:
            size = os.fstat(file.fileno()).st_size
            # A line that a kill tore off stays a line of its own.
            torn = size > 0 and os.pread(file.fileno(), 1, size - 1) != b"\n"
            file.write(b"\n" * torn + b"".join(orjson.dumps(line) + b"\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
        if size == 0:
            sync_folder(path.parent)
    except OSError as error:
        raise RecordError(f"{path} cannot be written: {error}", "make room, or fix the permissions") from None


def sync_folder(folder: Path) -> None:
    """A new file outlives a power cut only once its folder is on disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def lines_of(path: Path) -> list[Any]:
    """The JSON values of a file, one a line, as they are. Raises RecordError."""
    try:
        return read_lines(path.read_bytes())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error}", "fix the permissions") from None


def remove(path: Path) -> None:
    """Raises RecordError."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise RecordError(f"{path} cannot be removed: {error}", "fix the permissions") from None


def dump_lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    return b"".join(_dump(row) for row in rows)


def read_lines(raw: bytes) -> list[Any]:
    """JSON lines, whatever they hold; one that a kill tore off is left out, one that is none of ours is text."""
    values = []
    for line in raw.splitlines():
        try:
            values.append(orjson.loads(line))
        except orjson.JSONDecodeError:
            if not line.startswith(b"{") and line.strip(b"\0"):
                values.append(line.decode(errors="replace"))
    return values
