"""The machine's clock, as text in UTC. Reads it."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """The moment, UTC, as YYYY-MM-DDTHH:MM:SSZ."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def today() -> str:
    """The date, UTC, against which assignments expire."""
    return datetime.now(UTC).date().isoformat()
