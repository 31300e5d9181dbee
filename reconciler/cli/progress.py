"""How an apply shows that it goes on: a bar on a terminal, a line a change everywhere else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from reconciler.report.safe import plain

if TYPE_CHECKING:
    from reconciler.apply.model import Outcome

Tell = Callable[["Outcome"], None]


@contextmanager
def telling(total: int, name: str) -> Iterator[Tell]:
    """Yields what is to be called as each of `total` changes ends."""
    if total and sys.stdout.isatty() and sys.stderr.isatty():
        with _bar(total, name) as tell:
            yield tell
    else:
        yield lambda outcome: click.echo(line(outcome))


@contextmanager
def _bar(total: int, name: str) -> Iterator[Tell]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(plain(name), total=total)

        def tell(outcome: Outcome) -> None:
            if outcome.status != "done":
                progress.console.print(line(outcome), markup=False, highlight=False, soft_wrap=True)
            progress.advance(task)

        yield tell


def line(outcome: Outcome) -> str:
    """How one change ended."""
    words = f": {plain(outcome.message)}" if outcome.message else ""
    return f"{outcome.status:8} {outcome.change.action} {plain(outcome.change.address)}{words}"
