"""How far a cycle has got, for `status` on the same machine: requests and outcomes in, a small file beside the record out.

It is a help, not a record: where it cannot be written nobody is told, and what a kill leaves is of no running cycle.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, TypedDict

from reconciler.apply.model import Outcome
from reconciler.cycle.listener import Listener
from reconciler.service import small_files

FILE = "progress.json"
EVERY = 1.0  # seconds from one write of the file to the next


class Reached(TypedDict):
    """`reads` are answers to requests that read; of the lists that are read `pages` of `ofPages` have come, which is what the
    service claims to have; `written` of `toWrite` changes have ended, None while it reads; `at` is UTC.
    """

    cycle: str
    at: str
    reads: int
    pages: int
    ofPages: int
    written: int
    toWrite: int | None


class Paged(NamedTuple):
    """What is known of one list: pages that came, the length of the longest, and how many resources there are in all."""

    pages: int
    longest: int
    total: int

    @property
    def of(self) -> int:
        """How many pages there are, as far as is known."""
        return max(self.pages, -(-self.total // max(self.longest, 1)) if self.longest else 0)


class Progress:
    """Of one cycle; heard from any thread."""

    def __init__(self, folder: Path, cycle: str, clock: Callable[[], str]) -> None:
        self._file, self._clock = folder / FILE, clock
        self._reached = Reached(cycle=cycle, at="", reads=0, pages=0, ofPages=0, written=0, toWrite=None)
        self._lists: dict[str, Paged] = {}
        self._lock, self._next = threading.Lock(), 0.0

    def hears(self, listener: Listener) -> Listener:
        """The listener, with this one beside it."""

        def answered(method: str, status: int) -> None:
            listener.answered(method, status)
            if method == "GET":
                self.read()

        return listener._replace(answered=answered, paged=self.page)

    def page(self, resource: str, length: int, total: int) -> None:
        """One of a list came: of which resource, its length, and how many the service claims in all."""
        with self._lock:
            known = self._lists.get(resource, Paged(0, 0, 0))
            self._lists[resource] = Paged(known.pages + 1, max(known.longest, length), max(known.total, total))
            lists = self._lists.values()
            self._reached["pages"], self._reached["ofPages"] = sum(one.pages for one in lists), sum(one.of for one in lists)
            self._keep()

    def read(self) -> None:
        with self._lock:
            self._reached["reads"] += 1
            self._keep()

    def begin(self, changes: int) -> None:
        """So many are to be written."""
        with self._lock:
            self._reached["toWrite"], self._next = changes, 0.0
            self._keep()

    def tells(self, tell: Callable[[Outcome], None]) -> Callable[[Outcome], None]:
        """Whoever hears of outcomes, with this one beside it."""

        def told(outcome: Outcome) -> None:
            with self._lock:
                self._reached["written"] += 1
                self._keep()
            tell(outcome)

        return told

    def end(self) -> None:
        with suppress(OSError):
            self._file.unlink(missing_ok=True)

    def _keep(self) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + EVERY
        self._reached["at"] = self._clock()
        with suppress(OSError):
            small_files.keep(self._file, self._reached)


def reached(folder: Path, since: str) -> Reached | None:
    """How far the cycle that runs since then has got; None where nobody says so here."""
    data = small_files.kept(folder / FILE)
    try:
        if data["at"] < since:
            return None
        left = None if data["toWrite"] is None else int(data["toWrite"])
        reads, pages, of, written = (int(data[name]) for name in ("reads", "pages", "ofPages", "written"))
        cycle, at = str(data["cycle"]), str(data["at"])
        return Reached(cycle=cycle, at=at, reads=reads, pages=pages, ofPages=of, written=written, toWrite=left)
    except (ValueError, KeyError, TypeError):
        return None
