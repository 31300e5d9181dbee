"""How much `make test` tries of what could be tried without end; `make simulate` tries ten times as many, and every case."""

from __future__ import annotations

import os

THOROUGH = bool(os.environ.get("THOROUGH"))


def examples(count: int) -> int:
    """How many examples a property is tried with."""
    return count * 10 if THOROUGH else count
