"""How far a long row of reads is where no terminal shows it: done of all and the time left, now and then. Reads the clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from reconciler.declare.wording import plural

EVERY = 30.0  # seconds from one line to the next


class Lines:
    """`tell` hears the lines; `clock` is in seconds. Safe to use from several threads."""

    def __init__(self, total: int, what: str, tell: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._total, self._what, self._tell, self._clock = total, what, tell, clock
        self._began = self._told = clock()
        self._done, self._lock = 0, Lock()

    def one(self) -> None:
        """One more was read."""
        with self._lock:
            self._done += 1
            at = self._clock()
            if at - self._told < EVERY or self._done == self._total:
                return
            self._told = at
            words = self._words(at - self._began)
        self._tell(words)

    def _words(self, elapsed: float) -> str:
        left = elapsed / self._done * (self._total - self._done)
        minutes = plural(round(left / 60), "minute") if left >= 90 else plural(max(1, round(left)), "second")
        return f"{self._what}: {self._done:,} of {self._total:,} read, about {minutes} left"
