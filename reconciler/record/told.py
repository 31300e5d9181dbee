"""What the record holds of notifications: the causes that have been told, so that several machines tell each once. No I/O."""

from __future__ import annotations

from typing import TypedDict


class Cause(TypedDict):
    """One that was told and still lasts. Moments are UTC.

    kind, reason: with the app its key; since: when it began; told: when it was told last; id: of the first message about it
    """

    kind: str
    reason: str
    since: str
    told: str
    id: str


class Told(TypedDict, total=False):
    """All of it; `messages` is how many there were so far, from which the next one's id is made."""

    causes: list[Cause]
    messages: int
