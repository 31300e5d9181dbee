"""The lease of a lock: who we are, whether a holder is dead, a clock that nobody sets, and the thread that renews in time."""

from __future__ import annotations

import getpass
import hashlib
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reconciler.record.moments import FORM
from reconciler.record.store import LockInfo

RENEW_EVERY, LAPSES_AFTER = 120.0, 600.0  # seconds
MADE_UP = 1 << 40


def utc() -> datetime:
    return datetime.now(UTC)


def stamp(at: datetime) -> str:
    return at.strftime(FORM)


def mine(command: str, since: str, now: datetime, lapse: float) -> LockInfo:
    """A new lock of this process."""
    return LockInfo(
        uuid.uuid4().hex,
        user(),
        socket.gethostname(),
        os.getpid(),
        command,
        since,
        stamp(now + timedelta(seconds=lapse)),
        machine(),
        started(os.getpid()),
    )


def elapsed() -> float:
    """Seconds since some moment of this machine's own: nobody sets this clock, and it goes on while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def dead(lock: LockInfo) -> bool:
    """The holder was a process of this very machine, and is no more."""
    if lock.machine != machine():
        return False
    try:
        os.kill(lock.pid, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):  # not ours to ask, or a number that no process has: whoever wrote it, nobody can tell
        return False
    return lock.started != started(lock.pid)  # another process has got its number


def machine() -> str:
    """This machine until it is started again, and this container: process numbers mean something only inside."""
    node = uuid.getnode()
    # Where there is no hardware address each process makes up its own, and marks it so (RFC 9562 §6.10).
    parts = [socket.gethostname(), "" if node & MADE_UP else str(node)]
    for path, read in (("/proc/sys/kernel/random/boot_id", _text), ("/proc/self/ns/pid", os.readlink)):
        try:
            parts.append(read(path))
        except OSError:
            continue
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def started(pid: int) -> str:
    """When a process began, in ticks (proc(5), stat field 22); empty where it has ended or nobody can tell."""
    try:
        state = _text(f"/proc/{pid}/stat").rpartition(")")[2].split()
        return "" if state[0] in "ZX" else state[19]
    except (OSError, IndexError):
        return ""


def user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _text(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")


class Renewer:
    """Calls `renew` every `interval` seconds in a thread of its own until it is stopped."""

    def __init__(self, renew: Callable[[], None], interval: float) -> None:
        self.renew, self.interval = renew, interval
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._loop, name="lease", daemon=True)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join()

    def _loop(self) -> None:
        while not self.ended.wait(self.interval):
            self.renew()
