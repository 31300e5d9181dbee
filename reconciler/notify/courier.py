"""A thread that delivers what waits in outboxes when it is due, and tells what became of it. Speaks SMTP and HTTP."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from reconciler.notify.deliver import Delivery, Means, deliver
from reconciler.notify.outbox import Message, Outbox
from reconciler.record.moments import FORM, moment_of
from reconciler.record.store import RecordError

SOONEST, LATEST = 1.0, 60.0  # seconds between two looks: somebody may set the clock, and another process may put something in


class Courier:
    """`tell` hears of each try, `says` of an outbox that cannot be used; both are called from the thread."""

    def __init__(self, means: Means, tell: Callable[[Delivery], None], says: Callable[[str], None]) -> None:
        self._means = means._replace(stopped=lambda: self._stopped)
        self._tell, self._says = tell, says
        self._folders: dict[Path, None] = {}
        self._stopped = self._closing = False
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
        self._thread.start()

    def look(self, folder: Path) -> None:
        """There may be something in this outbox, now or later."""
        self._folders = {**self._folders, folder: None}
        self._wake.set()

    def close(self, seconds: float) -> list[Message]:
        """Deliver what is due yet, for so long; what was left is returned, and waits for the next run."""
        self._closing = True
        self._wake.set()
        self._thread.join(seconds)
        self._stopped = True
        at = self._means.clock().strftime(FORM)
        return [message for folder in self._folders for message in Outbox(folder).due(at)]

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
            deliver(outbox, self._means, self._tell)
        except RecordError as error:
            self._says(f"{error}; {error.remedy}")
            return LATEST
        due = outbox.next()
        return min((moment_of(due) - self._means.clock()).total_seconds(), LATEST) if due else LATEST
