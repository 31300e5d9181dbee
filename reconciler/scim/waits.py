"""Waits in, a word about each long one out, once however many requests wait for the same. No I/O: clock and ear are handed in."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

from reconciler.scim.errors import ServiceError

QUIET = 5.0  # seconds that need no word
HOUR = 3600


class Waits:
    """Tells of waits as they begin. Safe to use from several threads."""

    def __init__(self, clock: Callable[[], float], tell: Callable[[str], None]) -> None:
        self._clock, self._tell, self._lock = clock, tell, threading.Lock()
        self._told = 0.0  # the end of what has been told

    def begin(self, seconds: float, why: str) -> None:
        """Of a wait that ends more than QUIET seconds after what has been told already."""
        with self._lock:
            now = self._clock()
            if now + seconds - max(now, self._told) <= QUIET:
                return
            self._told = now + seconds
        self._tell(f"waiting {spelled(seconds)}, {why}")


def spelled(seconds: float) -> str:
    """A time as people say it, rounded up: `20 s`, `15 min`, `24 h`."""
    if seconds <= 600:
        return f"{math.ceil(seconds)} s"
    return f"{math.ceil(seconds / 60)} min" if seconds <= 2 * HOUR else f"{math.ceil(seconds / HOUR):,} h"


def why(error: ServiceError) -> str:
    """The reason for a wait before another try: which request ended how."""
    reason = "before it is tried again" if error.after is None else "as the service asks"
    return f"{reason} ({error.request.partition('?')[0]}: {error.status or 'no answer'})"
