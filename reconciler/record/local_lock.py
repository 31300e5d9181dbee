"""The lock of a local record: a file that the system lets one process hold, and lets go when that one dies."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from reconciler.record import lease
from reconciler.record.flock import is_taken
from reconciler.record.store import NEVER, Locked, LockInfo, RecordError, lock_info

POLL = 1.0  # seconds between two looks at a lock that somebody else holds


@contextmanager
def held(file: Path, command: str, since: str, timeout: float, sleep: Callable[[float], None]) -> Iterator[str | None]:
    """Hold a lock, waiting `timeout` seconds for it; yields a notice where a dead process had left its own.

    Raises Locked, RecordError.
    """
    try:
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise not_written(error) from None
    try:
        while not is_taken(handle):
            if timeout <= 0:
                raise Locked(f"locked by {_holder(_text(handle))}", "wait until that run has ended") from None
            sleep(min(POLL, timeout))
            timeout -= POLL
        left = _text(handle)
        try:
            _own(handle, command, since)
            yield f"took over the lock of {_holder(left)}, which has died" if left.strip() else None
        finally:
            os.ftruncate(handle, 0)  # who is killed leaves his name
    finally:
        os.close(handle)


def holder(file: Path) -> LockInfo | None:
    """Who holds a lock; nobody where its process has died. Raises RecordError."""
    try:
        with open(file, "r+", encoding="utf-8", errors="replace") as lock:
            text = lock.read()
            return lock_info(_parsed(text)) if text.strip() and not is_taken(lock) else None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RecordError(f"the lock cannot be read: {error}", "fix the permissions") from None


def not_written(error: OSError) -> RecordError:
    return RecordError(f"the lock cannot be written: {error}", "fix the permissions")


def _own(handle: int, command: str, since: str) -> None:
    """Say whose lock it is. Raises RecordError."""
    text = json.dumps(replace(lease.mine(command, since, lease.utc(), 0), expires=NEVER).as_json()).encode()
    try:
        os.ftruncate(handle, 0)
        if os.pwrite(handle, text, 0) < len(text):
            raise OSError("the disk is full")
    except OSError as error:
        raise RecordError(f"the lock cannot be written: {error}", "make room, or fix the permissions") from None


def _text(handle: int) -> str:
    return os.pread(handle, 65536, 0).decode(errors="replace")


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _holder(text: str) -> str:
    try:
        owner = json.loads(text)
        return f"{owner['user']}@{owner['host']} (pid {owner['pid']}, `{owner['command']}`) since {owner['since']}"
    except (ValueError, KeyError, TypeError):
        return "another run"
