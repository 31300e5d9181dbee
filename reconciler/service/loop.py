"""The running service: each app's clock, its cycles in processes of their own, the remote's head, and an end in order.

Starts processes, waits, and says what happens; what a cycle does is in service/cycle.py.
"""

from __future__ import annotations

import secrets
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from pathlib import Path
from typing import Protocol

from reconciler.cycle.clock import now
from reconciler.record.store import RecordError
from reconciler.service import worker
from reconciler.service.child import Child
from reconciler.service.clocks import between, later
from reconciler.service.cycle import Order, Postponed
from reconciler.service.events import Event, Level, of_result
from reconciler.service.pull import Main, NotMerged, touched
from reconciler.service.result import CycleResult
from reconciler.service.systemd import READY, STOPPING, WATCHDOG, Systemd
from reconciler.service.worker import Busy, Stopped, Survey

SURVEY = ""  # where an app's name would stand
LONGEST = 60.0  # seconds without a look at the clock, which somebody may set
BUSY = 60  # seconds until an app is tried again that another run holds


class Hears(Protocol):
    """Whoever wants to know of cycles: metrics, for one."""

    def result(self, result: CycleResult) -> None: ...


@dataclass(frozen=True)
class Settings:
    """As `run` is told. Times are in seconds; no `apps` are all; `interval` None is each app's own."""

    desired: Path
    apps: tuple[str, ...] = ()
    interval: int | None = None
    once: bool = False
    poll: int | None = None
    grace: float = 25.0
    lock_timeout: float = 0.0


@dataclass
class _Turn:
    """An app's clock: when its next cycle is due, how far apart they are, whether it begins whatever the record says."""

    due: str
    interval: int
    forced: bool = False
    child: Child | None = None


