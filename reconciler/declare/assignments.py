"""The assignments of one app: rows of every file in, checked assignments out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from operator import itemgetter
from typing import Any

from reconciler.declare.model import Assignment, Group, Role, User
from reconciler.declare.names import DEFAULT_ACCESS_KEY, fold, fold_all, tuples
from reconciler.declare.place import Problem
from reconciler.declare.references import nearest
from reconciler.declare.sources import Sources
from reconciler.declare.table import Rows, Table

KEYS = ("user", "group", "role", "expires", "reason")


def collect(
    files: Iterable[tuple[str, Rows]], roles: Mapping[str, Role], users: Table[User], groups: Table[Group], sources: Sources,
    problems: list[Problem],
) -> list[Assignment]:  # fmt: skip
    """Every assignment with a role once, in the order of declaration; what is wrong is added to `problems`.

    A row without a role has been reported, and its other names are checked all the same.
    """
    rows_of_all: list[Assignment] = []
    numbers: list[int] = []
    for file, rows in files:
        rows_of_all += assignments_in(file, rows)
        numbers += rows.numbers
    check = _Check(rows_of_all, numbers, sources, problems)
    check.names("user", list(map(itemgetter(0), rows_of_all)), users)
    check.names("group", list(map(itemgetter(1), rows_of_all)), groups)
    given = set(map(itemgetter(2), rows_of_all))
    check.roles(given, roles)
    check.dates()
    check.duplicates()
    return [item for item in rows_of_all if item.role is not None] if None in given else rows_of_all


def assignments_in(file: str, rows: Rows) -> list[Assignment]:
    """The assignments of one file as they stand there, names folded; nothing of them is checked."""
    user, group, role, expires, reason = (rows.columns.get(key) or [None] * len(rows.lines) for key in KEYS)
    files = [file] * len(rows.lines)
    return tuples(Assignment, _fold(user), _fold(group), _fold(role), expires, reason, files, rows.lines)


def _fold(names: list[Any]) -> list[Any]:
    kinds = set(map(type, names))
    if kinds == {str}:
        return fold_all(names)
    if kinds == {type(None)}:
        return names
    return [fold(name) if isinstance(name, str) else None for name in names]


class _Check:
    def __init__(self, assignments: list[Assignment], numbers: list[int], sources: Sources, problems: list[Problem]) -> None:
        self.assignments, self.numbers, self.sources, self.problems = assignments, numbers, sources, problems

    def error(self, row: int, key: str | None, code: str, message: str, remedy: str) -> None:
        path: tuple[str | int, ...] = ("assignments", self.numbers[row], *([key] if key else []))
        place = self.sources.place(self.assignments[row].file, path)
        self.problems.append(Problem(place, "error", code, message, remedy))

    def unknown(self, row: int, kind: str, name: str, remedy: str) -> None:
        written = self.sources.value(self.assignments[row].file, ("assignments", self.numbers[row], kind)) or name
        self.error(row, kind, f"unknown-{kind}", f"no {kind} {written!r} is declared", remedy)

    def names(self, kind: str, names: list[str | None], known: Table[Any]) -> None:
        unknown = set(names) - known.index.keys() - {None}
        for row, name in enumerate(names if unknown else ()):
            if name is not None and name in unknown:
                self.unknown(row, kind, name, nearest(name, known, kind, len(self.problems)))

    def roles(self, given: set[str | None], roles: Mapping[str, Role]) -> None:
        unknown = given - roles.keys() - {DEFAULT_ACCESS_KEY, None}
        known: dict[str, Any] = {**roles, DEFAULT_ACCESS_KEY: None}
        for row, item in enumerate(self.assignments if unknown else ()):
            if item.role is not None and item.role in unknown:
                self.unknown(row, "role", item.role, nearest(item.role, known, "role", len(self.problems)))

    def dates(self) -> None:
        wrong = {day for day in set(map(itemgetter(3), self.assignments)) if isinstance(day, str) and not is_day(day)}
        for row, item in enumerate(self.assignments if wrong else ()):
            if isinstance(item.expires, str) and item.expires in wrong:
                self.error(row, "expires", "date", f"{item.expires} is not a day of the calendar", "write YYYY-MM-DD")

    def duplicates(self) -> None:
        columns = [list(map(itemgetter(i), self.assignments)) for i in range(3)]
        if len(set(columns[0])) == len(self.assignments) or len(set(zip(*columns, strict=True))) == len(self.assignments):
            return
        seen: dict[tuple[Any, ...], int] = {}
        for row, item in enumerate(self.assignments):
            other = seen.setdefault((item.user, item.group, item.role), row)
            if other != row and item.role is not None and (item.user is not None or item.group is not None):
                first = self.assignments[other]
                self.error(row, None, "duplicate", f"the same assignment is at {first.file}:{first.line}", "keep one of the two")


def is_day(text: str) -> bool:
    """Whether the calendar has this day."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
