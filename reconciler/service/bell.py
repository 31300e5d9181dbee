"""Wakes whoever waits for processes: their pipes and seconds in, the pipes with something to say out. Opens a pair of sockets."""

from __future__ import annotations

import socket
import weakref
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, suppress
from multiprocessing.connection import Connection, wait

from reconciler.service.signals import heard


class Bell:
    """Rung by a signal, or by another thread. Its sockets close with it, also where whoever holds it never waits."""

    def __init__(self) -> None:
        self._rung, self._ringer = socket.socketpair()
        for end in (self._rung, self._ringer):
            end.setblocking(False)
            weakref.finalize(self, end.close)

    def ring(self) -> None:
        with suppress(OSError):
            self._ringer.send(b"\0")

    def hears_signals(self, end: Callable[[], None]) -> AbstractContextManager[None]:
        """Meanwhile each signal that asks for an end rings, and `end` is called."""
        return heard(self._ringer, end)

    def wait(self, pipes: Iterable[Connection], seconds: float) -> list[Connection]:
        """Those that are ready, after so long at most; none of them where it was only rung."""
        ready = wait([self._rung, *pipes], seconds)
        with suppress(BlockingIOError):
            self._rung.recv(64)
        return [pipe for pipe in ready if isinstance(pipe, Connection)]
