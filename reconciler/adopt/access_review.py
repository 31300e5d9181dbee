"""Removals that reviewers decided in, the YAML that gives these things edited in place. Reads and writes declarations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from reconciler.adopt import write
from reconciler.adopt.model import ImportRefused
from reconciler.adopt.yaml_edit.edit import revise
from reconciler.cycle.declarations import checked
from reconciler.declare.load import load
from reconciler.declare.names import fold
from reconciler.declare.reviews import Reviewed
from reconciler.declare.yaml.document import Document, parse
from reconciler.plan.access_review.standing import Giving, Standing


class Left(NamedTuple):
    """A removal that nobody can make for a person: it would take the same from others, or more than that."""

    row: Reviewed
    giving: Giving


@dataclass
class Followed:
    """Path below `desired` -> how many items were edited; what is left to a person; removals that are no longer declared.

    `unmanaged` are left to a person too: nothing was ever applied to these accounts, so no edit takes anything from them.
    """

    edited: dict[str, int] = field(default_factory=dict)
    left: list[Left] = field(default_factory=list)
    gone: list[Reviewed] = field(default_factory=list)
    unmanaged: list[Reviewed] = field(default_factory=list)


def follow(desired: Path, rows: Iterable[Reviewed], standing: Standing) -> Followed:
    """Take out what gives these rows to these people alone; comments are kept. Raises ImportRefused before it writes."""
    followed, edits, rows = Followed(), _Edits(desired), list(rows)
    for row in rows:
        givings = standing.of(row)
        for giving in givings:
            if not giving.is_left:
                edits.add(giving)
        if not givings and not standing.is_stranger(row):
            followed.gone.append(row)
    texts = edits.texts()
    if texts:
        _check(desired, texts)
        write.put(desired, texts)
        # One removal may take with it what another one is about: who left a group has nothing through it.
        standing = Standing(load(desired).declarations, standing.today, standing.known)
    followed.unmanaged = [row for row in rows if standing.is_stranger(row)]
    followed.left = [Left(row, giving) for row in rows for giving in standing.of(row) if giving.is_left]
    followed.edited = {path: len(edits.by_file[path]) for path in texts}
    return followed


class Item(NamedTuple):
    """One thing that is to go: an assignment, or a member of the group whose item begins on the line; names are folded."""

    line: int
    user: str
    role: str


class _Edits:
    """What is to go, by file."""

    def __init__(self, desired: Path) -> None:
        self.desired, self.by_file = desired, defaultdict[str, set[Item]](set)
        self.kinds: dict[str, str] = {}

    def add(self, giving: Giving) -> None:
        path = Path(giving.file).resolve().relative_to(self.desired.resolve()).as_posix()
        self.kinds[path] = giving.kind
        self.by_file[path].add(Item(giving.line, giving.user, giving.role))

    def texts(self) -> dict[str, str]:
        """The files that change, as they are to be."""
        return {path: self._text(path, items) for path, items in sorted(self.by_file.items())}

    def _text(self, path: str, items: Iterable[Item]) -> str:
        kind, text = self.kinds[path], write.read(self.desired, path) or ""
        document = parse(text.encode(), path)
        rows = document.data[kind]
        if kind == "assignments":
            return revise(
                kind, text, path, {}, removed=[n for n, row in enumerate(rows) if _assigned(document, n, row) & {*items}]
            )
        people: dict[int, set[str]] = defaultdict(set)
        for item in items:
            people[_number(document, item.line)].add(item.user)
        return revise(kind, text, path, {number: _without(rows[number], names) for number, names in people.items()})


def _assigned(document: Document, number: int, row: dict[str, Any]) -> set[Item]:
    """What an assignment of a file is, where it names a user: several may stand on one line."""
    return {Item(document.item_lines[number], fold(row["user"]), fold(row["role"]))} if "user" in row else set()


def _number(document: Document, line: int) -> int:
    """Which group of the file begins on a line. Raises ImportRefused where several do."""
    if document.item_lines.count(line) != 1:
        raise ImportRefused(f"{document.file}:{line}: several groups are on this line", "edit it by hand")
    return document.item_lines.index(line)


def _without(group: dict[str, Any], people: set[str]) -> dict[str, Any]:
    members = [item for item in group["members"] if not (isinstance(item, str) and fold(item) in people)]
    return {**group, "members": members}


def _check(desired: Path, texts: Mapping[str, str]) -> None:
    """Raises ImportRefused where the result is not valid."""
    with write.staged(desired) as stage:
        write.put(stage, texts)
        errors = [problem for problem in checked(stage)[1] if problem.severity == "error"]
        if errors:
            words = write.told(errors[0], stage, desired)
            raise ImportRefused(f"the declarations would not be valid: {words}", errors[0].remedy)
