"""Warnings in, their words out: most tests are about what is said, and tests/references about the codes."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.declare.warned import Warned


def texts(found: Iterable[Warned]) -> tuple[str, ...]:
    """What each says, without its code."""
    return tuple(item.text for item in found)
