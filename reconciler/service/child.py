"""A cycle, or a look, in a process of its own, as whoever began it sees it: messages and an end. Starts processes."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Any

from reconciler.service.ends import End, Loaded
from reconciler.service.events import Event
from reconciler.service.result import Standing
from reconciler.service.stop import SIGNALS

CONTEXT = multiprocessing.get_context("spawn")  # of nothing that we hold: neither memory, nor threads, nor locks


@contextmanager
def _signals_held_back() -> Iterator[None]:
    """A terminal interrupts all of its processes: one that is only just beginning hears of it once it can end in order.

    Python's own tracker of resources, begun with the first process, would let the signals through: so it is begun before.
    """
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Child:
    """`pipe` is ready to be read when there is something to hear; `end` is what the process said last.

    `has_loaded`: it does not need the files of the checkout any more.
    """

    def __init__(self, work: Callable[..., None], *arguments: Any) -> None:
        self.pipe, theirs = CONTEXT.Pipe(duplex=False)
        lifeline, self._lifeline = CONTEXT.Pipe(duplex=False)
        self.end: End | None = None
        self.has_loaded = False
        self._process = CONTEXT.Process(target=work, args=(theirs, lifeline, *arguments))
        with _signals_held_back():
            self._process.start()
        theirs.close()
        lifeline.close()

    def hear(self) -> Iterator[Event | Standing]:
        """What it has said by now; once it has ended, `is_over`."""
        try:
            while self.pipe.poll():
                said = self.pipe.recv()
                if isinstance(said, (Event, Standing)):
                    yield said
                elif isinstance(said, Loaded):
                    self.has_loaded = True
                else:
                    self.end = said
        except (EOFError, OSError):
            self._close()

    def heard(self) -> End | None:
        """Wait for its end; whoever is told to wait no longer ends it."""
        try:
            while not self.is_over:
                self.pipe.poll(None)
                list(self.hear())
        except KeyboardInterrupt:
            self.kill()
            raise
        return self.end

    @property
    def is_over(self) -> bool:
        return self.pipe.closed

    def _close(self) -> None:
        self._process.join()
        self.pipe.close()
        self._lifeline.close()

    def stop(self) -> None:
        """Let it end: no new write."""
        if self._process.is_alive():
            self._process.terminate()

    def kill(self) -> None:
        """Its journal says what was under way."""
        if self._process.is_alive():
            self._process.kill()
        self._close()
