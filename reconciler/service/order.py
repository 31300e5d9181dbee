"""What a cycle is asked for and handed, and that there is none: nouns. No I/O."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import NamedTuple

from reconciler.apply.model import Outcome
from reconciler.cycle.listener import Listener
from reconciler.notify.message import Delivery, Message
from reconciler.notify.outbox import Telling
from reconciler.notify.target import CHANNELS
from reconciler.plan.change import Cause
from reconciler.record.service import Sighting
from reconciler.resolve.expressions.functions import Chance
from reconciler.service.result import Standing

COMMAND = "reconcile run"


class Means(NamedTuple):
    """What a cycle is handed: who hears of it, the clock, the dice; `lock_timeout` is in seconds.

    `orderly` is entered while something is written and kept, and yields what tells whether to stop; `loaded` hears that the
    files of the checkout are not needed any more: they may change; `stands` how the app stood before. `held` is handed what was
    read, for a process that ends with its cycle: to take that apart is a tenth of what there is to compute where nothing is to
    be done. `sends` tries a message that no outbox can hold, and returns None where nothing goes through its channel.
    """

    listener: Listener
    clock: Callable[[], str]
    chance: Chance
    orderly: Callable[[], AbstractContextManager[Callable[[], bool]]]
    tell: Callable[[Outcome], None] = lambda outcome: None
    lock_timeout: float = 0.0
    loaded: Callable[[], None] = lambda: None
    stands: Callable[[Standing], None] = lambda standing: None
    held: Callable[[object], None] = lambda session: None
    sends: Callable[[Message], Delivery | None] = lambda message: None


class Order(NamedTuple):
    """Which cycle is asked for; `interval` are seconds, where --interval says so; forced is one that the clock does not bid
    (an app that is off until `restart` has none even so); `urgent` is one that looks at what was merged and at nothing else that
    can wait; of a cycle that is for some `causes` alone, what has another one is left to its own review;
    `merged` is the commit that the checkout must be at, as it is there, empty where any will do, None where nobody has to merge;
    `pulled` is what came from the remote last, `unkept` what the cycle before has told although nothing could be kept;
    people are told through `channels` alone; one that `asks_first` does not begin where another machine had a newer commit;
    of one that is made `again` after an outage, what that let fail is due.
    """

    cycle_id: str
    forced: bool = False
    interval: int | None = None
    pulled: Sighting | None = None
    unkept: Telling | None = None
    urgent: bool = False
    causes: tuple[str, ...] = ()
    merged: str | None = None
    channels: tuple[str, ...] = CHANNELS
    asks_first: bool = False
    again: bool = False

    @property
    def in_review(self) -> bool:
        """Whether it leaves what is declared anew to its own review."""
        return bool(self.causes) and Cause.CONFIG not in self.causes


class Postponed(NamedTuple):
    """There was no cycle: when it would have begun; when the next may, empty once the app is off until `restart`; why; and
    whether all is well. Moments are UTC.
    """

    app: str
    at: str
    next: str
    why: str
    is_well: bool = True
