"""The newest record of a log that this checkout knew, in a small file, and whether a log goes on from it. Does I/O on that file.

It protects from a log that was cut, begun anew or rewritten since; not from what was appended, nor from somebody who changes this
file too. A log that says that the record was pruned is believed: the rest of its chain has to be whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import orjson

from reconciler.record.log.chain import NOTHING, OURS, PRUNED, Link, Record, hash_of, kind_of, link_of
from reconciler.record.store import RecordError

LOST = "RecordLostHistory"


class Known:
    """`file` need not be there yet; `mark` names the version of the place that it was known at, where it has versions."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def read(self) -> tuple[Link, str]:
        """What was known, and at which version; nothing where the file is not there or makes no sense."""
        try:
            data = orjson.loads(self.file.read_bytes())
            return Link(int(data["number"]), str(data["hash"])), str(data.get("mark", ""))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return NOTHING, ""

    def write(self, link: Link, mark: str = "") -> None:
        """That this cannot be kept costs no more than what would have been found by it."""
        with suppress(OSError):
            if link == NOTHING:
                self.file.unlink(missing_ok=True)
                return
            waiting = self.file.with_name(f"{self.file.name}.{os.getpid()}")
            with open(os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as target:
                target.write(orjson.dumps({"number": link.number, "hash": link.hash, "mark": mark}))
            os.replace(waiting, self.file)

    def refuse_lost(self, newest_first: Callable[[], Iterable[Record]], where: str, app: str, trust: str) -> None:
        """Raises RecordError where the log does not go on from what was known; `trust` is the head that a person could name."""
        last, _ = self.read()
        if last == NOTHING or not (why := lost(last, newest_first())):
            return
        raise RecordError(
            f"the log of {app} in {where} lost its history: {why}; this checkout last knew record {last.number}, {last.hash}",
            "find out who changed it, and restore it (`reconcile record verify` says where it is broken); if it is right, "
            f"accept it: `reconcile record trust {trust} --app {app}`",
            LOST,
        )


def lost(known: Link, newest_first: Iterable[Record]) -> str:
    """Why records are no continuation of one that was known, in words; empty where they are. Pure."""
    after, cut = NOTHING, NOTHING  # the number of the record looked at last, and the hash that it gives to the one before it
    for record in newest_first:
        link = link_of(record)
        if link is None:
            continue
        own = Link(link.number, hash_of(record))
        if after != NOTHING and own != Link(after.number - 1, after.hash):
            return f"record {after.number - 1} was altered, dropped or moved"
        if own.number <= known.number:
            return _compared(own, known)
        if kind_of(record) == PRUNED:
            cut = max(cut, _cut(record))
        after = link
    if after == NOTHING:
        return "no record is left"
    if cut.number >= known.number and cut == Link(after.number - 1, after.hash):
        return ""
    return f"record {known.number} is missing"


def _compared(own: Link, known: Link) -> str:
    if own == known:
        return ""
    return f"record {own.number} is another one" if own.number == known.number else f"it ends with record {own.number}"


def _cut(record: Record) -> Link:
    details = record[OURS].get("details")
    details = details if isinstance(details, dict) else {}
    number = details.get("number")
    return Link(number if type(number) is int else 0, str(details.get("hash", "")))
