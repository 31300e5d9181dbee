"""How the running service was told to run, and each app's clock: nouns. No I/O."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from reconciler.notify.outbox import Telling
from reconciler.record.service import Sighting
from reconciler.service.child import Child
from reconciler.service.clocks import is_ahead, later
from reconciler.service.order import Order


@dataclass(frozen=True)
class Settings:
    """As `run` is told. Times are in seconds; no `apps` are all; `interval` None is each app's own."""

    desired: Path
    apps: tuple[str, ...] = ()
    interval: int | None = None
    once: bool = False
    grace: float = 25.0
    lock_timeout: float = 0.0


@dataclass
class Turn:
    """An app's clock: when its next cycle is due, how far apart they are, whether it begins whatever the record says.

    `unkept` is what the last cycle has told although nothing could be kept.
    """

    due: str
    interval: int
    forced: bool = False
    child: Child | None = None
    unkept: Telling | None = None

    def order(self, name: str, at: str, settings: Settings, pulled: Sighting | None) -> Order:
        """For the cycle of the app `name` that begins now; the next one is due an interval later."""
        id = f"{at.replace('-', '').replace(':', '')}-{name}-{secrets.token_hex(3)}"
        order = Order(id, self.forced or settings.once, settings.interval, pulled, self.unkept)
        self.due, self.forced = later(at, self.interval), False
        return order

    def is_due(self, now: str) -> bool:
        """Also where the clock was ahead when that was set."""
        return self.due <= now or is_ahead(self.due, self.interval, now)
