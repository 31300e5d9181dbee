"""One event on its way through one channel: what it is, when it is tried again, and what became of a try. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from reconciler.notify.target import Target
from reconciler.record.moments import FORM
from reconciler.report.event.model import Event

State = Literal["waiting", "delivered", "failed", "unwanted"]
# Seconds until the next try, as Standard Webhooks suggests: over three days, then it is given up.
DELAYS = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
JITTER = 0.2  # of a delay, so that not all come back at once
LONGEST = DELAYS[-1] * (1 + JITTER)


@dataclass(frozen=True)
class Message:
    """One event on its way through one channel. Moments are UTC; `error` is why the last try failed.

    waiting:  from `next` on it is tried; delivered: it arrived; failed: given up; unwanted: nobody wants it any more,
              or what it tells of has ended
    """

    event: Event
    channel: str
    target: Target
    created: str
    next: str
    state: State = "waiting"
    tries: int = 0
    error: str = ""

    @property
    def name(self) -> str:
        return f"{self.event.id}.{self.channel}.json"

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "event": self.event.as_json(), "target": self.target.as_json()}

    def failed(self, error: str, moment: datetime, after: float | None, chance: float) -> Message:
        """After a try that failed; `chance` is from 0 to 1, `after` what the receiver asks for, in seconds."""
        if self.tries >= len(DELAYS):
            return replace(self, state="failed", tries=self.tries + 1, error=error)
        delay = max(DELAYS[self.tries] * (1 + JITTER * chance), after or 0)
        return replace(self, tries=self.tries + 1, error=error, next=(moment + timedelta(seconds=delay)).strftime(FORM))


def messages_of(events: Iterable[Event], target: Target, at: str) -> list[Message]:
    """Each event for each channel of a target."""
    return [Message(event, channel, target, at, at) for event in events for channel in target.channels]


class Delivery(NamedTuple):
    """One try. `error` and `remedy` are empty where it arrived; `next` is when it is tried again, empty where it is not.

    `cycle` is the id of the cycle that is told of, empty where it is none.
    """

    app: str
    channel: str
    kind: str
    id: str
    error: str = ""
    remedy: str = ""
    next: str = ""
    code: str = ""
    cycle: str = ""

    @property
    def succeeded(self) -> bool:
        return not self.error