@dataclass
class Loop:
    """`ends` are what the last cycles of the apps came to; `beat` is when it last turned, by a clock that nobody sets."""

    settings: Settings
    say: Callable[[Event], None]
    hears: tuple[Hears, ...] = ()
    ends: dict[str, worker.End] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.turns: dict[str, _Turn] = {}
        self.systemd = Systemd()
        self.stopping = False
        self.surveys: Child | None = None
        self.polled = self.unmerged = ""
        self.main: Main | None = None
        self.wake, self.waker = socket.socketpair()
        self.beat = time.monotonic()

    # From beginning to end

    def run(self) -> None:
        """After `survey`: until somebody stops it; with `once` until each app had its cycle."""
        with self._signals():
            self.systemd.tell(READY)
            while not self.stopping and not self._is_done():
                self._pull()
                self._begin()
                self._wait(self._patience())
            self._stop()

    def survey(self) -> Survey | None:
        """What is declared, looked at by a process of its own before the first cycle; None where that died."""
        end = Child(worker.survey, self.settings.desired).heard()
        self._surveyed(end)
        return end if isinstance(end, Survey) else None

    def _look(self) -> None:
        """See which apps there are now."""
        if self.surveys is None:
            self.surveys = Child(worker.survey, self.settings.desired)

    def _is_done(self) -> bool:
        return self.settings.once and self.surveys is None and all(name in self.ends for name in self.turns)

    # Clocks

    def _begin(self) -> None:
        """Start the cycles that are due; none of a checkout that holds what nobody has merged."""
        at = now()
        for name, turn in self.turns.items() if not self.unmerged else ():
            if turn.child is None and turn.due <= at and not (self.settings.once and name in self.ends):
                id = f"{at.replace('-', '').replace(':', '')}-{name}-{secrets.token_hex(3)}"
                order = Order(id, turn.forced or self.settings.once, self.settings.interval)
                turn.child = Child(worker.cycle, self.settings.desired, name, order, self.settings.lock_timeout)
                turn.due, turn.forced = later(at, turn.interval), False

    def _patience(self) -> float:
        """Seconds until something is due."""
        at, waits = now(), [LONGEST]
        waits += [between(at, turn.due) for turn in self.turns.values() if turn.child is None and not self.unmerged]
        if self.settings.poll is not None and self.polled and not self._is_read():
            waits.append(between(at, later(self.polled, self.settings.poll)))
        if self.systemd.every is not None:
            waits.append(self.systemd.every)
        return max(min(waits), 0.0)

    # What comes in

    def _wait(self, seconds: float) -> None:
        children = {child.pipe: (name, child) for name, child in self._children()}
        for ready in wait([self.wake, *children], seconds):
            if ready is self.wake:
                self.wake.recv(64)
            else:
                self._hear(*children[ready])  # type: ignore[index]
        self.systemd.tell(WATCHDOG)
        self.beat = time.monotonic()

    def _children(self) -> Iterator[tuple[str, Child]]:
        if self.surveys is not None:
            yield SURVEY, self.surveys
        yield from [(name, turn.child) for name, turn in self.turns.items() if turn.child is not None]

    def _hear(self, name: str, child: Child) -> None:
        for event in child.hear():
            self.say(event)
        if not child.is_over:
            return
        if name == SURVEY:
            self.surveys = None
            self._surveyed(child.end)
        else:
            self.turns[name].child = None
            self._ended(name, child.end)

    def _surveyed(self, end: worker.End | None) -> None:
        """Apps come and go; what is wrong with the declarations is each app's cycle's to say."""
        apps = end.apps if isinstance(end, Survey) else {}
        wanted = {name: every for name, every in apps.items() if not self.settings.apps or name in self.settings.apps}
        for name, every in wanted.items():
            interval = self.settings.interval or every
            turn = self.turns.setdefault(name, _Turn(now(), interval))
            turn.interval = interval
        for name in [name for name, turn in self.turns.items() if name not in wanted and turn.child is None]:
            del self.turns[name]

    def _ended(self, name: str, end: worker.End | None) -> None:
        turn = self.turns[name]
        match end:
            case CycleResult():
                for event in of_result(end):
                    self.say(event)
                for other in self.hears:
                    other.result(end)
            case Postponed():
                turn.due = min(turn.due, end.next) if end.next else turn.due
                self._tell("postponed", f"no cycle: {end.why}", name)
            case Busy():
                turn.due = min(turn.due, later(now(), BUSY))
                self._tell("locked", f"no cycle: {end.why}", name)
            case Stopped() | None if self.stopping:  # a process that was only just beginning knows of no order
                end = Stopped(name)
                self._tell("stopped", "the cycle was stopped before its first write", name)
            case _:
                end = Busy(name, "its process died")
                self._tell("crashed", "the process of the cycle died: the next one continues from its journal", name, "error")
        self.ends[name] = end

    # The remote

    def _pull(self) -> None:
        poll = self.settings.poll
        if poll is None or (self.polled and between(self.polled, now()) < poll) or self._is_read():
            return
        self.polled = now()
        try:
            self.main = self.main or Main(self.settings.desired)
            pulled, self.unmerged = self.main.pull(), ""
        except NotMerged as error:
            self.unmerged = str(error)
            if self.settings.once:
                self.ends |= {name: Busy(name, self.unmerged) for name in self.turns}
            self._tell("notPulled", f"no cycle begins: {error}; {error.remedy} [{error.code}]", level="error")
            return
        except RecordError as error:  # what was merged until now still holds
            self._tell("notPulled", f"{error}; {error.remedy}", level="error")
            return
        if pulled is not None:
            apps = touched(pulled.files, self.main.folder, self.turns)
            self._tell("pulled", f"now at {pulled.commit[:12]}, which touches {', '.join(apps) or 'no app'}")
            for name in apps:
                self.turns[name].due, self.turns[name].forced = now(), True
            self._look()

    def _is_read(self) -> bool:
        """Whether somebody is reading the checkout now: half of it from one commit and half from the next would be neither."""
        return any(not child.has_loaded for _, child in self._children())

    # The end

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """The first one ends the service in order, a second one at once."""

        def heard(number: int, frame: object) -> None:
            if self.stopping:
                raise KeyboardInterrupt
            self.stopping = True

        self.wake.setblocking(False)
        self.waker.setblocking(False)
        woken = signal.set_wakeup_fd(self.waker.fileno(), warn_on_full_buffer=False)
        before = {number: signal.signal(number, heard) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(woken)
            self.wake.close()
            self.waker.close()

    def _stop(self) -> None:
        """No new write; those under way end, and what was done is in the record, within `grace`."""
        self.systemd.tell(STOPPING)
        children = list(self._children())
        for _, child in children:
            child.stop()
        if children:
            self._tell("stopping", f"waiting up to {self.settings.grace:.0f} s for what is being written")
        until = later(now(), self.settings.grace)
        while children and (left := between(now(), until)) > 0:
            self._wait(left)
            children = list(self._children())
        for name, child in children:
            child.kill()
            self._tell("killed", "not ended in time: the next cycle continues from its journal", name, "warning")

    def _tell(self, kind: str, words: str, app: str = "", level: Level = "info") -> None:
        self.say(Event(now(), kind, words, app, "", level))
