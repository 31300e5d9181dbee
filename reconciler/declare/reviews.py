"""The folder desired/reviews in; each reviewer's file, which reviews are closed, and what is wrong in them out. Reads files.

Loading the declarations does not look in there: nothing of a review says what should be on a service.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from reconciler.declare.cache import Cache
from reconciler.declare.folders import Folders, readable_path
from reconciler.declare.names import fold
from reconciler.declare.place import Place, Problem
from reconciler.declare.reader import Reader
from reconciler.declare.yaml.document import Document

FOLDER, CLOSED, RULES = "reviews", "closed", "reviewers"
KEEP, REMOVE = "keep", "remove"
TEXTS = ("app", "user", "account", "login", "role", "group", "decision", "reason", "roleValue", "groupId", "source")


class Reviewed(NamedTuple):
    """One row: what a person has, and what was decided; `said` is the row as it is written, `number` its place in the list.

    `user` is a userPrincipalName, and empty where nobody declared the account. Of `role` and `group` at most one is set; none is
    the account itself. `account`, `group_id` and `value` are the ids of the account and the group on the service and the role's
    name there, which stay when anything is renamed; empty in rows that an earlier version wrote.
    """

    app: str
    user: str
    account: str
    login: str
    role: str
    group: str
    decision: str
    reason: str
    number: int
    said: dict[str, Any]
    value: str = ""
    group_id: str = ""
    source: str = ""

    @property
    def who(self) -> str:
        return self.user or self.login or self.account

    @property
    def what(self) -> str:
        return f"group {self.group}" if self.group else self.role or "an account"

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it apart from every other row."""
        return self.app, fold(self.user), self.account, fold(self.role), fold(self.group), self.group_id


class Review(NamedTuple):
    """One reviewer's file."""

    document: Document
    rows: tuple[Reviewed, ...]

    @property
    def file(self) -> str:
        return self.document.file

    @property
    def name(self) -> str:
        return str(self.document.data["review"])

    @property
    def reviewer(self) -> str:
        return str(self.document.data["reviewer"])

    @property
    def due(self) -> str:
        return str(self.document.data["due"])

    @property
    def apps(self) -> list[str]:
        """The apps that it asks about."""
        return list(map(str, self.document.data["scope"]["apps"]))

    def place(self, row: Reviewed, key: str = "decision") -> Place:
        """Where a row says something; where the row begins, if it does not."""
        return self.document.locate(("access", row.number, key))


class Closed(NamedTuple):
    """What closed.yaml says: the digest of the evidence, and where."""

    evidence: str
    place: Place


@dataclass
class Reviews:
    """The files by the name of their review, of those that are closed what closes them, and what is wrong.

    A file with an error in it is not among them, and its review is among `broken`.
    """

    by_name: dict[str, list[Review]] = field(default_factory=dict)
    closed: dict[str, Closed] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    @property
    def open(self) -> Iterator[tuple[str, list[Review]]]:
        return ((name, files) for name, files in self.by_name.items() if name not in self.closed)

    def only(self, name: str) -> Reviews:
        """One of them, with what is wrong in its own files."""
        files = {name: self.by_name[name]}
        problems = [problem for problem in self.problems if f"/{FOLDER}/{name}/" in f"/{problem.place.file}"]
        return Reviews(files, {name: self.closed[name]} if name in self.closed else {}, self.broken & {name}, problems)


def read_reviews(root: Path) -> Reviews:
    """All of them, by name."""
    found = Reviews()
    folders, reader = Folders(root, found.problems), Reader(Cache(None, ""), found.problems)
    for entry in folders.entries(root / FOLDER):
        if entry.is_dir():
            found.by_name[entry.name] = []
            for file in folders.files(entry):
                _read(found, reader, entry.name, file)
        elif entry.stem == RULES:
            reader.read(entry, RULES)
        else:
            remedy = f"a review is a folder {FOLDER}/<name>; beside them is {RULES}.yaml"
            reader.error(Place(readable_path(entry), 1), "no-meaning", f"{entry.name} has no meaning here", remedy)
    return found


def read_rules(file: Path) -> tuple[list[dict[str, str]], list[Problem]]:
    """Who reviews what, of a file that lies anywhere; rules in their order."""
    problems: list[Problem] = []
    document = Reader(Cache(None, ""), problems).read(file, RULES)
    return (document.data.get("reviewers", []) if document is not None and not problems else []), problems


def _read(found: Reviews, reader: Reader, name: str, file: Path) -> None:
    before = len(found.problems)
    kind = "review-closed" if file.stem == CLOSED else "review"
    document = reader.read(file, kind)
    if document is not None and kind == "review" and document.data.get("review", name) != name:
        message = f"the folder is named {name}, the review {document.data['review']}"
        reader.error(document.locate(("review",)), "review-name", message, "give both one name")
    if document is None or len(found.problems) > before:
        found.broken.add(name)
    elif kind == "review":
        found.by_name[name].append(Review(document, tuple(_rows(document.data["access"]))))
    else:
        found.closed[name] = Closed(str(document.data["evidence"]), document.locate(("evidence",)))


def _rows(items: list[dict[str, Any]]) -> Iterator[Reviewed]:
    for number, item in enumerate(items):
        app, user, account, login, role, group, decision, reason, *ids = (str(item.get(key) or "") for key in TEXTS)
        yield Reviewed(app, user, account, login, role, group, decision, reason, number, item, *ids)
