"""The folder `desired/` in, declarations and every problem out. Reads files; writes nothing but its cache."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeGuard

from reconciler.declare.assignments import collect
from reconciler.declare.build import build_app, mapping_of
from reconciler.declare.cache import SMALLEST, Cache, user_cache
from reconciler.declare.files import Content, Sources
from reconciler.declare.model import App, Declarations, Group, ObjectMapping, Place, Problem, RecordSettings, User, fold
from reconciler.declare.policies import Policy, check_policies, read_policies
from reconciler.declare.references import check_directory
from reconciler.declare.safeguards import check_protected
from reconciler.declare.schema import check, fingerprint, sound
from reconciler.declare.table import Rows, Table, to_rows
from reconciler.declare.yaml import Document, parse

SUFFIXES = (".yaml", ".yml", ".json")
IN_PLACE = frozenset({"duplicate-key", "tag"})  # after which the rest of a file can still be judged
APP_KINDS = ("app", "roles", "assignments", "mappings", "approvals")
ROW_KEYS = {"users": ("userPrincipalName",), "groups": ("displayName",), "assignments": ("role",)}


@dataclass
class Loaded:
    """What could be read, and everything that is wrong with it, sorted by file and line."""

    declarations: Declarations
    problems: list[Problem] = field(default_factory=list)

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.severity == "error"]


def load(root: Path) -> Loaded:
    """Read everything under `root`. Nothing is raised for what a user wrote."""
    loader = _Loader(root, Cache(user_cache(), fingerprint()))
    loader.run()
    problems = _telling(loader.problems, loader.unread)
    digest = loader.sources.digest(shown(root))
    found = Declarations(loader.users, loader.groups, loader.apps, loader.record, str(root), digest, tuple(loader.policies))
    return Loaded(found, problems)


def load_mappings(file: Path) -> tuple[ObjectMapping | None, list[Problem]]:
    """The users' mapping of one file, wherever it lies, and what is wrong in it."""
    loader = _Loader(file.parent, Cache(None, ""))
    document = loader._read(file, "mappings")
    mapping = mapping_of(document, loader.problems) if document is not None else None
    return mapping, _telling(loader.problems, set())


def _telling(problems: list[Problem], unread: set[str]) -> list[Problem]:
    """Sorted, without what follows from another one: names of a file that could not be read, a second flaw of one value."""
    found = sorted(set(problems), key=lambda p: (p.place, p.code.startswith("schema-"), p.code, p.message))
    kept: list[Problem] = []
    for problem in found:
        again = kept and kept[-1].place == problem.place and problem.code.startswith("schema-")
        if not again and problem.code not in unread:
            kept.append(problem)
    return kept


