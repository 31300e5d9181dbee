"""How the running service was told to run, and each app's clock: nouns. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reconciler.service.child import Child
from reconciler.service.clocks import is_ahead


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
    """An app's clock: when its next cycle is due, how far apart they are, whether it begins whatever the record says."""

    due: str
    interval: int
    forced: bool = False
    child: Child | None = None

    def is_due(self, now: str) -> bool:
        """Also where the clock was ahead when that was set."""
        return self.due <= now or is_ahead(self.due, self.interval, now)
