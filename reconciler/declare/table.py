"""Declared rows kept as columns: 100,000 people in little memory, and a column at a time for mapping. Pure."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from functools import cached_property
from itertools import compress
from typing import Any, Generic, NamedTuple, TypeVar

from reconciler.declare.names import fold, fold_all

T = TypeVar("T", bound=tuple[Any, ...])


class Rows(NamedTuple):
    """The rows of one file: a list a key, None where a row lacks it; `lines` and `numbers` say where each stands."""

    columns: dict[str, list[Any]]
    lines: list[int]
    numbers: list[int]


def to_rows(items: Any, lines: list[int], wanted: tuple[str, ...]) -> Rows:
    """The mappings of a list that hold text in the first of the `wanted` keys that they have; others were reported."""
    listed = list(items) if isinstance(items, list) else []
    numbers = [i for i, row in enumerate(listed) if isinstance(row, dict) and _usable(row, wanted)]
    rows = [listed[i] for i in numbers]
    keys: dict[str, None] = {}
    for row in rows:
        keys.update(dict.fromkeys(row))
    return Rows({key: [row.get(key) for row in rows] for key in keys}, [lines[i] for i in numbers], numbers)


def _usable(row: dict[str, Any], wanted: tuple[str, ...]) -> bool:
    return all(isinstance(row.get(key), str) for key in wanted)


class Table(Mapping[str, T], Generic[T]):
    """Users or groups by folded name; an item is put together when it is asked for.

    `files`, `lines`, `numbers` and every column have one element a row, in the order of declaration.
    """

    def __init__(self, make: Callable[..., T], key: str) -> None:
        self.make: Callable[..., T] = make
        self.key = key
        self.columns: dict[str, list[Any]] = {key: []}
        self.files: list[str] = []
        self.lines: list[int] = []
        self.numbers: list[int] = []
        self.index: dict[str, int] = {}
        self._absent: list[Any] = []

    def add(self, rows: Rows, file: str) -> list[tuple[int, int]]:
        """Take in a file's rows; returns (row, earlier row) for names that had been declared before."""
        start, count = len(self.files), len(rows.lines)
        for name in rows.columns.keys() - self.columns.keys():
            self.columns[name] = [None] * start
        for name, column in self.columns.items():
            column += rows.columns.get(name) or [None] * count
        self.files += [file] * count
        self.lines += rows.lines
        self.numbers += rows.numbers
        names = fold_all(rows.columns.get(self.key, []))
        fresh = dict(zip(names, range(start, start + count), strict=True))
        if len(fresh) == count and self.index.keys().isdisjoint(fresh):
            self.index.update(fresh)
            return []
        return [(i, self.index[name]) for i, name in enumerate(names, start) if self.index.setdefault(name, i) != i]

    def without(self, files: Container[str]) -> Table[T]:
        """A table of its own with the rows that stand in other files."""
        left: Table[T] = Table(self.make, self.key)
        stays = [file not in files for file in self.files]
        columns = {name: list(compress(column, stays)) for name, column in self.columns.items()}
        rows = Rows(columns, list(compress(self.lines, stays)), list(compress(self.numbers, stays)))
        left.add(rows, "")
        left.files = list(compress(self.files, stays))
        return left

    @cached_property
    def earlier(self) -> dict[str, int]:
        """Folded earlier name -> row, once all rows are there."""
        names = enumerate(self.columns.get("previously", ()))
        return {fold(name): row for row, old in names if isinstance(old, list) for name in old if isinstance(name, str)}

    def name_now(self, name: str) -> str:
        """What the row of a name, also of an earlier one, is called; the name itself where there is none."""
        key = fold(name)
        row = self.index.get(key, self.earlier.get(key))
        return name if row is None else str(self.columns[self.key][row])

    def column(self, name: str) -> list[Any]:
        """One key of every row, None where it is absent; not to be changed: all that nobody declares are one list."""
        declared = self.columns.get(name)
        if declared is not None:
            return declared
        if len(self._absent) != len(self.files):
            self._absent = [None] * len(self.files)
        return self._absent

    def at(self, number: int) -> T:
        """The item of a row."""
        row = {name: column[number] for name, column in self.columns.items() if column[number] is not None}
        item: T = self.make(fold(row[self.key]), row, self.files[number], self.lines[number])
        return item

    def line(self, number: int) -> str:
        """Where a row is declared, as `file:line`."""
        return f"{self.files[number]}:{self.lines[number]}"

    def __getitem__(self, key: str) -> T:
        return self.at(self.index[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self.index)

    def __len__(self) -> int:
        return len(self.index)

    def __contains__(self, key: object) -> bool:
        return key in self.index
