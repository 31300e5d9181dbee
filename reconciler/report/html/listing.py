"""A table of a page that can be filtered and sorted: rows of text in, inert data for the template and its script out. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from markupsafe import Markup

from reconciler.report.safe import plain

STATIC = 200  # rows that stand in the page itself; the script shows the others, as many at a time
FEW_VALUES = 12  # a column with more different values is no choice in a list


class Line(NamedTuple):
    """A line of what unfolds under a row; `sign` is one of `+`, `-`, `~` or nothing."""

    sign: str
    text: str


class Row(NamedTuple):
    """A cell for each column, what unfolds under the first of them, and a mark of the row: privileged, failed or nothing."""

    cells: tuple[str, ...]
    lines: tuple[Line, ...] = ()
    mark: str = ""


@dataclass(frozen=True)
class Listing:
    """`name` is the table's own in the page and its address; `choices` are the columns that a reader chooses a value of."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    choices: tuple[str, ...] = ()

    @property
    def first(self) -> tuple[Row, ...]:
        """Rows that are there without a script."""
        return self.rows[:STATIC]

    def chosen(self) -> list[dict[str, Any]]:
        """The columns to choose from, each with its number, name and values; those with one value or with many are none."""
        found = []
        for name in self.choices:
            number = self.columns.index(name)
            values = sorted({row.cells[number] for row in self.rows} - {""})
            if 1 < len(values) <= FEW_VALUES:
                found.append({"number": number, "name": name, "values": values})
        return found

    def data(self) -> Markup:
        """All rows as JSON inside a script element, where `<` could end it."""
        packed = [[row.cells, [tuple(line) for line in row.lines], row.mark] for row in self.rows]
        return Markup(orjson.dumps({"most": STATIC, "rows": packed}).decode().replace("<", "\\u003c"))


def listing(
    name: str, title: str, columns: tuple[str, ...], rows: Iterable[Row], choices: tuple[str, ...] = ()
) -> Listing:  # fmt: skip
    """The table, every text of it made harmless for an eye that reads it: no hidden and no reversing characters."""
    safe = (
        Row(tuple(map(plain, row.cells)), tuple(Line(line.sign, plain(line.text)) for line in row.lines), row.mark)
        for row in rows
    )
    return Listing(name, title, columns, tuple(safe), choices)
