"""The journal while an apply writes: lines of many steps in, on disk before any of these goes on. Writes through the store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reconciler.apply.side_by_side import Baton
from reconciler.record.store import RecordError

Line = dict[str, Any]


class GroupCommit:
    """Steps that wait for the disk at the same time wait for one write of all their lines. `put` writes lines to disk."""

    def __init__(self, put: Callable[..., None], baton: Baton) -> None:
        self._put, self._baton = put, baton
        self._waiting: list[Line] = []
        self._taken = self._written = 0
        self._error: RecordError | None = None
        self._under_way = False

    def write(self, *lines: Line) -> None:
        """On disk before it returns, in the order of the calls. Raises RecordError, for everybody from then on."""
        self._waiting += lines
        self._taken += len(lines)
        mine = self._taken
        while self._written < mine:
            if self._error is not None:
                raise self._error
            if self._under_way:
                self._baton.turn.wait()
            else:
                self._write()

    def _write(self) -> None:
        """What waits, by the thread that came first; others add lines meanwhile."""
        lines, self._waiting, self._under_way = self._waiting, [], True
        try:
            with self._baton.laid_down():
                self._put(*lines)
            self._written += len(lines)
        except RecordError as error:
            self._error = error
            raise
        finally:
            self._under_way = False
            self._baton.turn.notify_all()
