"""How far applies are, on a terminal: done of all, the rate, the time left, and what most of it is waited for. Prints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from math import ceil
from threading import Lock

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from reconciler.report.safe import plain

SOME = 1.0  # seconds, before which a speed says nothing

_lock = Lock()
_shown: list[Progress] = []  # of the applies that go on at the moment, one for all, and as often as there are such


@contextmanager
def bar(total: int, name: str, waited: Callable[[], float], console: Console | None = None) -> Iterator[Callable[[], Progress]]:
    """Yields what is to be called as each of `total` changes to one app ends.

    `waited` are the seconds for which requests have waited for their turn until now.
    """
    with _display(console) as progress:
        task = progress.add_task(plain(name), total=total, waited=waited)

        def one() -> Progress:
            progress.advance(task)
            return progress

        yield one


class AtPresent(ProgressColumn):
    """What is true of a row as it is drawn: also while everything waits, and nothing ends for a while."""

    def __init__(self, words: Callable[[Task], str]) -> None:
        super().__init__()
        self._words = words

    def render(self, task: Task) -> Text:
        return Text(self._words(task))


def _speed(row: Task) -> float:
    """Changes a second since the beginning, 0 while that says nothing yet."""
    taken = row.finished_time or row.elapsed or 0.0
    return row.completed / taken if taken >= SOME else 0.0


def left(row: Task) -> str:
    """The time for the rest as fast as until now, in h:mm:ss."""
    speed = _speed(row)
    return str(timedelta(seconds=ceil((row.remaining or 0.0) / speed))) if speed else "-:--:--"


def _why(row: Task) -> str:
    return "" if row.finished else why(row.fields["waited"](), row.elapsed or 0.0)


def rate(a_second: float) -> str:
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
        AtPresent(lambda row: rate(_speed(row))),
        AtPresent(left),
        AtPresent(_why),
    )
    return Progress(*columns, console=console or Console(stderr=True), transient=True)