class _Loader:
    def __init__(self, root: Path, cache: Cache) -> None:
        self.root, self.cache = root, cache
        self.problems: list[Problem] = []
        self.users = Table(User, "userPrincipalName")
        self.groups = Table(Group, "displayName")
        self.apps: dict[str, App] = {}
        self.sources = Sources()
        self.record = RecordSettings()
        self.policies: list[Policy] = []
        self.unread: set[str] = set()  # codes of references to what stands in files that could not be read

    def error(self, place: Place, code: str, message: str, remedy: str) -> None:
        self.problems.append(Problem(place, "error", code, message, remedy))

    def run(self) -> None:
        if not os.path.isdir(self.root):
            what, more = ("this is no folder", "") if os.path.exists(self.root) else (
                "there is no such folder", ", or write a small one with `reconcile init`")  # fmt: skip
            self.error(Place(shown(self.root), 1), "no-declarations", what, "name the folder with --desired" + more)
            return
        self._only(self.root, {"directory", "apps", "policies"}, {"reconciler"})
        directory = self.root / "directory"
        self._only(directory, {"users", "groups"}, set())
        for file, rows in self._lists(directory / "users", "users"):
            self._items(file, rows, "users", self.users)
        for file, rows in self._lists(directory / "groups", "groups"):
            self._items(file, rows, "groups", self.groups)
        self._settings()
        check_directory(self.users, self.groups, self.sources, self.problems)
        self._apps()
        self._policies()

    def _entries(self, folder: Path) -> list[Path]:
        """What lies in a folder and may mean something, sorted; nothing where there is no folder."""
        if not os.path.isdir(folder):
            return []
        if not os.access(folder, os.R_OK | os.X_OK):
            self.error(Place(shown(folder), 1), "unreadable", "cannot be read: Permission denied", "mend its permissions")
            return []
        return sorted(p for p in folder.iterdir() if not p.name.startswith(".") and p.name != "README.md")

    def _only(self, folder: Path, folders: set[str], files: set[str]) -> None:
        """A name without meaning is an error: a slip in a folder's name must not read as nobody."""
        for entry in self._entries(folder):
            stem = entry.stem if entry.suffix in SUFFIXES else None
            if (entry.is_dir() and entry.name in folders) or (entry.is_file() and stem in files):
                continue
            names = sorted(folders | {f"{name}.yaml" for name in files})
            self.error(Place(shown(entry), 1), "no-meaning", f"{entry.name} has no meaning here",
                       "rename or remove it; known are " + ", ".join(names))  # fmt: skip

    def _files(self, folder: Path) -> Iterator[Path]:
        """Every file of a folder, deeper ones too."""
        for entry in self._entries(folder):
            if entry.is_dir():
                yield from self._files(entry)
            elif entry.suffix in SUFFIXES:
                yield entry
            else:
                self.error(Place(shown(entry), 1), "no-meaning", f"{entry.name} is no YAML or JSON file",
                           "rename or remove it")  # fmt: skip

    def _lists(self, folder: Path, kind: str) -> Iterator[tuple[str, Rows]]:
        """The rows of every file of a folder that holds one kind of list."""
        for path in self._files(folder):
            rows = self._rows(path, kind)
            if rows is not None:
                yield shown(path), rows
            else:
                self.unread.add(f"unknown-{kind.removesuffix('s')}")

    def _rows(self, path: Path, kind: str) -> Rows | None:
        """The rows of one file, from the cache where its content is known to be sound."""
        content = content_of(path)
        if not self._take(content, path):
            return None
        kept = len(content.raw) >= SMALLEST
        known = self.cache.get(kind, content.hash) if kept else None
        if known is not None:
            return known
        before = len(self.problems)
        document = self._parse(path, content.raw, kind)
        if document is None or not isinstance(document.data.get(kind), list):
            return None
        rows = to_rows(document.data.get(kind), document.item_lines, ROW_KEYS[kind])
        if kept and len(self.problems) == before:
            self.cache.put(kind, content.hash, rows)
        return rows

    def _take(self, content: Content | OSError, path: Path) -> TypeGuard[Content]:
        """Whether the file could be read."""
        if isinstance(content, OSError):
            self.error(Place(shown(path), 1), "unreadable", f"cannot be read: {content.strerror}", "mend its permissions")
            return False
        self.sources.add(shown(path), content)
        return True

    def _read(self, path: Path, kind: str) -> Document | None:
        """One file, checked against its schema; None where nothing of it can be used."""
        content = content_of(path)
        return self._parse(path, content.raw, kind) if self._take(content, path) else None

    def _parse(self, path: Path, raw: bytes, kind: str) -> Document | None:
        document = parse(raw, shown(path))
        self.problems.extend(document.problems)
        if not IN_PLACE.issuperset(problem.code for problem in document.problems):
            return None
        if document.data is None:
            self.error(Place(document.file, 1), "empty-file", "the file is empty", f"write `{kind}: []` for none")
            return None
        self.problems.extend(check(document, kind))
        return document if isinstance(document.data, dict) else None

    def _items(self, file: str, rows: Rows, kind: str, table: Table[Any]) -> None:
        for row, earlier in table.add(rows, file):
            self.error(self.sources.place(file, (kind, table.numbers[row], table.key)), "duplicate",
                       f"{table.columns[table.key][row]} is declared twice, first at {table.line(earlier)}",
                       "keep one of the two")  # fmt: skip

    def _policies(self) -> None:
        for path in self._files(self.root / "policies"):
            document = self._read(path, "policies")
            if document is not None:
                self.policies += read_policies(document, sound)
        check_policies(self.policies, self.apps, self.problems)

    def _settings(self) -> None:
        """reconciler.yaml: a key of the other backend is a slip, and must not read as the default."""
        files = [entry for entry in self._entries(self.root) if entry.stem == "reconciler" and entry.suffix in SUFFIXES]
        for entry in files:
            document = self._read(entry, "reconciler")
            declared = document.data.get("record") if document else None
            if document is None or not isinstance(declared, dict):
                continue
            backend = str(declared.get("backend", "local"))
            self.record = RecordSettings(backend, str(declared.get("remote", "origin")), declared.get("path"), str(self.root))
            for key, owner in (("remote", "git"), ("path", "local")):
                if key in declared and backend != owner:
                    self.error(document.locate(("record", key), key=True), "other-backend",
                               f"{key} has no meaning for the record's backend {backend}",
                               f"write `backend: {owner}`, or remove {key}")  # fmt: skip
        self._single(files)

    def _single(self, entries: list[Path]) -> None:
        """What is declared in one place stands in one file or folder: a second would hide the first, or be read by nobody."""
        first: dict[str, Path] = {}
        for entry in entries:
            other = first.setdefault(fold(entry.name if entry.is_dir() else entry.stem), entry)
            if other is not entry:
                self.error(Place(shown(entry), 1), "duplicate", f"the same is declared in {shown(other)}", "keep one of the two")

    def _apps(self) -> None:
        folders = self._entries(self.root / "apps")
        if not any(folder.is_dir() for folder in folders):
            self.error(Place(shown(self.root / "apps"), 1), "no-app", "no app is declared", "add apps/<app>/app.yaml")
        self._single([folder for folder in folders if folder.is_dir()])
        for folder in folders:
            if folder.is_dir():
                self._app(folder)
            else:
                self.error(Place(shown(folder), 1), "no-meaning", f"{folder.name} has no meaning here",
                           "an app is a folder apps/<app>")  # fmt: skip

    def _app(self, folder: Path) -> None:
        found: dict[str, Document] = {}
        lists: list[tuple[str, Rows]] = []
        broken = False
        self._only(folder, {"assignments"}, set(APP_KINDS))
        entries = self._entries(folder)
        self._single([entry for entry in entries if entry.is_file() and entry.stem in APP_KINDS and entry.suffix in SUFFIXES])
        for entry in entries:
            if entry.name == "assignments" and entry.is_dir():
                lists.extend(self._lists(entry, "assignments"))
            elif entry.stem == "assignments" and entry.is_file() and entry.suffix in SUFFIXES:
                rows = self._rows(entry, "assignments")
                broken = broken or rows is None
                lists.extend([(shown(entry), rows)] if rows else [])
            elif entry.is_file() and entry.stem in APP_KINDS and entry.suffix in SUFFIXES:
                document = self._read(entry, entry.stem)
                broken = broken or document is None
                if document is not None:
                    found.setdefault(entry.stem, document)
        have = set(found) | ({"assignments"} if lists else set())
        missing = [kind for kind in ("app", "mappings", "assignments") if kind not in have]
        for kind in missing if not broken else []:
            self.error(Place(shown(folder), 1), "missing-file", f"{kind}.yaml is missing", f"add {kind}.yaml")
        if not missing and not broken:
            app = build_app(folder.name, found, self.problems)
            if app is not None:
                assignments = collect(lists, app.roles, self.users, self.groups, self.sources, self.problems)
                check_protected(app, self.users, found["app"], self.problems)
                self.apps[app.name] = replace(app, assignments=assignments)


def shown(path: Path) -> str:
    """A path as people read it: relative to where they are, if it lies below."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative.replace(os.sep, "/")


def content_of(path: Path) -> Content | OSError:
    """What is in a file, or why it cannot be read."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        return error
    return Content(raw, hashlib.sha256(raw).digest())
