"""Locks of open files between the processes of one machine: whoever dies lets go of them (flock(2)). I/O."""

from __future__ import annotations

import fcntl
import time
from typing import Any

PATIENCE = 120.0  # seconds that another process of this checkout is waited for
STUCK = "see whether one of this checkout was stopped, or hangs, and end it; it goes on from there the next time"


def is_taken(file: Any) -> bool:
    """Whether the lock on a file, or on its descriptor, is ours now."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def is_taken_in_time(file: Any) -> bool:
    """The same, once nobody else has it; False where somebody holds it for longer than PATIENCE."""
    until = time.monotonic() + PATIENCE
    while not is_taken(file):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True
