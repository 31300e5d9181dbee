"""The folder `desired/` in, declarations and every problem out. Reads files; writes nothing but its cache."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from reconciler.declare.ahead import parse_ahead
from reconciler.declare.assignments import collect
from reconciler.declare.build import build_app
from reconciler.declare.cache import Cache, user_cache
from reconciler.declare.folders import Folders, named, no_app, readable_path, unusable
from reconciler.declare.listed import listed
from reconciler.declare.mapping_model import ObjectMapping
from reconciler.declare.mappings import mapping_of
from reconciler.declare.model import App, Declarations, Group, Policy, User
from reconciler.declare.names import fold
from reconciler.declare.others import Others
from reconciler.declare.place import Place, Problem
from reconciler.declare.policies import check_policies, read_policies
from reconciler.declare.reader import Reader
from reconciler.declare.record_place import record_in, slips
from reconciler.declare.references import check_directory
from reconciler.declare.safeguards import check_protected
from reconciler.declare.schema import fingerprint, once, sound
from reconciler.declare.settings import RecordSettings
from reconciler.declare.table import Rows, Table
from reconciler.declare.yaml.document import Document

NEEDED = ("app", "mappings", "assignments")


@dataclass
class Loaded:
    """What could be read, and everything that is wrong with it, sorted by file and line."""

    declarations: Declarations
    problems: list[Problem] = field(default_factory=list)

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.severity == "error"]


def load(root: Path, asked: Collection[str] = ()) -> Loaded:
    """Read everything under `root`; where apps are `asked` for, these alone whole. Nothing is raised for what a user wrote.

    Of each other app it is read what these must know, and its faults are left to whoever asks for it.
    """
    loader = _Loader(root, Cache(user_cache(), fingerprint()), frozenset(map(fold, asked)))
    loader.run()
    problems = _telling(loader.problems, loader.unread)
    digest = loader.reader.sources.digest(readable_path(root))
    declarations = Declarations(
        loader.users,
        loader.groups,
        loader.apps,
        loader.record,
        str(root),
        digest,
        tuple(loader.policies),
        loader.partial,
        loader.default_domain,
        loader.others.heads,
    )
    return Loaded(declarations, problems)


def load_mappings(file: Path) -> tuple[ObjectMapping | None, list[Problem]]:
    """The users' mapping of one file, wherever it lies, and what is wrong in it."""
    loader = _Loader(file.parent, Cache(None, ""))
    document = loader.reader.read(file, "mappings")
    mapping = mapping_of(document, loader.problems) if document is not None else None
    return mapping, _telling(loader.problems, set())


def _telling(problems: list[Problem], unread: set[tuple[str, str]]) -> list[Problem]:
    """Sorted, without what follows from another one: names of a file that could not be read, a second flaw of one value."""
    return listed(
        problem
        for problem in once(problems)
        if not any(problem.code == code and problem.place.file.startswith(under) for code, under in unread)
    )


