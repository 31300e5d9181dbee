"""What a command says to the person who runs it, as it goes on, and keeps for `--report FILE`. Prints; writes that file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.terminal import echo, print_it
from reconciler.cli.turns import speak, speaker
from reconciler.cycle.listener import Listener
from reconciler.declare.errors import ReconcileError
from reconciler.declare.model import App
from reconciler.declare.warned import Warned
from reconciler.report.safe import plain

if TYPE_CHECKING:
    from reconciler.apply.model import Outcome

Tell = Callable[["Outcome"], None]
KEY = "reconciler.said"


@dataclass
class _Said:
    lines: list[str] = field(default_factory=list)
    markdown: list[str] = field(default_factory=list)


def _kept() -> _Said:
    context = click.get_current_context(silent=True)
    told: _Said = context.meta.setdefault(KEY, _Said()) if context else _Said()
    return told


def _keep(lines: list[str], markdown: list[str]) -> None:
    kept = _kept()
    kept.lines += lines
    kept.markdown += markdown


def say(line: str, err: bool = True) -> None:
    """A line for the person, and for the report."""
    echo(plain(line), err=err)
    report_lines([line])


def say_error(error: ReconcileError, remedy: str = "") -> None:
    """What is wrong, with its code, and what to do: `remedy`, else the error's own."""
    say(f"Error: {error} [{error.code}]")
    if words := remedy or error.remedy:
        say(f"    {words}")


def say_warning(item: Warned) -> None:
    """What should be known, with its code."""
    say(f"Warning: {item.words()}")


def warn(app: App, item: Warned) -> None:
    """A warning of one app, outside of its plan: the command may be at work on others, too."""
    says = item.text.startswith(f"{app.displayName} ")
    say_warning(item if says else item._replace(text=f"{app.displayName}: {item.text}"))


def waiting(words: str) -> None:
    """A wait for a service is said, from whichever thread begins it."""
    print_it(plain(words), err=True)


def report_lines(lines: list[str]) -> None:
    """Lines for the report alone."""
    speak(partial(_keep, lines, []))


def _note(line: str) -> None:
    report_lines([line])


@contextmanager
def counting(total: int, what: str, waited: Callable[[], float]) -> Iterator[Callable[[], object]]:
    """How far a long row of reads is: a bar on a terminal, in a pipe a line now and then."""
    if sys.stderr.isatty():
        from reconciler.cli.progress import bar

        with bar(total, what, waited) as one:
            yield one
    else:
        from reconciler.cli.progress_lines import Lines

        yield Lines(total, what, waiting).one


PERSON = Listener(waiting, say, _note, counts=counting)


def add_markdown(text: str) -> None:
    """Markdown for the report alone."""
    speak(partial(_keep, [], [text]))


@contextmanager
def reporting(file: Path | None) -> Iterator[None]:
    """Append what has been said to a Markdown file, however the block ends. Raises NotWritten, first of all."""
    if file is not None:
        from reconciler.cli import output_files

        output_files.check(file)
    try:
        yield
    finally:
        kept = _kept()
        if file is not None and (kept.lines or kept.markdown):
            from reconciler.report.markdown.how_to_go_on import said

            output_files.append(file, said(kept.lines, kept.markdown))


@contextmanager
def telling(total: int, name: str, waited: Callable[[], float]) -> Iterator[Tell]:
    """Yields what is to be called as each of `total` changes ends; `waited` as in `progress.bar`."""
    out = speaker()  # changes end in threads of the run's own
    if not (total and sys.stdout.isatty() and sys.stderr.isatty()):
        yield lambda outcome: out(lambda: print_it(line(outcome)))
        return
    from reconciler.cli.progress import bar

    with bar(total, name, waited) as one:

        def tell(outcome: Outcome) -> None:
            console = one().console
            if outcome.status != "done":
                out(lambda: console.print(line(outcome), markup=False, highlight=False, soft_wrap=True))

        yield tell


def line(outcome: Outcome) -> str:
    """How one change ended, with the code of what failed."""
    from reconciler.service.failures import FAILED, failure_of

    words = f": {plain(outcome.message)}" if outcome.message else ""
    code = f" [{failure_of(outcome).code}]" if outcome.status in FAILED else ""
    return f"{outcome.status:8} {outcome.change.action} {plain(outcome.change.address)}{words}{code}"
