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
from reconciler.record.log.chain import BEGUN, Link, kind_of, link_of
from reconciler.record.log.read import record_of
from reconciler.resolve.any_case import Find

# What JSON writes as it is, and lower case finds whatever the case; but for what Unicode has twice: ; ` and the i of a dotted
# capital.
ASCII_RUN = re.compile(rb"(?:[ !#-:<-\[\]-_a-~](?!\xcc\x87))+")
ESCAPED = re.compile(rb"\\u(?!00[01])")  # control characters alone are written so
TRUST = b'"command":"trust"'  # what accepted a lost stretch
PRUNED = b'"kind":"pruned"'  # what says that records were cut
RENAMED = b'"renamedRoles"'  # what says how roles were called before
LINK = b'"chain":{'
KEYS = b"ia"  # how the first key of a record begins: id, or activityDateTime where keys are sorted, as Git has them
CLOSE = ord("}")
AUDIT = b'ProvisioningManagement"'  # the category of what is no object; without its frequent first byte
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


def is_first(record: Record) -> bool:
    """Whether nothing was logged before it, nor by an earlier version."""
    link = link_of(record)
    return link is not None and link.number == 1 and kind_of(record) != BEGUN


@dataclass
class Part:
    """The records that were picked, in the order of the log; and of all of them when they begin and end, what is missing, and the
    number of the first one (0 where none has one). `is_whole` is whether that is the first of all.
    """

    records: list[Record] = field(default_factory=list)
    begins: str = ""
    first: int = 0
    is_whole: bool = False
    newest: str = ""
    head: Record | None = None
    missing: list[Missing] = field(default_factory=list)
    last: Link = field(default_factory=lambda: Link(0, ""))

    def look(self, first: Record, last: Record) -> None:
        """A block by its first and last record, between which none is missing; nothing where these have no number."""
        begun, ended = link_of(first), link_of(last)
        if begun is None or ended is None:
            return
        at = str(first.get("activityDateTime", ""))
        self.is_whole = is_first(first) if not self.first else self.is_whole
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
    """Look at a block: by its first and last record where all lines look like records, and these are as many as the numbers say;
    else at each. Raises RecordError where a line that was looked at is no record, and none that was torn off.
    """
    whole = block.rstrip(b"\n\0 \r")
    if not whole:
        return
    first = list(record_of(_line(whole, 0)))
    last = list(record_of(whole[whole.rfind(b"\n") + 1 :]))
    begun, ended = (link_of(rows[0]) if rows else None for rows in (first, last))
    if begun is not None and ended is not None and ended.number - begun.number + 1 == _likely(whole):
        part.look(first[0], last[0])
    elif begun is not None or ended is not None or LINK in whole:
        _each(part, whole)


def _each(part: Part, block: bytes) -> None:
    """So that it is told between which two records, and when, some are missing, or one stands that has no link."""
    since, known, put_in = part.newest, len(part.missing), 0
    for record in (record for line in lines_of(block) for record in record_of(line)):
        put_in += link_of(record) is None and part.last.number > 0
        part.look(record, record)
    if put_in and len(part.missing) == known:
        what = plural(put_in, "record without a link was put in", "records without a link were put in")
        part.missing.append(Missing(since or part.begins, part.newest, what))


def _likely(block: bytes) -> int:
    """How many lines there are, if each but the first begins, and each but the last ends, as a record does; else 0.

    As `count`, in a tenth of the time where lines are long; and a byte is looked at in a third of the time of some.
    """
    number = at = 0
    while at := block.find(b"\n", at) + 1:
        if block[at - 3] != CLOSE or block[at - 2] != CLOSE or block[at + 2] not in KEYS:
            return 0
        number += 1
    return number + 1
