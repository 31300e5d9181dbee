"""A process of its own for one look at the remote, which may hang: what was seen there out, over a pipe. Runs git."""

from __future__ import annotations

from multiprocessing.connection import Connection
from pathlib import Path

from reconciler.record.store import RecordError
from reconciler.service.ends import Seen, Unanswered
from reconciler.service.lifeline import brief
from reconciler.service.pull import Main


def look(pipe: Connection, lifeline: Connection, desired: Path) -> None:
    """Told to end, it ends the git that it runs."""
    brief(pipe, lifeline, lambda: _look(desired))


def _look(desired: Path) -> Seen:
    try:
        return Main(desired).look()
    except RecordError as error:
        return Unanswered(error.message, error.remedy)
