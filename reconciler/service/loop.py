"""The running service: each app's clock, its cycles in processes of their own, the remote's head, and an end in order.

Starts processes, waits, and says what happens; what a cycle does is in service/cycle.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from reconciler import __version__
from reconciler.cycle.clock import now
from reconciler.record.service import Sighting
from reconciler.service import worker
from reconciler.service.bell import Bell
from reconciler.service.child import Child
from reconciler.service.ends import Behind, Died, End, Held, Removed, Seen, Stopped, Survey, seen_of, told
from reconciler.service.events import Event, Level
from reconciler.service.follow import Follow
from reconciler.service.observer import Observer
from reconciler.service.order import Postponed
from reconciler.service.own_troubles import OwnTroubles
from reconciler.service.pull import Pulled, touched
from reconciler.service.result import CycleResult, Standing
from reconciler.service.surveys import Surveys
from reconciler.service.systemd import READY, STOPPING, WATCHDOG, Systemd
from reconciler.service.turns import Settings, Turn, clocks_of

LONGEST = 60.0  # seconds without a look at the clock, which somebody may set


@dataclass
class Loop:
    """`ends` are what the last cycles of the apps came to; `beat` is when it last turned, by a clock that nobody sets."""

    settings: Settings
    say: Callable[[Event], None]
    observer: Observer = field(default_factory=Observer)
    follow: Follow = field(default_factory=Follow)
    ends: dict[str, End] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.turns: dict[str, Turn] = {}
        self.systemd = Systemd()
        self.stopping = False
        self.surveys = Surveys(self.settings.desired)
        self.looks: Child | None = None
        self.seen: Seen | None = None  # at the remote, and not taken yet
        self.pulled: Sighting | None = None  # what came from there last
        self.troubles = OwnTroubles(self.follow, self.say, self.observer)
        self.bell = Bell()
        self.beat = time.monotonic()

    # From beginning to end

    def run(self) -> None:
        """After `survey`: until somebody stops it; with `once` until each app had its cycle."""
        with self.bell.hears_signals(self._end):
            self.systemd.tell(READY)
            if not self.settings.once:  # whoever asked for one cycle knows what of
                self._tell("started", f"reconcile {__version__}: a cycle of {clocks_of(self.turns)}")
            while not self.stopping and not self._is_done():
                self._pull()
                self._look_around()
                self._begin()
                self._wait(self._patience())
            self._stop()

    def survey(self) -> Survey | None:
        """What is declared, looked at by a process of its own before the first cycle; None where that died.

        Where no cycle could begin, what would repair that may be merged already: so the remote is looked at before that is said.
        """
        survey = self.surveys.first()
        if (survey is None or survey.is_wrong) and self.follow.follows:
            pulled = self.troubles.take(survey.apps if survey else (), seen_of(self.follow.look().heard()), now())
            self.follow.forget()
            survey = survey if pulled is None else self.surveys.first()
        self._surveyed(survey)
        return survey

    def _look_around(self) -> None:
        """Without a pull, after which that is done: whether there are other files of apps than before."""
        if not self.follow.follows and not self.settings.once:
            self.surveys.compare()

    def _is_done(self) -> bool:
        return self.settings.once and self.surveys.child is None and all(name in self.ends for name in self.turns)

    # Clocks

    def _begin(self) -> None:
        """Start the cycles that are due; none of a checkout that holds what nobody has merged."""
        at = now()
        for name, turn in self.turns.items() if self._may_begin() else ():
            if turn.child is None and turn.is_due(at) and not (self.settings.once and name in self.ends):
                order = turn.order(name, at, self.settings, self.pulled, self.follow.merged)
                turn.child = Child(worker.cycle, self.settings.desired, name, order, self.settings.lock_timeout)

    def _may_begin(self) -> bool:
        """Whether the checkout is as merged, and stays as it is."""
        return not (self.follow.holds or self.follow.is_new or self.seen is not None)

    def _patience(self) -> float:
        """Seconds until something is due."""
        at, waits = now(), [LONGEST, self.systemd.every or LONGEST]
        waits += [turn.wait(at) for turn in self.turns.values() if turn.child is None and self._may_begin()]
        if self.follow.follows and self.looks is None and self.seen is None:
            waits.append(self.follow.wait(at))
        return max(min(waits), 0.0)

    # What comes in

    def _wait(self, seconds: float) -> None:
        children = {child.pipe: (name, child) for name, child in self._children()}
        for ready in self.bell.wait(children, seconds):
            self._hear(*children[ready])
        self.systemd.tell(WATCHDOG)
        self.beat = time.monotonic()

    def _children(self) -> Iterator[tuple[str, Child]]:
        """By the names of their apps; of those that are about all it is empty."""
        found = [("", self.surveys.child), ("", self.looks), *((name, turn.child) for name, turn in self.turns.items())]
        yield from [(name, child) for name, child in found if child is not None]

    def _hear(self, name: str, child: Child) -> None:
        for said in child.hear():
            self.say(said) if isinstance(said, Event) else self._stands(name, said)
        if not child.is_over:
            return
        if child is self.surveys.child:
            self.surveys.over()
            self._surveyed(child.end)
        elif child is self.looks:
            self.looks = None
            self.seen = seen_of(child.end)
        else:
            self.turns[name].child = None
            self._ended(name, child.end)

    def _stands(self, name: str, standing: Standing) -> None:
        """How an app stands by its record, which also says what app.yaml says of its interval now."""
        turn = self.turns[name]
        turn.stands(bool(standing.last_success), standing.interval)
        self.observer.stands(standing)

    def _surveyed(self, end: End | None) -> None:
        """Apps come and go; what is wrong with the declarations is each app's cycle's to say."""
        if not isinstance(end, Survey) or end.is_wrong:
            return
        self.troubles.knows(end.near)
        wanted = {name: every for name, every in end.apps.items() if not self.settings.apps or name in self.settings.apps}
        for name, every in wanted.items():
            interval = self.settings.interval or every
            self.turns.setdefault(name, Turn(now(), interval)).interval = interval
        for name in self.turns.keys() - wanted.keys():
            self.turns[name].urgent = True  # its last one, which tells people that what was wrong with it is over

    def _ended(self, name: str, end: End | None) -> None:
        """A process that was only just beginning knows of no order to stop, and says nothing."""
        turn, end = self.turns[name], end or (Stopped(name) if self.stopping else Died(name))
        for event in told(name, end, now()):
            self.say(event)
        if turn.ended(end, now(), self.stopping):
            self.ends[name] = end
        if turn.again:
            self._tell("again", f"what was merged is tried again at {turn.again}", name)
        match end:
            case CycleResult():
                self.observer.result(end)
                self.troubles.ended(end, self.turns, now())
            case Postponed():
                self.troubles.read(end.at, self.turns, now())
            case Held() | Behind():
                self.follow.forget()
            case Removed():
                for folder in end.outboxes:
                    self.observer.outbox(folder)
                del self.turns[name], self.ends[name]
                self.observer.gone(name)

    # The remote

    def _pull(self) -> None:
        """The remote is asked beside all else; what was seen there is taken once nobody reads the checkout."""
        if self.seen is not None and not self._is_read():
            seen, self.seen = self.seen, None
            self._take(seen)
        elif self.follow.follows and self.looks is None and self.seen is None and self.follow.wait(now()) <= 0:
            self.looks = self.follow.look()

    def _take(self, seen: Seen) -> None:
        pulled = self.troubles.take(self.turns, seen, now())
        if pulled is not None:
            self._pulled(pulled)
        if not self.follow.holds:
            self.surveys.compare()
        if self.settings.once and self.follow.holds:
            for name in self.turns.keys() - self.ends.keys():
                self._ended(name, Held(name))

    def _pulled(self, pulled: Pulled) -> None:
        """The apps that it touches have a cycle at once: one that is under way ends as if it were told to stop.

        Whoever is to be put out does not wait for a long read, nor for the writes that are left to a cycle of many.
        """
        self.pulled = Sighting(commit=pulled.commit, at=now())
        apps = touched(pulled.files, self.follow.folder, self.turns)
        for name in apps if not self.settings.once else ():
            if self.turns[name].merged():
                self._tell("cutOff", "the cycle ends early, for what was merged: the one after that does what it has left", name)
        self.surveys.look()

    def _is_read(self) -> bool:
        """Whether somebody is reading the checkout now: half of it from one commit and half from the next would be neither."""
        return any(not child.has_loaded for _, child in self._children() if child is not self.looks)

    # The end

    def stop(self) -> None:
        """End in order, as a signal would have it; from any thread."""
        self.stopping = True
        self.bell.ring()

    def _end(self) -> None:
        """Told to: the first time ends the service in order, the second at once."""
        if self.stopping:
            raise KeyboardInterrupt
        self.stopping = True

    def _stop(self) -> None:
        """No new write; those under way end, and what was done is in the record, within `grace`."""
        self.systemd.tell(STOPPING)
        children = list(self._children())
        for _, child in children:
            child.stop()
        if any(child is not self.looks for _, child in children):
            self._tell("stopping", f"waiting up to {self.settings.grace:.0f} s for what is being written")
        until = time.monotonic() + self.settings.grace
        while children and (left := until - time.monotonic()) > 0:
            self._wait(left)
            children = list(self._children())
        for name, child in children:
            child.kill()
            self._tell("killed", "not ended in time: the next cycle continues from its journal", name, "warning")
        if self.stopping:
            self._tell("ended", "the service has stopped")

    def _tell(self, kind: str, words: str, app: str = "", level: Level = "info") -> None:
        self.say(Event(now(), kind, words, app, "", level))
