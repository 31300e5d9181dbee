"""References inside the directory: members, managers, renames, ids, group cycles. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.declare.circles import circles
from reconciler.declare.listed import MOST_LISTED, more
from reconciler.declare.model import Group, Role, User
from reconciler.declare.names import fold, fold_all
from reconciler.declare.place import Problem
from reconciler.declare.sources import Sources
from reconciler.declare.table import Table
from reconciler.declare.wording import did_you_mean, nearly
from reconciler.declare.yaml.scalars import spelled

MOST_NAMED = 10  # groups of a circle
MOST_COMPARED = 10_000_000  # names with names, for all that is misspelt: about two seconds


def nearest(name: str, known: Mapping[str, Any], kind: str, before: int = 0) -> str:
    """A remedy for a name that is not known: today's, or the nearest that is, as it is written; `known` is by folded name.

    `before` is how many problems there are already: after so many a nearest name would take too long to be found.
    """
    if isinstance(known, Table) and (row := known.earlier.get(fold(name))) is not None:
        return f"it is called {known.columns[known.key][row]} now: write that"
    near = nearly(name, known) if before * len(known) < MOST_COMPARED else []
    return did_you_mean(_written(known, near[0]) if near else None, f"declare the {kind}, or remove the reference")


def _written(known: Mapping[str, Any], key: str) -> str:
    if isinstance(known, Table):
        return str(known.columns[known.key][known.index[key]])
    return known[key].displayName if isinstance(known[key], Role) else key


def check_directory(users: Table[User], groups: Table[Group], sources: Sources, problems: list[Problem]) -> None:
    """Add what does not fit together."""
    said = _Said()
    _Check(users, "users", sources, problems, said).users()
    check = _Check(groups, "groups", sources, problems, said)
    check.members(users, groups)
    check.repeated()
    check.cycles(groups)
    for items, kind in ((users, "users"), (groups, "groups")):
        checks = _Check(items, kind, sources, problems, said)
        checks.renames()
        checks.ids()
    problems += said.left()


class _Said:
    """How often each code was said of each file, and what was said last: of more than are listed the rest is counted."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self.last: dict[tuple[str, str], Problem] = {}

    def left(self) -> Iterator[Problem]:
        """What stands for those that were only counted, by the code that they have."""
        for key, problem in self.last.items():
            if self.counts[key] > MOST_LISTED:
                yield more(problem, self.counts[key] - MOST_LISTED)._replace(code=problem.code)


class _Check:
    """The checks of one table; a row is named by its number."""

    def __init__(self, table: Table[Any], kind: str, sources: Sources, problems: list[Problem], said: _Said) -> None:
        self.table, self.kind, self.sources, self.problems, self.said = table, kind, sources, problems, said

    def error(self, row: int, path: tuple[Any, ...], code: str, message: str, remedy: str, severity: str = "error") -> None:
        key = (self.table.files[row], code)
        self.said.counts[key] += 1
        if self.said.counts[key] <= MOST_LISTED:
            place = self.sources.place(self.table.files[row], (self.kind, self.table.numbers[row], *path))
            self.said.last[key] = Problem(place, severity, code, message, remedy)
            self.problems.append(self.said.last[key])

    def users(self) -> None:
        for row, manager in enumerate(self.table.columns.get("manager", ())):
            if isinstance(manager, str) and manager and fold(manager) not in self.table:
                self.error(
                    row,
                    ("manager",),
                    "unknown-user",
                    f"no user {manager!r} is declared",
                    nearest(manager, self.table, "user", len(self.problems)),
                )

    def members(self, users: Mapping[str, User], groups: Mapping[str, Group]) -> None:
        for row, members in enumerate(self.table.column("members")):
            for number, member in enumerate(members if isinstance(members, list) else ()):
                path = ("members", number)
                if isinstance(member, str) and fold(member) not in users:
                    message, remedy = f"no user {member!r} is declared", nearest(member, users, "user", len(self.problems))
                    if (key := fold(member)) in groups:
                        message, remedy = message + ", but a group", f"write `{{group: {spelled(_written(groups, key))}}}`"
                    self.error(row, path, "unknown-user", message, remedy)
                elif isinstance(member, dict) and isinstance(name := member.get("group"), str) and fold(name) not in groups:
                    self.error(
                        row,
                        (*path, "group"),
                        "unknown-group",
                        f"no group {name!r} is declared",
                        nearest(name, groups, "group", len(self.problems)),
                    )

    def repeated(self) -> None:
        """A member who is written twice is a member once: somebody meant another one, or two branches added the same."""
        for row, members in enumerate(self.table.column("members")):
            if not isinstance(members, list) or len(set(fold_all([m for m in members if isinstance(m, str)]))) == len(members):
                continue
            seen: dict[tuple[str, str], int] = {}
            for number, name in enumerate(map(_member, members)):
                if name[1] and (first := seen.setdefault(name, number)) != number:
                    self._twice(row, number, first)

    def _twice(self, row: int, number: int, first: int) -> None:
        file, path = self.table.files[row], (self.kind, self.table.numbers[row], "members")
        line = self.sources.place(file, (*path, first)).line
        member = self.table.column("members")[row][number]
        name = f"the group {member['group']}" if isinstance(member, dict) else member
        self.error(
            row,
            ("members", number),
            "duplicate-member",
            f"{name} is a member already, in line {line}",
            "keep one of the two",
            "warning",
        )

    def cycles(self, groups: Table[Group]) -> None:
        """Each group that contains itself, by whatever way; of a long circle the first groups are named."""
        for circle in circles({key: [name for name in _inner(groups[key]) if name in groups] for key in groups}):
            names = [groups[name].row["displayName"] for name in sorted(circle)]
            more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
            listed = ", ".join(names[:MOST_NAMED]) + more
            words = f"the groups {listed} contain one another" if names[1:] else f"{names[0]} contains itself"
            for key in circle:
                self.error(groups.index[key], ("members",), "group-cycle", words, "break the cycle")

    def renames(self) -> None:
        if "previously" not in self.table.columns:
            return
        ids = self.table.column("id")
        for row, names in enumerate(self.table.column("previously")):
            for number, name in enumerate(names if isinstance(names, list) else ()):
                other = self.table.index.get(fold(name)) if name is not None else None
                if other is not None and None in (ids[row], ids[other]):
                    self.error(
                        row,
                        ("previously", number),
                        "previously-taken",
                        f"{name} is already the name of another declaration, {self.table.line(other)}",
                        "give both an `id`, or remove the earlier name",
                    )

    def ids(self) -> None:
        ids = self.table.column("id")
        seen: dict[str, int] = {}
        for row, value in enumerate(ids if len(set(map(str, ids))) < len(ids) else ()):
            if value is not None and (other := seen.setdefault(str(value), row)) != row:
                self.error(row, ("id",), "duplicate-id", f"the id is that of {self.table.line(other)}", "give each its own id")


def _member(member: Any) -> tuple[str, str]:
    """The kind and the folded name of a member; no name where another check has said what is wrong."""
    if isinstance(member, str):
        return "user", fold(member)
    name = member.get("group") if isinstance(member, dict) else None
    return "group", fold(name) if isinstance(name, str) else ""


def _inner(group: Group) -> list[str]:
    members = group.row.get("members")
    nested = [m["group"] for m in members if isinstance(m, dict) and "group" in m] if isinstance(members, list) else []
    return [fold(name) for name in nested if isinstance(name, str)]
