"""The log of a local record: one file a month, in the order of the chain, each line on disk before a call returns. Does I/O."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate, groupby, takewhile
from operator import itemgetter
from pathlib import Path
from typing import Any

import orjson

from reconciler.record.lines import Lines, append
from reconciler.record.log.chain import NOTHING, Link, hash_of, link_of
from reconciler.record.store import RecordError

BLOCK = 256 << 10  # bytes that are looked at together: they fit into the cache of a processor
FOLDER, EARLIER = "log", "log.jsonl"  # the latter is the one file of earlier versions


class LogFiles:
    """`folder`/log.jsonl, and log/YYYY-MM.jsonl by when a line was written; the newest file has the newest line."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.earlier = folder / FOLDER, folder / EARLIER

    def files(self, since: str = "") -> list[Path]:
        """In the order of the chain; those that can hold nothing since then (an ISO time) are left out, but for the last one."""
        months = sorted(self.folder.glob("????-??.jsonl"))
        earlier = [file for file in months if file.stem < since[:7]]
        return [file for file in [self.earlier, *earlier[-1:], *months[len(earlier) :]] if file.exists()]

    def before(self, month: str) -> list[Path]:
        """The oldest files, up to that month; that of earlier versions only with those that go on from it."""
        found = list(takewhile(lambda file: file == self.earlier or file.stem < month, self.files()))
        return [] if found == [self.earlier] else found

    def blocks(self, since: str = "") -> Iterator[tuple[str, bytes]]:
        """Whole lines, many together, with the file that they stand in. Raises RecordError."""
        for file in self.files(since):
            yield from ((str(file), block) for block in blocks_of(file))

    def append(self, lines: Lines) -> None:
        """As they are, each into the file of its month, and of none before that of the line before it. Raises RecordError."""
        if not lines:
            return
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise RecordError(f"{self.folder} cannot be written: {error}", "make room, or change the permissions") from None
        newest = max((file.stem for file in self.files() if file != self.earlier), default="")
        own = (str(line.get("activityDateTime", ""))[:7] for line in lines)
        months = list(accumulate(own, max, initial=newest))[1:]
        for month, rows in groupby(zip(months, lines, strict=True), itemgetter(0)):
            append(self.folder / f"{month or '0000-00'}.jsonl", [line for _, line in rows])

    def last(self) -> Link:
        """The newest record that has a link. Raises RecordError."""
        for line in self.newest_first():
            if (link := link_of(line)) is not None:
                return Link(link.number, hash_of(line))
        return NOTHING

    def newest_first(self) -> Iterator[dict[str, Any]]:
        """All records, the newest first. Raises RecordError."""
        return (line for file in reversed(self.files()) for line in lines_from_the_end(file))

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One process at a time links a record to the last one."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self.folder / "busy", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise RecordError(f"{self.folder} cannot be written: {error}", "make room, or change the permissions") from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def blocks_of(file: Path) -> Iterator[bytes]:
    """Whole lines of one file, many together. Raises RecordError."""
    keep_what_is_freed()
    try:
        with open(os.open(file, os.O_RDONLY | os.O_NOFOLLOW), "rb", buffering=0) as opened:
            yield from whole_lines(opened)
    except OSError as error:
        raise RecordError(f"{file} cannot be read: {error}", "change its permissions") from None


def keep_what_is_freed() -> None:
    """Each block takes the place of an earlier one: to give memory back and get it anew takes longer than to read a block.

    Once glibc has freed as much as this at a time, it keeps twice as much (mallopt(3), M_MMAP_THRESHOLD); nothing is written.
    """
    bytes(4 << 20)


def whole_lines(file: Any) -> Iterator[bytes]:
    """An unbuffered binary file in blocks that end where a line ends; the end of one that a kill tore off may be missing.

    What is left of a block is read once more, which costs less than putting it together with the next one.
    """
    at, size = 0, BLOCK
    while block := os.pread(file.fileno(), size, at):
        end = block.rfind(b"\n") + 1
        if not end and len(block) == size:  # a line that is longer
            size *= 2
            continue
        yield block[:end] if end else block
        at, size = at + (end or len(block)), BLOCK


def lines_from_the_end(file: Path) -> Iterator[dict[str, Any]]:
    """The records of a file, the newest first; what is none is left out. Raises RecordError."""
    try:
        with open(os.open(file, os.O_RDONLY | os.O_NOFOLLOW), "rb") as opened:
            end, left = opened.seek(0, os.SEEK_END), b""
            while end:
                start = max(0, end - (1 << 16))
                opened.seek(start)
                rows = (opened.read(end - start) + left).split(b"\n")
                left, end = rows[0] if start else b"", start
                for row in reversed(rows[1:] if start else rows):
                    yield from parsed(row)
    except OSError as error:
        raise RecordError(f"{file} cannot be read: {error}", "change its permissions") from None


def parsed(row: bytes) -> list[dict[str, Any]]:
    """The record of a line; none where a kill tore it off, or where it is something else."""
    try:
        value = orjson.loads(row)
    except orjson.JSONDecodeError:
        return []
    return [value] if isinstance(value, dict) else []
