"""What a command says to the person who runs it, kept for `--report FILE`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click

from reconciler.declare.model import App
from reconciler.report.safe import plain

KEY = "reconciler.said"


@dataclass
class _Said:
    lines: list[str] = field(default_factory=list)
    markdown: list[str] = field(default_factory=list)


def _kept() -> _Said:
    context = click.get_current_context(silent=True)
    found: _Said = context.meta.setdefault(KEY, _Said()) if context else _Said()
    return found


def say(line: str, err: bool = True) -> None:
    """A line for the person, and for the report."""
    click.echo(plain(line), err=err)
    report_lines([line])


def warn(app: App, text: str) -> None:
    """A warning of one app, outside of its plan: the command may be at work on others, too."""
    says = text.startswith(f"{app.displayName} ")
    say(f"Warning: {text}" if says else f"Warning: {app.displayName}: {text}")


def report_lines(lines: list[str]) -> None:
    """Lines for the report alone."""
    _kept().lines += lines


def add_markdown(text: str) -> None:
    """Markdown for the report alone."""
    _kept().markdown.append(text)


@contextmanager
def reporting(file: Path | None) -> Iterator[None]:
    """Append what has been said to a Markdown file, however the block ends. Raises NotWritten, first of all."""
    if file is not None:
        from reconciler.cli import written

        written.check(file)
    try:
        yield
    finally:
        found = _kept()
        if file is not None and (found.lines or found.markdown):
            from reconciler.report.markdown.notes import said

            written.append(file, said(found.lines, found.markdown))
