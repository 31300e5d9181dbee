"""How far applies are, on a terminal: done of all, the rate, the time left, and what most of it is waited for. Prints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from reconciler.report.safe import plain

if TYPE_CHECKING:
    from rich.progress import TaskID

_lock = Lock()
_shown: list[Progress] = []  # of the applies that go on at the moment, one for all, and as often as there are such


@contextmanager
def bar(total: int, name: str, waited: Callable[[], float], console: Console | None = None) -> Iterator[Callable[[], Progress]]:
    """Yields what is to be called as each of `total` changes to one app ends.

    `waited` are the seconds for which requests have waited for their turn until now.
    """
    with _display(console) as progress:
        task = progress.add_task(plain(name), total=total, rate="", why="")

        def one() -> Progress:
            progress.advance(task)
            _tell(progress, task, waited())
            return progress

        yield one


def _tell(progress: Progress, task: TaskID, waited: float) -> None:
    row = next(row for row in progress.tasks if row.id == task)
    words = "" if row.finished else why(waited, row.elapsed or 0.0)
    progress.update(task, rate=rate(row.finished_speed or row.speed), why=words)


def rate(a_second: float | None) -> str:
    """Changes in a time, in a unit in which they are one or more."""
    if not a_second:
        return ""
    return f"{a_second:,.0f}/s" if a_second >= 10 else f"{a_second:.1f}/s" if a_second >= 1 else f"{a_second * 60:,.0f}/min"


def why(waited: float, elapsed: float) -> str:
    """What takes most of the time: for a run that waits for its turn, somebody stands there nearly always."""
    return "waits for the rate limit" if waited > elapsed / 2 else "waits for the service"


@contextmanager
def _display(console: Console | None) -> Iterator[Progress]:
    """One for all the threads that write at the same time."""
    with _lock:
        progress = _shown[0] if _shown else _made(console)
        _shown.append(progress)
        if len(_shown) == 1:
            progress.start()
    try:
        yield progress
    finally:
        with _lock:
            _shown.pop()
            if not _shown:
                progress.stop()


def _made(console: Console | None) -> Progress:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[why]}"),
    )
    return Progress(*columns, console=console or Console(stderr=True), transient=True)
