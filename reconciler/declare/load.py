"""The folder `desired/` in, declarations and every problem out. Reads files, writes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.declare.build import build_app
from reconciler.declare.model import App, Declarations, Group, Place, Problem, User, fold
from reconciler.declare.references import check_directory
from reconciler.declare.schema import check
from reconciler.declare.yaml import Document, parse

SUFFIXES = (".yaml", ".yml", ".json")
APP_KINDS = ("app", "roles", "assignments", "mappings", "approvals")
NOT_YET = {
    "approvals": "approvals.yaml",
    "policies": "policies",
    "reconciler": "reconciler.yaml",
}


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
    loader = _Loader(root)
    loader.run()
    problems = sorted(set(loader.problems), key=lambda p: (p.place, p.code, p.message))
    return Loaded(Declarations(loader.users, loader.groups, loader.apps), problems)


class _Loader:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.problems: list[Problem] = []
        self.users: dict[str, User] = {}
        self.groups: dict[str, Group] = {}
        self.apps: dict[str, App] = {}
        self.documents: dict[str, Document] = {}

    def error(self, place: Place, code: str, message: str, remedy: str) -> None:
        self.problems.append(Problem(place, "error", code, message, remedy))

    def run(self) -> None:
        if not os.path.isdir(self.root):
            what = "this is no folder" if os.path.exists(self.root) else "there is no such folder"
            self.error(Place(shown(self.root), 1), "no-declarations", what, "name the folder with --desired")
            return
        self._only(self.root, {"directory", "apps", "policies"}, {"reconciler"})
        directory = self.root / "directory"
        self._only(directory, {"users", "groups"}, set())
        for document in self._files(directory / "users", "users"):
            self._items(document, "users", "userPrincipalName", User, self.users)
        for document in self._files(directory / "groups", "groups"):
            self._items(document, "groups", "displayName", Group, self.groups)
        self._unused()
        check_directory(self.users, self.groups, self.documents, self.problems)
        self._apps()

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

    def _files(self, folder: Path, kind: str) -> Iterator[Document]:
        """Every file of a folder, deeper ones too."""
        for entry in self._entries(folder):
            if entry.is_dir():
                yield from self._files(entry, kind)
            elif entry.suffix in SUFFIXES:
                document = self._read(entry, kind)
                if document is not None:
                    yield document
            else:
                self.error(Place(shown(entry), 1), "no-meaning", f"{entry.name} is no YAML or JSON file",
                           "rename or remove it")  # fmt: skip

    def _read(self, path: Path, kind: str) -> Document | None:
        """One file, checked against its schema; None where nothing of it can be used."""
        try:
            raw = path.read_bytes()
        except OSError as error:
            self.error(Place(shown(path), 1), "unreadable", f"cannot be read: {error.strerror}", "mend its permissions")
            return None
        document = parse(raw, shown(path))
        self.documents[document.file] = document
        if document.problems:
            self.problems.extend(document.problems)
            return None
        if document.data is None:
            self.error(Place(document.file, 1), "empty-file", "the file is empty", f"write `{kind}: []` for none")
            return None
        found = check(document, kind)
        self.problems.extend(found)
        if not isinstance(document.data, dict):
            return None
        return document

    def _items(self, document: Document, kind: str, key: str, make: Any, into: dict[str, Any]) -> None:
        rows = document.data.get(kind)
        if not isinstance(rows, list):
            return
        for number, row in enumerate(rows):
            if not isinstance(row, dict) or not isinstance(row.get(key), str):
                continue
            item = make(fold(row[key]), row, document.file, document.item_lines[number])
            other = into.setdefault(item.key, item)
            if other is not item:
                self.error(document.locate((kind, number, key)), "duplicate",
                           f"{row[key]} is declared twice, first at {other.file}:{other.line}",
                           "keep one of the two")  # fmt: skip

    def _unused(self) -> None:
        for document in self._files(self.root / "policies", "policies"):
            self._not_yet(document.file, "policies")
        for entry in self._entries(self.root):
            if entry.stem == "reconciler" and entry.suffix in SUFFIXES:
                self._read(entry, "reconciler")
                self._not_yet(shown(entry), "reconciler.yaml")

    def _not_yet(self, file: str, what: str, line: int = 1) -> None:
        self.problems.append(
            Problem(Place(file, line), "warning", "no-effect-yet", f"{what} has no effect yet",
                    "it is checked, and will count once this version's successor reads it")
        )  # fmt: skip

    def _apps(self) -> None:
        folders = self._entries(self.root / "apps")
        if not any(folder.is_dir() for folder in folders):
            self.error(Place(shown(self.root / "apps"), 1), "no-app", "no app is declared", "add apps/<app>/app.yaml")
        for folder in folders:
            if folder.is_dir():
                self._app(folder)
            else:
                self.error(Place(shown(folder), 1), "no-meaning", f"{folder.name} has no meaning here",
                           "an app is a folder apps/<app>")  # fmt: skip

    def _app(self, folder: Path) -> None:
        found: dict[str, list[Document]] = {kind: [] for kind in APP_KINDS}
        broken = False
        self._only(folder, {"assignments"}, set(APP_KINDS))
        for entry in self._entries(folder):
            if entry.is_dir() and entry.name == "assignments":
                found["assignments"].extend(self._files(entry, "assignments"))
            elif entry.is_file() and entry.stem in APP_KINDS and entry.suffix in SUFFIXES:
                document = self._read(entry, entry.stem)
                broken = broken or document is None
                found[entry.stem].extend([document] if document else [])
        missing = [kind for kind in ("app", "mappings", "assignments") if not found[kind]]
        for kind in missing if not broken else []:
            self.error(Place(shown(folder), 1), "missing-file", f"{kind}.yaml is missing", f"add {kind}.yaml")
        for document in found["approvals"]:
            self._not_yet(document.file, "approvals.yaml")
        if not missing and not broken:
            app = build_app(folder.name, found, self.users, self.groups, self.problems)
            if app is not None:
                self.apps[app.name] = app


def shown(path: Path) -> str:
    """A path as people read it: relative to where they are, if it lies below."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative.replace(os.sep, "/")
