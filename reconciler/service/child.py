"""A cycle, or a look, in a process of its own, as whoever began it sees it: messages and an end. Starts processes."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from reconciler.service.ends import End, Loaded
from reconciler.service.events import Event
from reconciler.service.result import Standing

CONTEXT = multiprocessing.get_context("spawn")  # of nothing that we hold: neither memory, nor threads, nor locks


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """A terminal interrupts all of its processes: one that is only just beginning hears of it once it can end in order."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
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
        with _interrupts_held_back():
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
        """Wait for its end."""
        while not self.is_over:
            self.pipe.poll(None)
            list(self.hear())
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
