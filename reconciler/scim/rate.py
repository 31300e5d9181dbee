"""How fast requests may go: a profile's rate and a service's answers in, waiting out. The clock is handed in."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime

from reconciler.scim.profile import Rate

LONGEST = 300.0
EPOCH = 1_000_000_000  # a reset beyond it is a time, below it a number of seconds
RESETS = ("X-RateLimit-Reset", "RateLimit-Reset", "X-Rate-Limit-Reset")  # what services call it that name no header


class Turns:
    """A token bucket: in any minute at most `perMinute` requests begin, `burst` of them at once.

    What a service says of its own limit closes the gate for everybody. Safe to use from several threads.
    """

    def __init__(self, rate: Rate | None, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._rate, self._clock, self._sleep, self._lock = rate, clock, sleep, threading.Lock()
        self._burst = float(min(rate.burst, rate.perMinute)) if rate else 0.0
        self._tokens, self._at = self._burst, clock()
        self._closed = 0.0

    def wait(self, method: str) -> None:
        """Until a request of this method may begin."""
        with self._lock:
            now = self._clock()
            until = max(self._turn(now, method), self._closed)
        if until > now:
            self._sleep(until - now)

    def _turn(self, now: float, method: str) -> float:
        """When this request's token is there; later ones queue behind it."""
        rate = self._rate
        if rate is None or (rate.counts == "writes" and method == "GET"):
            return now
        # A full bucket and a minute of refilling together are what a minute may hold.
        second = max(rate.perMinute - self._burst, 1.0) / 60.0
        self._tokens = min(self._burst, self._tokens + max(now - self._at, 0.0) * second) - 1.0
        self._at = now
        return now - min(self._tokens, 0.0) / second

    def heard(self, headers: Mapping[str, str]) -> None:
        """The service's own count: where nothing is left, nobody asks before it begins anew."""
        names = self._rate.headers if self._rate is not None else {}
        if "remaining" in names and "reset" in names and headers.get(names["remaining"], "").strip() == "0":
            after = self._until(headers.get(names["reset"], ""))
            if after is not None:
                self._close(after)

    def refused(self, headers: Mapping[str, str]) -> float | None:
        """After 429 or 503: how long to wait, as the service asks or by its reset header; None where it says nothing."""
        after = self._asked(headers)
        if after is not None:
            self._close(after)
        return after

    def _close(self, seconds: float) -> None:
        with self._lock:
            self._closed = max(self._closed, self._clock() + seconds)

    def _asked(self, headers: Mapping[str, str]) -> float | None:
        after = headers.get("Retry-After", "")
        if after.isdigit():
            return min(float(after), LONGEST)
        try:
            return min(max(parsedate_to_datetime(after).timestamp() - self._clock(), 0.0), LONGEST)
        except (ValueError, TypeError):
            own = self._rate.headers.get("reset") if self._rate is not None else None
        found = [self._until(headers.get(name, "")) for name in ((own,) if own else RESETS)]
        return next((max(seconds, 0.5) for seconds in found if seconds is not None), None)

    def _until(self, reset: str) -> float | None:
        """Seconds until a reset: a time since 1970, or a number of seconds."""
        try:
            value = float(reset)
        except ValueError:
            return None
        return min(max(value - self._clock() if value > EPOCH else value, 0.0), LONGEST)


def backoff(attempt: int) -> float:
    """Seconds before another try, with jitter, so that clients do not come back in step."""
    return float(min(2.0**attempt, 30.0) * random.uniform(0.25, 0.5))
