"""A process that another one began for one piece of work: it ends when that one is gone, and says its end as its last word."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, NoReturn

from reconciler.processes.lifeline import watch
from reconciler.service.stop import SIGNALS, Stop

if TYPE_CHECKING:
    from reconciler.service.ends import End


def brief(pipe: Connection, lifeline: Connection, work: Callable[[], End]) -> None:
    """Do work that writes nothing, and say what came of it; told to end, do so without a word."""
    try:
        Stop().listen()
        watch(lifeline)
        leave(pipe, work())
    except KeyboardInterrupt:
        os._exit(1)


def leave(pipe: Connection, end: End) -> NoReturn:
    """At once, as commands do: Python would take a million objects apart first."""
    code = 0
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # told to end now, it would leave half of a word
    try:
        pipe.send(end)
        pipe.close()
    except OSError:
        code = 1
    os._exit(code)
