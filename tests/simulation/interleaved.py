"""Steps side by side as a seed has it: one thread goes on at a time, and at each request and line on disk the dice say which."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from types import SimpleNamespace
from typing import Any
from unittest import mock

from reconciler.apply import execute, side_by_side
from reconciler.apply.pace import Baton, Pace
from tests.simulation.laws import expect

MOST = 4  # steps under way


class Turn:
    """A condition and its lock. A thread that waits holds a semaphore that nobody else has; `ready` are those that may go on."""

    def __init__(self, luck: Random) -> None:
        self.luck = luck
        self.ready: list[threading.Semaphore] = []
        self.waiting: list[threading.Semaphore] = []
        self.is_held = False
        self.came = threading.Semaphore(0)

    def acquire(self) -> None:
        if self.is_held:
            self.came.release()
            self._stay(self.ready)
        self.is_held = True

    def release(self) -> None:
        self.is_held = bool(self.ready)
        if self.ready:
            self.ready.pop(self.luck.randrange(len(self.ready))).release()

    def aside(self) -> None:
        """Whoever is chosen goes on, which may be the one that asks."""
        self._stay(self.ready, self.release)

    def wait(self) -> None:
        expect(bool(self.ready), "all steps wait for one another")
        self._stay(self.waiting, self.release)

    def wait_for(self, holds: Callable[[], bool]) -> None:
        while not holds():
            self.wait()

    def notify_all(self) -> None:
        self.ready += self.waiting
        self.waiting.clear()

    def _stay(self, among: list[threading.Semaphore], then: Callable[[], None] = lambda: None) -> None:
        me = threading.Semaphore(0)
        among.append(me)
        then()
        me.acquire()


class SeededBaton(Baton):
    """A request is sent, and its answer heard, when the dice say so."""

    turn: Any

    def __init__(self, luck: Random) -> None:
        self._turn = Turn(luck)
        super().__init__()

    def condition(self) -> Any:
        """One for all: whoever is woken for nothing waits on."""
        return self._turn

    @contextmanager
    def laid_down(self) -> Iterator[None]:
        if not getattr(self._local, "takes_part", False):
            yield
            return
        self.turn.aside()
        try:
            yield
        finally:
            self.turn.aside()


@contextmanager
def interleaved(luck: Random, most: int) -> Iterator[None]:
    """While applies in this block have so many steps under way."""
    batons: list[SeededBaton] = []

    def baton() -> SeededBaton:
        batons.append(SeededBaton(luck))
        return batons[-1]

    class Thread(threading.Thread):
        """They come in the order in which they were started."""

        def start(self) -> None:
            super().start()
            batons[-1].turn.came.acquire()

    with (
        mock.patch.object(execute, "Baton", baton),
        mock.patch.object(execute, "Pace", lambda _: Pace(most)),
        mock.patch.object(side_by_side, "threading", SimpleNamespace(Thread=Thread)),
    ):
        yield
