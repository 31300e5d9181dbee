"""Blocks of the log in, the lines that hold something out, and what is missing, without parsing all. Pure.

A million lines are not parsed: what a line must hold is looked for in the bytes first. Whether records are missing is seen by
their numbers alone; `reconcile record verify` proves more.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from reconciler.declare.wording import plural
from reconciler.record.log.chain import Link, link_of
from reconciler.record.log.read import record_of
from reconciler.resolve.any_case import Find

# What JSON writes as it is, and lower case finds whatever the case; but for what Unicode has twice: ; ` and the i of a dotted
# capital.
ASCII_RUN = re.compile(rb"(?:[ !#-:<-\[\]-_a-~](?!\xcc\x87))+")
ESCAPED = re.compile(rb"\\u(?!00[01])")  # control characters alone are written so
TRUST = b'"command":"trust"'  # what accepted a lost stretch
PRUNED = b'"kind":"pruned"'  # what says that records were cut
RENAMED = b'"renamedRoles"'  # what says how roles were called before
AUDIT = b'"ProvisioningManagement"'  # the category of what is no object
LONG = 18  # bytes from which on a text is found sooner as it is than in any case
Record = dict[str, Any]


def needle(text: str) -> bytes:
    """The longest run of a text that JSON writes as it is, in lower case."""
    runs = ASCII_RUN.findall(unicodedata.normalize("NFC", text).encode())
    return max((run.lower() for run in runs), key=len, default=b"")


def is_escaped(block: bytes) -> bool:
    """Whether letters may stand there as escapes, as nothing that we write does: then bytes say nothing of what a line holds."""
    # One byte is found many times as fast as two.
    return b"\\" in block and (b"\\/" in block or (b"\\u" in block and ESCAPED.search(block) is not None))


class Missing(NamedTuple):
    """Records that are not there: between which times (ISO, UTC), and in words."""

    since: str
    until: str
    what: str


@dataclass
class Part:
    """The records that were picked, in the order of the log; and of all of them when they begin and end, what is missing, and the
    number of the first one (0 where none has one).
    """

    records: list[Record] = field(default_factory=list)
    begins: str = ""
    first: int = 0
    newest: str = ""
    head: Record | None = None
    missing: list[Missing] = field(default_factory=list)
    last: Link = field(default_factory=lambda: Link(0, ""))

    def look(self, first: Record, last: Record) -> None:
        """A block by its first and last record, between which none is missing."""
        begun, ended = link_of(first), link_of(last)
        if ended is not None and begun is None:  # the chain begins within the block
            self.first, self.head, self.last = self.first or 1, last, ended
        if begun is None or ended is None:
            return
        at = str(first.get("activityDateTime", ""))
        self.begins, self.first = self.begins or at, self.first or begun.number
        if self.last.number and begun.number != self.last.number + 1:
            self._miss(at, f"record {begun.number} comes after record {self.last.number}")
        self.newest = max(self.newest, str(last.get("activityDateTime", "")))
        self.head, self.last = last, ended

    def _miss(self, at: str, what: str) -> None:
        self.missing.append(Missing(self.newest or at, at, what))


def lines_of(block: bytes) -> Iterator[bytes]:
    """All lines that are not empty."""
    return filter(None, block.split(b"\n"))


def spans(block: bytes) -> Iterator[tuple[int, int]]:
    """From where to where each of them goes."""
    start = 0
    while (end := block.find(b"\n", start)) >= 0:
        if end > start:
            yield start, end
        start = end + 1
    if start < len(block):
        yield start, len(block)


def lines_with(block: bytes, finds: Iterable[Find]) -> Iterator[bytes]:
    """The lines of a block in which one of these finds something, in their order; all where letters may stand as escapes."""
    return (block[start:end] for start, end in places(block, finds))


def places(block: bytes, finds: Iterable[Find]) -> list[tuple[int, int]]:
    """From where to where each of these lines goes."""
    return sorted({place for find in ((BEGIN,) if is_escaped(block) else finds) for place in _lines(block, find)})


def _lines(block: bytes, find: Find) -> Iterator[tuple[int, int]]:
    """From where to where each line goes in which something is found."""
    at = 0
    while (found := find(block, at)) >= 0:
        end = block.find(b"\n", found)
        at = end if end >= 0 else len(block)
        yield block.rfind(b"\n", 0, found) + 1, at


def as_it_is(text: bytes) -> Find:
    """Finds a text as we write it."""
    return lambda block, at: block.find(text, at)


def as_id(id: str) -> Find | None:
    """The same of a whole id, which is spelled one way; None for a short one, which is sooner found in any case."""
    text = id.encode()
    return as_it_is(b'"' + text + b'"') if len(text) >= LONG and ASCII_RUN.fullmatch(text) else None


BEGIN = as_it_is(b"{")  # finds each record


def whole(text: str) -> bytes:
    """The same of a text that is all of a JSON string: an id such as 7 is in many a number, and longer ones are found sooner."""
    found = needle(text)
    return b'"' + found + b'"' if len(found) == len(text.encode()) else found


def _line(block: bytes, start: int) -> bytes:
    end = block.find(b"\n", start)
    return block[start : end if end >= 0 else len(block)]


def bounds(part: Part, block: bytes) -> None:
    """Look at a block by its first and last record. Raises RecordError where one is JSON, but no record."""
    whole = block.rstrip(b"\n\0 \r")
    if not whole:
        return
    first = list(record_of(_line(whole, 0)))
    last = list(record_of(whole[whole.rfind(b"\n") + 1 :]))
    if first and last:
        _bounds(part, whole, first[0], last[0])


def _bounds(part: Part, block: bytes, first: Record, last: Record) -> None:
    """Where its bounds say that records are missing inside, each is looked at: between which two, and when, is to be told."""
    lines, begun, ended = _newlines(block) + 1, link_of(first), link_of(last)
    if begun is None or ended is None or ended.number - begun.number + 1 == lines:
        part.look(first, last)
        return
    known = len(part.missing)
    for line in lines_of(block):
        for record in record_of(line):
            part.look(record, record)
    if len(part.missing) == known:  # the numbers follow each other, and lines between them have none
        what = f"{plural(lines, 'record stands', 'records stand')} where {begun.number} to {ended.number} should"
        part.missing.append(Missing(str(first.get("activityDateTime", "")), part.newest, what))


def _newlines(block: bytes) -> int:
    """As `count`, in a tenth of the time where lines are long."""
    number = at = 0
    while at := block.find(b"\n", at) + 1:
        number += 1
    return number
