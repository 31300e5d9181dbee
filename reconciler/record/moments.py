"""Moments as records, locks and outboxes write them: `2026-06-01T08:00:00Z`, UTC, to the second. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

FORM = "%Y-%m-%dT%H:%M:%SZ"


def moment_of(text: str) -> datetime:
    """Raises ValueError."""
    return datetime.strptime(text, FORM).replace(tzinfo=UTC)


def moved(text: str, seconds: int) -> str:
    """A moment so many seconds later. Raises ValueError."""
    return (moment_of(text) + timedelta(seconds=seconds)).strftime(FORM)
