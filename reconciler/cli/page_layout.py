"""A page laid out for a person on a terminal: text wraps, tables fold, and nothing is cut. Prints.

Code stands as it is typed, at the left edge and never broken, so that it can be copied. A link to another page is the command
that shows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Markdown, TableElement
from rich.segment import Segment
from rich.table import Table

LINK = re.compile(r"(\(?)\[([^\]]+)\]\((?:([\w-]+)\.md)?(?:#[\w-]+)?\)")
FENCED = re.compile(r"^(```.*?^```)$", re.MULTILINE | re.DOTALL)


def show(text: str, no_color: bool) -> None:
    """Print Markdown at the terminal's width."""
    Console(no_color=no_color or None).print(_Page(with_commands(text), hyperlinks=False), crop=False)


def with_commands(text: str) -> str:
    """The same page, in which each link to another says the command that shows it; blocks of code stay as they are."""
    parts = FENCED.split(text)
    return "".join(part if at % 2 else LINK.sub(_command, part) for at, part in enumerate(parts))


def _command(link: re.Match[str]) -> str:
    opening, label, page = link.groups()
    if not page:
        return f"{opening}{label}"
    command = f"`reconcile help {page}`"
    if label == page:
        return opening + command
    return f"({label}: {command}" if opening else f"{label} ({command})"


class _Code(CodeBlock):
    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in str(self.text).rstrip().splitlines():
            yield Segment(line)
            yield Segment.line()


class _Table(TableElement):
    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for part in self._tables(console, options):
            for column in part.columns:
                column.overflow = "fold"
            yield part

    def _tables(self, console: Console, options: ConsoleOptions) -> Iterator[Table]:
        yield from (part for part in super().__rich_console__(console, options) if isinstance(part, Table))


class _Page(Markdown):
    elements = Markdown.elements | {"fence": _Code, "code_block": _Code, "table_open": _Table}