class _Loader:
    def __init__(self, root: Path, cache: Cache, asked: frozenset[str] = frozenset()) -> None:
        self.root, self.asked = root, asked
        self.problems: list[Problem] = []
        self.reader = Reader(cache, self.problems, partial(parse_ahead, root, asked, cache))
        self.folders = Folders(root, self.problems)
        self.others = Others(self.folders, self.reader)
        self.users = Table(User, "userPrincipalName")
        self.groups = Table(Group, "displayName")
        self.apps: dict[str, App] = {}
        self.partial: dict[str, App] = {}
        self.record = RecordSettings()
        self.default_domain: str | None = None
        self.policies: list[Policy] = []
        # Codes of references to what stands in files that could not be read, and how the names of the files that refer begin.
        self.unread: set[tuple[str, str]] = set()

    def run(self) -> None:
        if (problem := unusable(self.root)) is not None:
            self.problems.append(problem)
            return
        known = self.folders.of_root()
        inside = self.folders.of_directory(known)
        for kind, table in (("users", self.users), ("groups", self.groups)):
            for entry in named(inside, kind):
                for file, rows in self._lists(entry, kind):
                    self._items(file, rows, kind, table)
        self._settings(named(known, "reconciler"))
        check_directory(self.users, self.groups, self.reader.sources, self.problems)
        self._apps(named(known, "apps"))
        self._policies(named(known, "policies"))

    def _lists(self, folder: Path, kind: str) -> Iterator[tuple[str, Rows]]:
        """The rows of every file of a folder that holds one kind of list."""
        for path in self.folders.files(folder):
            rows = self.reader.rows(path, kind)
            if rows is not None:
                yield readable_path(path), rows
            else:
                self.unread.add((f"unknown-{kind.removesuffix('s')}", ""))

    def _items(self, file: str, rows: Rows, kind: str, table: Table[Any]) -> None:
        for row, earlier in table.add(rows, file):
            self.reader.error(
                self.reader.sources.place(file, (kind, table.numbers[row], table.key)),
                "duplicate",
                f"{table.columns[table.key][row]} is declared twice, first at {table.line(earlier)}",
                "keep one of the two",
            )

    def _policies(self, folders: list[Path]) -> None:
        for path in [path for folder in folders for path in self.folders.files(folder)]:
            document = self.reader.read(path, "policies")
            if document is not None:
                self.policies += read_policies(document, sound)
        apps = {**self.partial, **self.apps}
        concerned = [policy for policy in self.policies if not self.asked or any(map(policy.concerns, apps))]
        check_policies(concerned, {**self.others.with_roles(concerned, apps), **apps}, self.problems)

    def _settings(self, files: list[Path]) -> None:
        for entry in files:
            document = self.reader.read(entry, "reconciler")
            if document is not None:
                self.default_domain = document.data.get("defaultDomain")
                self.record = record_in(document, str(self.root))
                self.problems += slips(document)
        self.folders.single(files)

    def _apps(self, places: list[Path]) -> None:
        folders = [folder for place in places for folder in self.folders.entries(place)]
        if not any(folder.is_dir() for folder in folders):
            self.problems.append(no_app(self.root))
        self.folders.single([folder for folder in folders if folder.is_dir()])
        for folder in folders:
            if folder.is_dir() and self.asked and fold(folder.name) not in self.asked:
                self.others.add(folder)
            elif folder.is_dir():
                self._app(folder)
            else:
                self.reader.error(
                    Place(readable_path(folder), 1),
                    "no-meaning",
                    f"{folder.name} has no meaning here",
                    "an app is a folder apps/<app>",
                )

    def _app(self, folder: Path) -> None:
        documents, lists, broken = self._parts(folder)
        have = {*documents, *broken, *(["assignments"] if lists else [])}
        missing = [kind for kind in NEEDED if kind not in have]
        for kind in missing:
            self.reader.error(Place(readable_path(folder), 1), "missing-file", f"{kind}.yaml is missing", f"add {kind}.yaml")
        if "roles" in broken:
            self.unread |= {("unknown-role", readable_path(place) + "/") for place in (folder, self.root / "policies")}
        whole = not missing and not broken and all(_usable(documents[kind].data, kind) for kind in ("app", "mappings"))
        for kind in ("app", "mappings"):
            documents.setdefault(kind, Document(readable_path(folder), "", {}))
        app = build_app(folder.name, documents, self.problems)
        assignments = collect(lists, app.roles, self.users, self.groups, self.reader.sources, self.problems)
        check_protected(app, self.users, documents["app"], self.problems)
        (self.apps if whole else self.partial)[app.name] = replace(app, assignments=assignments)

    def _parts(self, folder: Path) -> tuple[dict[str, Document], list[tuple[str, Rows]], set[str]]:
        """What the files of an app hold, its assignments apart, and of which kinds a file could not be read."""
        documents: dict[str, Document] = {}
        lists: list[tuple[str, Rows]] = []
        broken: set[str] = set()
        for entry, kind in self.folders.of_app(folder):
            if kind == "assignments":
                read = [(readable_path(file), self.reader.rows(file, kind)) for file in self.folders.listed(entry)]
                lists += [(file, rows) for file, rows in read if rows is not None]
                broken |= {kind} if any(rows is None for _, rows in read) else set()
            elif (document := self.reader.read(entry, kind)) is None:
                broken.add(kind)
            else:
                documents.setdefault(kind, document)
                broken |= {kind} if kind == "roles" and kind not in document.data else set()
        return documents, lists, broken


def _usable(data: dict[str, Any], kind: str) -> bool:
    """Whether app.yaml or mappings.yaml holds what an app cannot do without."""
    return "adminCredentials" in data and "app" in data if kind == "app" else "users" in data.get("mappings", {})
