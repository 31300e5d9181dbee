"""Signals of the service's own process, which wake whoever waits on a socket. Sets handlers."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

ENDING = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def heard(waker: socket.socket, end: Callable[[], None]) -> Iterator[None]:
    """Meanwhile `end` is called for each that asks for an end."""
    woken = signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
    before = {number: signal.signal(number, lambda number, frame: end()) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(woken)
