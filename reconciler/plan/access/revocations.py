"""Records of revocations in, who was revoked at a time, since when and why out. Pure."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple


class Revoked(NamedTuple):
    """That somebody was revoked: when (UTC), and why."""

    at: str
    reason: str


class Revocations:
    def __init__(self) -> None:
        self._told: dict[str, list[tuple[str, Revoked | None]]] = defaultdict(list)

    def revoke(self, account: str, at: str, reason: str) -> None:
        """Of an account, by its key."""
        self._told[account].append((at, Revoked(at, reason)))

    def lift(self, account: str, at: str) -> None:
        """The declaration agrees with it since, or it was taken back."""
        self._told[account].append((at, None))

    def at(self, account: str, at: str) -> Revoked | None:
        """The revocation that stood at a time."""
        return next((found for when, found in reversed(self._told.get(account, ())) if when <= at), None)
