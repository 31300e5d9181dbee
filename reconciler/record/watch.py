"""For how long this machine has seen a locked ref unchanged, by its own clock; kept on disk, so that a later run counts on.

A renewal, and whatever else a holder pushes, is a new commit; none ever comes back. So a ref that shows the same commit at two
looks did not change between them, and how far apart these were is a matter of one clock.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from reconciler.record.git.ref import Ref

FILE = "seen.json"
BOOT = ("/proc/sys/kernel/random/boot_id", "/proc/self/ns/time")  # between which the clock goes on


class Watch:
    """`elapsed` answers the seconds of a clock that goes on from one process to the next until the machine is started again."""

    def __init__(self, ref: Ref, elapsed: Callable[[], float]) -> None:
        self.ref, self.elapsed = ref, elapsed
        self.head: str | None = None
        self.since = 0.0

    def seconds(self) -> float:
        """For how long the head that we know has been seen, locked."""
        return self.elapsed() - self.since if self.head is not None and self.head == self.ref.head else 0.0

    def note(self, head: str | None) -> None:
        """What the remote shows has just been looked at: this head, if it is locked, else None."""
        now = self.elapsed()
        if head is not None and head != self.head:
            self.since = self._kept(head, now)
        self.head = head

    def _kept(self, head: str, now: float) -> float:
        """When this head was first seen here; from now on, if nobody noted it. That this cannot be kept is no matter."""
        file, boot = self.ref.folder / FILE, _boot()
        kept = _read(file)
        at = kept.get("at")
        if boot and kept.get("head") == head and kept.get("boot") == boot and isinstance(at, float) and at <= now:
            return at
        with suppress(OSError):
            waiting = file.with_name(f"{FILE}.{os.getpid()}")
            with open(os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as target:
                target.write(orjson.dumps({"head": head, "boot": boot, "at": now}))
            os.replace(waiting, file)
        return now


def _read(file: Path) -> dict[str, Any]:
    try:
        data = orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return data if isinstance(data, dict) else {}


def _boot() -> str:
    """This start of this machine; empty where nobody can tell, and then no process takes another's word."""
    try:
        return f"{Path(BOOT[0]).read_text(encoding='ascii').strip()} {os.readlink(BOOT[1]) if os.path.lexists(BOOT[1]) else ''}"
    except OSError:
        return ""
