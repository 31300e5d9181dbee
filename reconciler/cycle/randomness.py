"""The clock and the dice from which an apply makes generated values."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime


class SystemChance:
    """The machine's clock, and numbers that nobody can foresee."""

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    def below(self, limit: int) -> int:
        return secrets.randbelow(limit)
