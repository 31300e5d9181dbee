"""How fast requests may go: a profile's rate and a service's answers in, waiting out. The clock is handed in."""

from __future__ import annotations

import math
import random
import threading
from collections import deque
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime

from reconciler.scim.errors import LONGEST, ServiceError
from reconciler.scim.profile import Rate

QUIET = 5.0  # seconds that need no word
HOUR = 3600
MINUTE = 60.5  # seconds: what begins a minute apart may arrive a little closer
MOST = 366 * 86400.0  # seconds; what asks for more is as good as this
EPOCH = 1_000_000_000  # a reset beyond it is a time, below it a number of seconds
MILLIS = 100 * EPOCH  # beyond it a time in milliseconds
RESETS = ("X-RateLimit-Reset", "RateLimit-Reset", "X-Rate-Limit-Reset")  # what services call it that name no header


class Turns:
    """A token bucket, and a minute that is looked at: in any one at most `perMinute` requests begin, `burst` of them at once.

    What a service says of its own limit closes the gate for everybody. Safe to use from several threads.
    """

    def __init__(
        self, rate: Rate | None, clock: Callable[[], float], sleep: Callable[[float], None], waits: Waits | None = None
    ) -> None:
        self._waits, self._paced = waits or Waits(clock, lambda words: None), False
        self._rate, self._clock, self._sleep, self._lock = rate, clock, sleep, threading.Lock()
        self._burst = float(min(rate.burst, rate.perMinute)) if rate else 0.0
        self._tokens = self._burst
        self._at = self._seen = clock()
        self._last: deque[float] = deque(maxlen=max(int(rate.perMinute), 1) if rate else 1)  # when so many have begun, or will
        self._closed = 0.0
        self.waited = 0.0  # seconds, of all threads together

    def wait(self, method: str, shown: str = "") -> None:
        """Until a request of this method, `shown` in words, may begin. Raises ServiceError where that is too long."""
        with self._lock:
            now = self._clock()
            turn, closed = self._turn(now, method), self._closed
        if closed - now > LONGEST:
            raise too_long(ServiceError("nothing was sent", shown, 429), closed - now)
        if max(turn, closed) > now:
            self._tell(turn - now, closed - now, shown)
            self._sleep(max(turn, closed) - now)
            with self._lock:
                self.waited += max(turn, closed) - now

    def _tell(self, turn: float, closed: float, shown: str) -> None:
        """Of its own limit each time that the service closes the gate; of the profile's pace once."""
        if closed >= turn:
            self._waits.begin(closed, f"as the service asks ({shown.partition('?')[0]}: its limit is reached)")
        elif not self._paced and self._rate is not None and turn > QUIET:
            self._paced = True
            self._waits.begin(turn, f"and again later: the profile allows {self._rate.perMinute} requests a minute")

    def _turn(self, now: float, method: str) -> float:
        """When this request's token is there; later ones queue behind it."""
        rate = self._rate
        if rate is None or (rate.counts == "writes" and method == "GET"):
            return now
        self._set_back(now)
        second, base = rate.perMinute / MINUTE, max(now, self._at)
        tokens = min(self._burst, self._tokens + (base - self._at) * second)
        turn = base + max(1.0 - tokens, 0.0) / second
        if len(self._last) == self._last.maxlen:  # a full bucket and a minute of refilling are more than a minute may hold
            turn = max(turn, self._last[0] + MINUTE)
        self._at = max(turn, self._closed)
        self._tokens = min(self._burst, tokens + (self._at - base) * second) - 1.0
        self._last.append(self._at)
        return turn

    def _set_back(self, now: float) -> None:
        """Where the machine's clock was set back nobody waits until it is as late again."""
        back, self._seen = max(self._seen - now, 0.0), now
        if back:
            self._at -= back
            self._last = deque((moment - back for moment in self._last), maxlen=self._last.maxlen)

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
        if after.isascii() and after.isdigit():
            return min(float(after), MOST)
        try:
            return min(max(parsedate_to_datetime(after).timestamp() - self._clock(), 0.0), MOST)
        except (ValueError, TypeError, OverflowError):
            own = self._rate.headers.get("reset") if self._rate is not None else None
        found = [self._until(headers.get(name, "")) for name in ((own,) if own else RESETS)]
        return next((max(seconds, 0.5) for seconds in found if seconds is not None), None)

    def _until(self, reset: str) -> float | None:
        """Seconds until a reset: a time since 1970, or a number of seconds."""
        try:
            value = float(reset)
        except ValueError:
            return None
        if math.isnan(value):
            return None
        moment = value / 1000 if value > MILLIS else value
        return min(max(moment - self._clock() if moment > EPOCH else moment, 0.0), MOST)


def too_long(error: ServiceError, seconds: float) -> ServiceError:
    """The error of a request for which the service asks to wait longer than anybody does."""
    error.after = seconds
    error.message += f"; the service asks to wait {spelled(seconds)}: run again then"
    error.remedy = f"a request waits {spelled(LONGEST)} at most; see whether something else uses up the service's limit"
    return error


def pause(error: BaseException | None, attempt: int) -> float:
    """Seconds before another try: as long as the service asks, else a guess, longer each time."""
    after = error.after if isinstance(error, ServiceError) else None
    return backoff(attempt) if after is None else after


def backoff(attempt: int) -> float:
    """Seconds before another try, with jitter, so that clients do not come back in step."""
    return float(min(2.0**attempt, 30.0) * random.uniform(0.25, 0.5))


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
