"""Who may do what at a time among the steps of a run: who holds the baton, and how many are under way. Threads, but no I/O."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

ENOUGH = 2  # changes that a service bears alone, and not beside others: from then on they go one at a time
IN_VAIN = 3  # changes that fared no better alone: what the service says of them is no word on their number
ONE_AT_A_TIME = (
    "the service took changes alone that it refused (409) or lost beside others, so fewer went at a time; to send them one by "
    "one from the start, write `rate: {concurrency: 1}` in the profile"
)


class Baton:
    """Whoever holds it may change what the run knows; a step lays it down while its request is under way.

    So the steps of a run take turns at everything but waiting for the service and the disk. `turn` is notified of steps that
    have ended; what else a thread may wait for has a condition of its own, so that nobody is woken for nothing.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.turn = self.condition()
        self._local = threading.local()

    def condition(self) -> threading.Condition:
        """To wait on for a thread that holds the baton, which others may hold meanwhile."""
        return threading.Condition(self._lock)

    @contextmanager
    def held(self) -> Iterator[None]:
        """For a thread that takes part in the run. Whoever is interrupted keeps it: nothing may move under what is saved then."""
        self.turn.acquire()
        self._local.takes_part = True
        try:
            yield
        except KeyboardInterrupt:
            raise
        except BaseException:
            self._lay_down()
            raise
        self._lay_down()

    def _lay_down(self) -> None:
        self._local.takes_part = False
        self.turn.release()

    @contextmanager
    def laid_down(self) -> Iterator[None]:
        """While the service or the disk is waited for; nothing happens for a thread that takes no part in the run."""
        if not getattr(self._local, "takes_part", False):
            yield
            return
        self.turn.release()
        try:
            yield
        finally:
            self.turn.acquire()


class Pace:
    """How many steps may be under way: `most`, fewer for a while after the service has refused requests for their number.

    `busy` are under way. For threads that hold the baton.
    """

    def __init__(self, most: int) -> None:
        self.most, self.allowed, self._refused = most, most, 0
        self.busy, self.collisions, self._in_vain = 0, 0, 0
        self._have_met = False  # whether two were ever under way together
        self._alone: list[object] = []  # steps that wait until nothing else is under way

    def heard(self, refused: int) -> None:
        """After each step: `refused` is the number of requests that the service has turned away until now."""
        if refused > self._refused:
            self._refused, self.allowed = refused, max(1, self.allowed // 2)
        elif self.allowed < self.most:
            self.allowed += 1

    def begin(self) -> None:
        self.busy += 1
        self._have_met = self._have_met or self.busy > 1

    def may_begin(self) -> bool:
        """Whether one more step may be under way."""
        return not self._alone and self.busy < self.allowed

    def may_collide(self) -> bool:
        """Whether what a step came to may come of those beside it, so that it is worth a try alone."""
        return self._have_met and self.allowed > 1 and self._in_vain < IN_VAIN

    @contextmanager
    def alone(self, baton: Baton) -> Iterator[Callable[[], None]]:
        """For a step under way: nothing else is inside of the block. Yields what is called where it has gone well there."""
        me, well = object(), list[bool]()
        self._alone.append(me)
        baton.turn.notify_all()
        baton.turn.wait_for(lambda: self._alone[0] is me and self.busy == len(self._alone))
        try:
            yield lambda: well.append(True)
        finally:
            self._alone.remove(me)
            self._narrow(bool(well))
            baton.turn.notify_all()

    def _narrow(self, well: bool) -> None:
        if not well:
            self._in_vain += 1
            return
        self.collisions, self.allowed = self.collisions + 1, 1
        if self.collisions >= ENOUGH:
            self.most = 1
