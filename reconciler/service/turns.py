"""How the running service was told to run, and each app's clock: nouns. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reconciler.service.child import Child


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
