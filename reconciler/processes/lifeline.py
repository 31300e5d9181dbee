"""A process that another one began for one piece of work ends when that one is gone. Threads; signals to itself."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


def watch(lifeline: Connection) -> None:
    """Whoever began this process is gone once the other end of the pipe is closed: nobody would hear of its end."""
    threading.Thread(target=_watch, args=(lifeline,), daemon=True).start()


def _watch(lifeline: Connection) -> None:
    with suppress(EOFError, OSError):
        lifeline.recv()
    os.kill(os.getpid(), signal.SIGTERM)
