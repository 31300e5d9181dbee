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
from reconciler.service.ends import Behind, Busy, End, Held, Stopped
from reconciler.service.failures import met_outage
from reconciler.service.order import Order, Postponed
from reconciler.service.result import CycleResult

MOST_CUT_OFF, MOST_NAMED = 5, 5
BUSY = 60  # seconds until an app is tried again that another run holds
# Seconds after each try of what was merged and met an outage: the five minutes within which a leaver is to be out.
SOON = (15, 30, *[60] * 4)


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
    has_asked:  the remote was asked for a newer commit, which another machine had: the next one goes on with what there is
    again:      when one for what was merged is tried again, which met an outage; empty where there is none
    tries:      how many such tries there were since the merge
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
    has_asked: bool = False
    again: str = ""
    tries: int = 0

    def order(self, name: str, at: str, settings: Settings, pulled: Sighting | None, merged: str | None = None) -> Order:
        """For the cycle of the app `name` that begins now; but for an urgent one, the next is due an interval later."""
        id = f"{at.replace('-', '').replace(':', '')}-{name}-{secrets.token_hex(3)}"
        is_again, self.tries = bool(self.tries), 0 if self.urgent else self.tries
        self.hurries, self.urgent, self.again = self.urgent or bool(self.again), False, ""
        if not self.hurries:
            self.due = later(at, self.interval)
        forced = self.hurries or (settings.once and not settings.if_due)
        means = pulled, self.unkept, self.hurries, settings.causes, merged, settings.channels
        asks = merged is not None and not settings.once and not self.has_asked
        return Order(id, forced, settings.interval, *means, asks, is_again)

    def stands(self, is_known: bool, interval: int) -> None:
        """By the record, which also says what app.yaml says of its interval now."""
        self.is_known = is_known
        self.due, self.interval = later(self.due, interval - self.interval), interval

    def merged(self) -> bool:
        """A cycle for what was merged is next; whether the one that is under way ends early for it."""
        self.urgent, may = True, self.may_be_cut_off
        if may and self.child is not None:
            self.child.stop()
            self.ends_early = True
        return may

    def ended(self, end: End, now: str, is_last: bool) -> bool:
        """When the next one begins, by how this one ended; whether people need to know of this end: not where it goes on at once.

        `is_last` where no cycle follows. What one that ended for a merge has left is due.
        """
        early, self.has_asked = self.ends_early and not is_last, isinstance(end, Behind)
        if early:
            self.ends_early, self.due = False, now
            self.cut_off = self.cut_off + 1 if isinstance(end, Stopped) else 0
        match end:
            case CycleResult():
                self.unkept = end.unkept.telling if end.unkept else None
                self.cut_off = self.cut_off if self.hurries else 0
                self._soon(end, now)
            case Postponed():
                self.due = min(self.due, end.next or self.due)
            case Busy():
                self.due = min(self.due, later(now, BUSY))
            case Held() | Behind():
                self.due, self.urgent = now, self.hurries
        return not (self.has_asked or (early and isinstance(end, Stopped)))

    def _soon(self, end: CycleResult, now: str) -> None:
        """What was merged and met an outage is tried again soon, a few times; then by the app's clock."""
        is_soon = self.hurries and met_outage(end) and self.tries < len(SOON)
        self.again = later(now, SOON[self.tries]) if is_soon else ""
        self.tries = self.tries + 1 if is_soon else 0

    def wait(self, now: str) -> float:
        """Seconds until the next cycle may begin."""
        return 0.0 if self.urgent else between(now, min(self.again or self.due, self.due))

    @property
    def may_be_cut_off(self) -> bool:
        """Whether a cycle is under way that ends for a merge. One that was ended so often in a row goes on to its end."""
        is_told = self.hurries or self.ends_early
        return self.child is not None and self.is_known and not is_told and self.cut_off < MOST_CUT_OFF

    def is_due(self, now: str) -> bool:
        """Also where the clock was ahead when that was set."""
        is_again = bool(self.again) and (self.again <= now or is_ahead(self.again, max(SOON), now))
        return self.urgent or is_again or self.due <= now or is_ahead(self.due, self.interval, now)


def clocks_of(turns: Mapping[str, Turn]) -> str:
    """How often which app has a cycle, in words; five of them are named."""
    apps = [f"{name} every {spelled(turn.interval)}" for name, turn in sorted(turns.items())]
    more = f" and {plural(len(apps) - MOST_NAMED, 'app')} more" if len(apps) > MOST_NAMED else ""
    return ", ".join(apps[:MOST_NAMED]) + more
