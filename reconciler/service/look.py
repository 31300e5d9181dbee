"""A process of its own for one look at the remote, which may hang: what was seen there out, over a pipe. Runs git."""

from __future__ import annotations

import os
from multiprocessing.connection import Connection
from pathlib import Path

from reconciler.record.store import RecordError
from reconciler.service.ends import Seen, Unanswered
from reconciler.service.lifeline import leave, watch
from reconciler.service.pull import Main
from reconciler.service.stop import Stop


def look(pipe: Connection, lifeline: Connection, desired: Path) -> None:
    """Told to end, it ends the git that it runs."""
    try:
        Stop().listen()
        watch(lifeline)
        leave(pipe, _look(desired))
    except KeyboardInterrupt:
        os._exit(1)


def _look(desired: Path) -> Seen:
    try:
        return Main(desired).look()
    except RecordError as error:
        return Unanswered(error.message, error.remedy)
