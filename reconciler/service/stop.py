"""Signals in a process that runs one cycle: before its first write they end it, while it writes they let the write end."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """`asked` once somebody wants an end."""

    def __init__(self) -> None:
        self.asked = self._writing = False

    def listen(self) -> None:
        """Take the signals of this process, also those that came while it was beginning: they raise KeyboardInterrupt here."""
        for number in SIGNALS:
            signal.signal(number, self._heard)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def _heard(self, number: int, frame: object) -> None:
        self.asked = True
        if not self._writing:
            raise KeyboardInterrupt

    @contextmanager
    def orderly(self) -> Iterator[Callable[[], bool]]:
        """While something is written and kept; yields what tells whether to stop."""
        self._writing = True
        try:
            yield lambda: self.asked
        finally:
            self._writing = False
