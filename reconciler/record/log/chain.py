"""Records in, the same with a link each to the one before it out; and links in, what was altered, dropped or moved out. Pure.

A record's hash is the SHA-256 of its canonical JSON (keys sorted, no spaces, UTF-8), its own link included. A line is written in
that form too, but for the order of keys, and one in another form was altered. So who knows the hash
of one record can tell whether any before it is another than it was; nobody can tell of those after it without a later hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from reconciler.declare.wording import plural

OURS, CHAIN = "reconcile", "chain"
BEGUN, PRUNED = "chainBegun", "pruned"  # kinds of audit records that say what comes before the first link
Record = Mapping[str, Any]


class Link(NamedTuple):
    """A record by its number, counted from 1, and its hash; (0, "") where there is none."""

    number: int
    hash: str


NOTHING = Link(0, "")
Summary = Callable[[int, Link], dict[str, Any]]  # what the log says of so many records that were cut, of which this was the last


def canonical(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def hash_of(record: Record) -> str:
    return "sha256:" + hashlib.sha256(canonical(record)).hexdigest()


def hash_of_all(hashes: Iterable[str]) -> str:
    """Of records that no link orders: the same in whatever order they are read."""
    return "sha256:" + hashlib.sha256("\n".join(sorted(hashes)).encode()).hexdigest()


def link_of(record: Record) -> Link | None:
    """The number of a record and the hash of the one before it; None for one without a link."""
    ours = record.get(OURS)
    link = ours.get(CHAIN) if isinstance(ours, dict) else None
    if not isinstance(link, dict):
        return None
    number, previous = link.get("number"), link.get("previous")
    return Link(number, previous) if type(number) is int and isinstance(previous, str) else None


def kind_of(record: Record) -> str:
    """What a record tells of; records of earlier versions tell of objects."""
    ours = record.get(OURS)
    return str(ours.get("kind", "object")) if isinstance(ours, dict) else "object"


def chained(records: Iterable[Record], last: Link) -> tuple[list[dict[str, Any]], Link]:
    """The records with their links, the last one marked as the head of what is saved together; and the link to that one."""
    linked: list[dict[str, Any]] = []
    rows = list(records)
    for place, record in enumerate(rows, 1):
        chain = {"number": last.number + 1, "previous": last.hash, **({"head": True} if place == len(rows) else {})}
        linked.append({**record, OURS: {**(record.get(OURS) or {}), CHAIN: chain}})
        last = Link(last.number + 1, hash_of(linked[-1]))
    return linked, last


class Problem(NamedTuple):
    """What is wrong at which record, counted from 1; 0 where it is of none. `where` is that record's file and line, if known."""

    number: int
    what: str
    where: str = ""


