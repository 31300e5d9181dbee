"""How the running service was told to run, and each app's clock: nouns. No I/O."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.declare.wording import plural
from reconciler.notify.outbox import Telling
from reconciler.notify.target import CHANNELS
from reconciler.record.service import Sighting
from reconciler.service.child import Child
from reconciler.service.clocks import between, is_ahead, later, spelled
from reconciler.service.order import Order

MOST_CUT_OFF, MOST_NAMED = 5, 5


@dataclass(frozen=True)
class Settings:
    """As `run` is told. Times are in seconds; no `apps` or `causes` are all; `interval` None is each app's own. With `once`
    each app has a cycle whenever its last one was, but for `if_due`. People are told through `channels` alone.
    """

    desired: Path
    apps: tuple[str, ...] = ()
    interval: int | None = None
    once: bool = False
    grace: float = 25.0
    lock_timeout: float = 0.0
    causes: tuple[str, ...] = ()
    if_due: bool = False
    channels: tuple[str, ...] = CHANNELS


@dataclass
class Turn:
    """An app's clock: when its next cycle is due, and how far apart they are; `child` is the process of one that is under way.

    unkept:     what the last cycle has told although nothing could be kept
    urgent:     something was merged that concerns it: a cycle for that begins at once, beside those of the clock
    hurries:    whether the cycle that is under way is such a one
    is_known:   whether a cycle has looked at all of it before, so that one for what was merged is short
    ends_early: whether the one that is under way was told to end for a merge
    cut_off:    how many in a row were ended for a merge before they had written anything
    """

    due: str
    interval: int
    child: Child | None = None
    unkept: Telling | None = None
    urgent: bool = False
    hurries: bool = False
    is_known: bool = False
    ends_early: bool = False
    cut_off: int = 0

    def order(self, name: str, at: str, settings: Settings, pulled: Sighting | None, merged: str | None = None) -> Order:
        """For the cycle of the app `name` that begins now; but for an urgent one, the next is due an interval later."""
        id = f"{at.replace('-', '').replace(':', '')}-{name}-{secrets.token_hex(3)}"
        self.hurries, self.urgent = self.urgent, False
        if not self.hurries:
            self.due = later(at, self.interval)
        forced = self.hurries or (settings.once and not settings.if_due)
        means = pulled, self.unkept, self.hurries, settings.causes, merged, settings.channels
        return Order(id, forced, settings.interval, *means)

    def ended_early(self, had_begun: bool, now: str) -> None:
        """The cycle has ended for a merge, and what it left is due; `had_begun` says whether it had come to its writes."""
        self.ends_early, self.due = False, now
        self.cut_off = 0 if had_begun else self.cut_off + 1

    def wait(self, now: str) -> float:
        """Seconds until the next cycle may begin."""
        return 0.0 if self.urgent else between(now, self.due)

    @property
    def may_be_cut_off(self) -> bool:
        """Whether a cycle is under way that ends for a merge. One that was ended so often in a row goes on to its end."""
        is_told = self.hurries or self.ends_early
        return self.child is not None and self.is_known and not is_told and self.cut_off < MOST_CUT_OFF

    def is_due(self, now: str) -> bool:
        """Also where the clock was ahead when that was set."""
        return self.urgent or self.due <= now or is_ahead(self.due, self.interval, now)


def clocks_of(turns: Mapping[str, Turn]) -> str:
    """How often which app has a cycle, in words; five of them are named."""
    apps = [f"{name} every {spelled(turn.interval)}" for name, turn in sorted(turns.items())]
    more = f" and {plural(len(apps) - MOST_NAMED, 'app')} more" if len(apps) > MOST_NAMED else ""
    return ", ".join(apps[:MOST_NAMED]) + more
