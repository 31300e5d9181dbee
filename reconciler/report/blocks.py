"""Changes and access rows in, those of one cause together out: two samples stand for many that are alike. No I/O."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import NamedTuple, TypeVar

from reconciler.declare.names import is_group
from reconciler.plan.change import Action, Change
from reconciler.plan.model import Access

FEW = 5  # that many of one cause are shown each; more are a block
SAMPLES = 2  # of a block
NAMED = 10  # people who gain what is privileged, or lose their account, by name
MEMBERS = 10  # of a group that are shown each
OWN = re.compile(r"^(renamed from|adopts the existing account) .*?(?=, matched by |; removes |$)")
OWN_WORDS = {"renamed from": "renamed", "adopts the existing account": "adopts the existing accounts"}
T = TypeVar("T")
Rows = Mapping[str, list[Access]]


class Place(NamedTuple):
    """A line of a file."""

    file: str
    line: int


def by_person(rows: Iterable[Access]) -> Rows:
    """The rows of each address, in their order."""
    people: dict[str, list[Access]] = defaultdict(list)
    for row in rows:
        people[row.address].append(row)
    return people


def blocks(changes: Iterable[Change], access: Rows, few: int) -> list[list[Change]]:
    """Changes that do the same for the same cause, in the order of the first of each; no more than `few` stand alone."""
    return _together(changes, lambda change: _shape(change, access), few)


def _shape(change: Change, access: Rows) -> Hashable:
    if is_group(change.address):
        return change.address
    attributes = () if change.action == Action.CREATE else tuple((a.path, a.cause, a.file, a.line) for a in change.attributes)
    given = frozenset(map(row_shape, access.get(change.address, ())))
    return (change.action, change.adopts, reason(change), change.causes, attributes, given)


def reason(change: Change) -> str:
    """Why, without what is the object's own."""
    return OWN.sub(lambda own: OWN_WORDS[own[1]], change.reason)


def row_shape(row: Access) -> Hashable:
    """What a row of access says of anybody: a line counts where it is said of people in common, and not where each has one."""
    row = row._replace(address="", name="", what="" if row.kind == "identity" else row.what)
    return row if row.through or row.kind == "group" else row._replace(file="", line=0)


def for_all(rows: list[Access]) -> Access:
    """The row that stands for all of several that are alike: names differ from person to person."""
    first = rows[0]
    named = first.kind == "identity" and len(rows) > 1
    return first._replace(what=f"another name, such as {first.what}") if named else first


def people_alike(access: Rows, few: int) -> list[list[str]]:
    """Addresses of people who gain and lose the same in the same way."""
    return _together(access, lambda address: tuple(map(row_shape, access[address])), few)


def rows_alike(rows: Iterable[Access], few: int) -> list[list[Access]]:
    """Rows that say the same of several people."""
    return _together(rows, row_shape, few)


def _together(items: Iterable[T], shape: Callable[[T], Hashable], few: int) -> list[list[T]]:
    """Each in its place; many of one shape in that of the first."""
    alike: dict[Hashable, list[T]] = {}
    shapes = [(item, shape(item)) for item in items]
    for item, key in shapes:
        alike.setdefault(key, []).append(item)
    placed: dict[tuple[Hashable, int], list[T]] = {}
    for number, (item, key) in enumerate(shapes):
        many = len(alike[key]) > few
        placed.setdefault((key, 0) if many else (None, number), alike[key] if many else [item])
    return list(placed.values())


def places(found: Iterable[Place]) -> str:
    """The one place, or the first and how many more there are."""
    every = list(dict.fromkeys(found))
    more = len(every) - 1
    first = f"{every[0].file}:{every[0].line}"
    return first + (f" and {more:,} more {'line' if more == 1 else 'lines'}" if more else "")


def mapped(change: Change) -> list[tuple[str, str]]:
    """(line, the attributes that are mapped there), of what is there already."""
    if change.action == Action.CREATE:
        return []
    paths: dict[str, list[str]] = defaultdict(list)
    for attribute in change.attributes:
        if attribute.file:
            paths[f"{attribute.file}:{attribute.line}"].append(attribute.path)
    return [(place, ", ".join(found)) for place, found in paths.items()]
