"""Threads that deliver what waits in outboxes when it is due, one a channel, and tell what became of it. Speaks SMTP and HTTP."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from reconciler.notify.deliver import Means, deliver
from reconciler.notify.message import Delivery, Message
from reconciler.notify.outbox import Outbox
from reconciler.notify.target import CHANNELS
from reconciler.record.moments import FORM, moment_of
from reconciler.record.store import RecordError

SOONEST, LATEST = 1.0, 60.0  # seconds between two looks: somebody may set the clock, and another process may put something in


class Courier:
    """A receiver that is slow holds up nobody who is told through another channel; what goes through none of `channels` waits.

    `tell` hears of each try, `says` of an outbox that cannot be used; both are called from the threads.
    """

    def __init__(
        self, means: Means, tell: Callable[[Delivery], None], says: Callable[[str], None], channels: Iterable[str] = CHANNELS
    ) -> None:
        self._lanes = {channel: _Lane(channel, means, tell, says) for channel in channels}

    def look(self, folder: Path) -> None:
        """There may be something in this outbox, now or later."""
        for lane in self._lanes.values():
            lane.look(folder)

    def close(self, seconds: float) -> list[Message]:
        """Deliver what is due yet, for so long; what was left is returned, and waits for the next run."""
        until = time.monotonic() + seconds
        for lane in self._lanes.values():
            lane.end()
        return [message for lane in self._lanes.values() for message in lane.left(until)]


class _Lane:
    """One channel's messages, one after the other."""

    def __init__(self, channel: str, means: Means, tell: Callable[[Delivery], None], says: Callable[[str], None]) -> None:
        self._channel, self._tell, self._says = channel, tell, says
        self._means = means._replace(stopped=lambda: self._stopped)
        self._folders: dict[Path, None] = {}
        self._stopped = self._closing = False
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"courier of {channel}", daemon=True)
        self._thread.start()

    def look(self, folder: Path) -> None:
        self._folders = {**self._folders, folder: None}
        self._wake.set()

    def end(self) -> None:
        self._closing = True
        self._wake.set()

    def left(self, until: float) -> list[Message]:
        """What is due yet at this moment of a clock that nobody sets; nothing more is begun then."""
        self._thread.join(max(until - time.monotonic(), 0.0))
        self._stopped = True
        at = self._means.clock().strftime(FORM)
        return [message for folder in self._folders for message in Outbox(folder).due(at, self._channel)]

    def _run(self) -> None:
        while not self._stopped:
            closing = self._closing
            self._wake.clear()
            pause = min([self._round(folder) for folder in self._folders], default=LATEST)
            if closing:
                return
            if not self._closing:
                self._wake.wait(max(pause, SOONEST))

    def _round(self, folder: Path) -> float:
        """Seconds until something is due there."""
        outbox = Outbox(folder)
        try:
            deliver(outbox, self._means, self._tell, (self._channel,))
        except RecordError as error:
            self._says(f"{error}; {error.remedy}")
            return LATEST
        due = outbox.next(self._channel)
        return min((moment_of(due) - self._means.clock()).total_seconds(), LATEST) if due else LATEST
