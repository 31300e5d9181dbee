"""How many requests a simulated service takes in a minute, by its profile's `rate`. The clock is handed in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from reconciler.demo.answers import Refused


class Budget:
    """One count for all that a service serves. Safe to use from several threads."""

    def __init__(self, rate: Mapping[str, Any] | None, clock: Callable[[], float]) -> None:
        self._rate, self._clock, self._lock = rate or {}, clock, threading.Lock()
        self._since, self._count = 0.0, 0
        self._tokens, self._at, self._reset = float("inf"), 0.0, 0.0

    def take(self, method: str) -> None:
        """One request of it. Raises Refused where nothing is left."""
        rate = self._rate
        if "perMinute" not in rate or (rate.get("counts") == "writes" and method == "GET"):
            return
        with self._lock:
            now = self._clock()
            begins = self._next(rate, now)
            self._reset = begins if begins > now else self._since + 60
            if begins > now:
                after = {"Retry-After": str(int(begins - now) + 1)} if rate.get("retryAfter", True) else {}
                raise Refused(429, "too many requests", **after)

    def _next(self, rate: Mapping[str, Any], now: float) -> float:
        """When the request of now may come: now, or once the minute is over or the bucket of a burst holds a token again."""
        if now - self._since >= 60:
            self._since, self._count = now, 0
        second = float(rate["perMinute"]) / 60
        self._tokens = min(float(rate.get("burst", 1)), self._tokens + (now - self._at) * second)
        self._at = now
        if self._count >= rate["perMinute"]:
            return self._since + 60
        if self._tokens < 1:
            return now + (1 - self._tokens) / second
        self._count, self._tokens = self._count + 1, self._tokens - 1
        return now

    def headers(self) -> dict[str, str]:
        """What the service says of its own count."""
        values = {
            "limit": int(self._rate.get("perMinute", 0)),
            "remaining": max(int(self._rate.get("perMinute", 0)) - self._count, 0),
            "reset": int(self._reset) + 1,
        }
        return {name: str(values[key]) for key, name in self._rate.get("headers", {}).items()}
