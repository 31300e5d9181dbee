"""Folders of declarations in, their files with what their names mean out; names without a meaning are errors. Reads folders."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from reconciler.declare.links import MOST, leads_astray, on_the_way, too_many
from reconciler.declare.names import fold
from reconciler.declare.place import Place, Problem
from reconciler.declare.wording import did_you_mean, likely

APP_KINDS = {"app", "roles", "assignments", "mappings", "approvals"}
SUFFIXES = (".yaml", ".yml", ".json")
APP_NAME = re.compile("[A-Za-z0-9][A-Za-z0-9_-]*")  # the whole of it, as schemas/app.schema.json has it
SLIP = 0.7  # of the letters: what is less alike was meant otherwise


def unusable(root: Path) -> Problem | None:
    """Why nothing can be read under `root`; None where something may be."""
    if refused := on_the_way(root):
        return Problem(Place(readable_path(refused.path), 1), "error", *refused[1:])
    if os.path.isdir(root):
        return None
    what, more = (
        ("this is not a folder", "")
        if os.path.exists(root)
        else ("there is no such folder", ", or write a small one with `reconcile init`")
    )
    return Problem(Place(readable_path(root), 1), "error", "no-declarations", what, "name the folder with --desired" + more)


def no_app(root: Path) -> Problem:
    """There are declarations, and none of an app."""
    return Problem(Place(readable_path(root / "apps"), 1), "error", "no-app", "no app is declared", "add apps/<app>/app.yaml")


class Folders:
    """Lists folders below `root`; what is wrong with names and links is added to `problems`."""

    def __init__(self, root: Path, problems: list[Problem]) -> None:
        self.root, self.problems = root, problems
        self.links = 0

    def error(self, entry: Path, code: str, message: str, remedy: str) -> None:
        self.problems.append(Problem(Place(readable_path(entry), 1), "error", code, message, remedy))

    def entries(self, folder: Path) -> list[Path]:
        """What lies in a folder and may mean something, sorted; nothing where there is no folder."""
        if not os.path.isdir(folder):
            return []
        if not os.access(folder, os.R_OK | os.X_OK):
            self.error(folder, "unreadable", "cannot be read: Permission denied", "fix its permissions")
            return []
        visible = sorted(p for p in folder.iterdir() if not p.name.startswith(".") and p.name != "README.md")
        return [entry for entry in visible if self._followed(entry) and self._regular(entry)]

    def _followed(self, entry: Path) -> bool:
        """The one place where links are judged: whoever reads declarations has listed them here."""
        if not entry.is_symlink():
            return True
        self.links += 1
        refused = leads_astray(entry, self.root)
        if refused is None and self.links > MOST:
            refused = too_many(entry)
        if refused is not None and self.links <= MOST + 1:
            self.error(entry, *refused[1:])
        return refused is None

    def _regular(self, entry: Path) -> bool:
        """A pipe or a device would be read for ever."""
        if entry.is_dir() or entry.is_file() or not entry.exists():
            return True
        self.error(entry, "no-regular-file", f"{entry.name} is not a regular file", "put a file or a folder there")
        return False

    def known(self, folder: Path, folders: set[str], files: set[str]) -> list[tuple[Path, str]]:
        """What lies in a folder, each with the name that gives it its meaning; a slip is read as what was probably meant.

        A name without meaning is an error: a slip in a folder's name must not read as nobody.
        """
        known: list[tuple[Path, str]] = []
        others: list[tuple[Path, str]] = []
        for entry in self.entries(folder):
            name = _name(entry)
            (known if name in (folders if entry.is_dir() else files) else others).append((entry, name))
        for entry, name in others:
            meant = likely(name, folders | files, SLIP) if name else None
            self._no_meaning(entry, meant, folders, files)
            if meant and (meant in folders or entry.is_file()) and meant not in {taken for _, taken in known}:
                known.append((entry, meant))
        return known

    def _no_meaning(self, entry: Path, meant: str | None, folders: set[str], files: set[str]) -> None:
        names = [*sorted(folders), *(f"{name}.yaml" for name in sorted(files))]
        if meant is not None:
            meant = f"{meant}/" if meant in folders and (entry.is_dir() or meant not in files) else f"{meant}.yaml"
        self.error(
            entry,
            "no-meaning",
            f"{entry.name} has no meaning here",
            did_you_mean(meant, "rename or remove it; known are " + ", ".join(names)),
        )

    def of_root(self) -> list[tuple[Path, str]]:
        """What lies in the root, each with its kind.

        Reviews say nothing of what should be on a service: they are looked at by whoever asks for them (declare/reviews.py).
        """
        return self.known(self.root, {"directory", "apps", "policies", "reviews"}, {"reconciler"})

    def of_directory(self, known: list[tuple[Path, str]]) -> list[tuple[Path, str]]:
        """The folders of people and groups among what is known of the root, each with its kind."""
        return [item for entry in named(known, "directory") for item in self.known(entry, {"users", "groups"}, set())]

    def of_app(self, folder: Path) -> list[tuple[Path, str]]:
        """What lies in the folder of an app, each with its kind of file."""
        entries = self.known(folder, {"assignments"}, APP_KINDS)
        self.single([entry for entry, _ in entries if entry.is_file()])
        return entries

    def listed(self, entry: Path) -> list[Path]:
        """The files of an entry that is one, or a folder of several."""
        return list(self.files(entry)) if entry.is_dir() else [entry]

    def files(self, folder: Path) -> Iterator[Path]:
        """Every file of a folder, deeper ones too; a file that stands where a folder should is read as its only one."""
        if folder.is_file():
            yield folder
        for entry in self.entries(folder):
            if entry.is_dir():
                yield from self.files(entry)
            elif entry.suffix in SUFFIXES:
                yield entry
            else:
                self.error(entry, "no-meaning", f"{entry.name} is not a YAML or JSON file", "rename or remove it")

    def single(self, entries: list[Path]) -> None:
        """What is declared in one place stands in one file or folder: a second would hide the first, or be read by nobody."""
        first: dict[str, Path] = {}
        for entry in entries:
            other = first.setdefault(fold(entry.name if entry.is_dir() else entry.stem), entry)
            if other is not entry:
                self.error(entry, "duplicate", f"the same is declared in {readable_path(other)}", "keep one of the two")


def named(known: list[tuple[Path, str]], name: str) -> list[Path]:
    """Those of `known` that have a name."""
    return [entry for entry, kind in known if kind == name]


def _name(entry: Path) -> str:
    """What a name in a folder says: a file's without its suffix, nothing where it can be no declaration."""
    return entry.name if entry.is_dir() else entry.stem if entry.suffix in SUFFIXES else ""


def readable_path(path: Path) -> str:
    """A path as people read it: relative to where they are, if it lies below."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative.replace(os.sep, "/")
