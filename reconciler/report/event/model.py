"""The noun of a notification: what is told of one app at one moment. No I/O."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Phase = Literal["began", "changed", "lasts", "ended", "test"]
MOST_NAMED = 5


@dataclass(frozen=True)
class Event:
    """One notification. Moments are UTC in ISO form; every text may hold text of YAML or of the service.

    app:      empty where one cause concerns several; display_name says then how many
    id:       the same however often it is sent, so that a receiver can drop a second one
    kind:     one of `TOLD`; reason is what of it, in one word or few, and before what it was until now, where it changed
    since:    when the cause began, cycle the id of the cycle that found it
    why:      in words; remedy says what to do, where that is known
    affected: addresses of up to five objects, of `total`
    commands: what to type next
    ended:    of a recovery: what has ended, each in words
    thread:   ids of earlier messages about the same
    """

    id: str
    app: str
    display_name: str
    kind: str
    phase: Phase
    reason: str
    at: str
    since: str
    cycle: str = ""
    before: str = ""
    why: str = ""
    remedy: str = ""
    affected: tuple[str, ...] = ()
    total: int = 0
    commands: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    thread: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Event:
        """The event that `as_json` wrote. Raises TypeError where it is none."""
        values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
        return cls(**values)