@dataclass
class Check:
    """Looks at the records of a chain one after the other, in their order; see `verify`.

    `last` is the link to the newest one, which stands `where`; `heads` are those that were saved last, with their numbers;
    `count` is of all records, with a link or without; `newest` is the latest time so far of what is no object, whose records are
    written as they happen, and `backwards` those that are earlier, which proves a wrong clock and no forgery.
    """

    trusted: str = ""
    last: Link = NOTHING
    problems: list[Problem] = field(default_factory=list)
    heads: list[tuple[int, Record]] = field(default_factory=list)
    unlinked: list[str] = field(default_factory=list)
    first: Link | None = None
    begun: tuple[int, str] | None = None
    cut: list[Link] = field(default_factory=list)
    is_trusted_seen: bool = False
    where: str = ""
    count: int = 0
    no_records: list[str] = field(default_factory=list)
    newest: str = ""
    backwards: list[Problem] = field(default_factory=list)

    def look(self, record: Record, where: str = "") -> None:
        self.count += 1
        link = link_of(record)
        if link is None:
            self._unlinked(record, where)
            return
        if self.first is None:
            self.first = Link(link.number - 1, link.hash)
        elif link.number != self.last.number + 1:
            self.problems.append(Problem(link.number, self._out_of_order(link.number), where))
        elif link.hash != self.last.hash:
            what = f"it was altered: its hash is {self.last.hash}, and the next record was linked to {link.hash}"
            self.problems.append(Problem(self.last.number, what, self.where))
        self._note(record)
        self._time(record, link.number, where)
        self.last, self.where = Link(link.number, hash_of(record)), where
        self.is_trusted_seen = self.is_trusted_seen or self.last.hash == self.trusted

    def _time(self, record: Record, number: int, where: str) -> None:
        at = str(record.get("activityDateTime", ""))
        if kind_of(record) != "object":
            if at < self.newest:
                self.backwards.append(Problem(number, f"time runs back from {self.newest} to {at}: a clock was wrong", where))
            self.newest = max(self.newest, at)

    def _out_of_order(self, number: int) -> str:
        expected = self.last.number + 1
        if number > expected:
            gone = (
                f"record {expected} is missing" if number == expected + 1 else f"records {expected} to {number - 1} are missing"
            )
            return f"{gone} before it"
        return f"it comes after record {self.last.number}: moved, or there twice"

    def torn(self, where: str) -> None:
        """A line that is no record. Nothing hangs on it: a kill may have torn it off, and a record that it was is missing."""
        self.no_records.append(where)

    def junk(self, where: str) -> None:
        """A line that no kill leaves: one that was torn off begins as a record does."""
        self.problems.append(Problem(0, "the line is no record, and none that was torn off: somebody put it in", where))

    def misspelt(self, where: str) -> None:
        """A hash is of what a line says. A search looks at its bytes, so they too are to be those that were written."""
        what = "its bytes are not those that were written (escapes, spaces or a key that is there twice): it was altered"
        self.problems.append(Problem(self.last.number, what, where))

    def _unlinked(self, record: Record, where: str) -> None:
        self.unlinked.append(hash_of(record))
        if self.first is not None:
            self.problems.append(Problem(self.last.number, "a record without a link was put in after it", where))

    def _note(self, record: Record) -> None:
        ours = record[OURS]
        details = ours.get("details")
        details = details if isinstance(details, dict) else {}
        if ours.get("kind") == BEGUN:
            self.begun = (int(details.get("records", 0)), str(details.get("digest", "")))
        if ours.get("kind") == PRUNED:
            self.cut.append(Link(int(details.get("number", 0)), str(details.get("hash", ""))))
        if ours[CHAIN].get("head"):
            self.heads.append((ours[CHAIN]["number"], record))

    def ended(self) -> list[Problem]:
        """All that is wrong, once every record has been looked at."""
        return [*self._beginning(), *self.problems, *self._trust()]

    def _beginning(self) -> Iterator[Problem]:
        """What comes before the first link: nothing, what the chain says it began with, or what was pruned."""
        if self.first is not None and self.first != NOTHING and self.first not in self.cut:
            yield Problem(self.first.number, "it and those before it are missing, and no record says that they were pruned")
        if self.unlinked and self.begun is None and not any(problem.what.startswith("a record") for problem in self.problems):
            have = "1 record has" if len(self.unlinked) == 1 else f"{len(self.unlinked)} records have"
            yield Problem(
                0, f"{have} no link, and the chain does not say that it began with {'it' if have[:2] == '1 ' else 'them'}"
            )
        if self.begun is not None and self.first == NOTHING:
            count, digest = self.begun
            if (count, digest) != (len(self.unlinked), hash_of_all(self.unlinked)):
                which = plural(
                    count, "record before the chain is not what it was", "records before the chain are not what they were"
                )
                yield Problem(0, f"the {which} when it began")

    def _trust(self) -> Iterator[Problem]:
        if not self.trusted or self.is_trusted_seen:
            return
        if self.first is not None and self.trusted == self.first.hash:
            return
        yield Problem(0, f"{self.trusted} is none of the records: the log was rewritten, cut or is another one")


def verify(records: Iterable[Record], trusted: str = "") -> Check:
    """What looking at all records of a chain in their order found; `trusted` is the hash of a record that the caller knows."""
    check = Check(trusted)
    for record in records:
        check.look(record)
    return check


def verify_files(files: Iterable[tuple[str, bytes]], trusted: str = "") -> Check:
    """The same of blocks of lines, each with the name of its file: what is wrong is told with its line."""
    check, file, line = Check(trusted), "", 0
    for name, block in files:
        file, line = name, line if name == file else 0
        for row in block.removesuffix(b"\n").split(b"\n"):
            line += 1
            _look(check, row, f"{file}:{line}")
    return check


def _look(check: Check, row: bytes, where: str) -> None:
    try:
        record = orjson.loads(row)
    except orjson.JSONDecodeError:
        record = None
    if isinstance(record, dict):
        check.look(record, where)
        if orjson.dumps(record) != row.strip(b"\0"):
            check.misspelt(where)
    elif row.strip(b"\0").startswith(b'{"') and record is None:
        check.torn(where)
    elif row.strip(b"\0"):
        check.junk(where)
