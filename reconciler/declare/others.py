"""The folders of apps that nobody asked for in; their heads, and their roles where a policy needs these, out. Reads files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from reconciler.declare.folders import APP_KINDS, SUFFIXES, Folders, readable_path
from reconciler.declare.heads import Head, head_of, roles_in
from reconciler.declare.model import App, Policy, Role
from reconciler.declare.reader import Reader
from reconciler.declare.sources import Content
from reconciler.declare.yaml.document import Document, parse

Found = tuple[str, str, str]  # a file's kind, its path, and its path as people read it


class Others:
    """All of their files count in the digest; what is wrong with them is said to whoever asks for these apps."""

    def __init__(self, folders: Folders, reader: Reader) -> None:
        self.folders, self.reader = folders, reader
        self.heads: dict[str, Head] = {}
        self._roles: dict[str, tuple[Content, str] | None] = {}

    def add(self, folder: Path) -> None:
        contents = self._contents(self._files(folder))
        head = head_of(_parsed(contents.get("app")), folder.name)
        self.heads[head.name] = head
        self._roles[head.name] = contents.get("roles")

    def add_head(self, folder: Path) -> Head:
        """The same of app.yaml alone: whoever asks so has no use for a digest."""
        contents = self._contents(item for item in self._files(folder) if item[0] == "app")
        head = head_of(_parsed(contents.get("app")), folder.name)
        self.heads[head.name] = head
        return head

    def _contents(self, files: Iterable[Found]) -> dict[str, tuple[Content, str]]:
        """By kind, of the first file of each."""
        contents: dict[str, tuple[Content, str]] = {}
        for kind, path, file in files:
            if (content := self.reader.note(path, file)) is not None:
                contents.setdefault(kind, (content, file))
        return contents

    def _files(self, folder: Path) -> list[Found]:
        """The files that would be read of the app: quickly where every name has its meaning, and nothing is a link."""
        above = readable_path(folder)
        ordinary = _ordinary(str(folder), "" if above == "." else f"{above}/")
        if ordinary is not None:
            return ordinary
        before = len(self.reader.problems)
        entries = [(kind, file) for entry, kind in self.folders.of_app(folder) for file in self.folders.listed(entry)]
        del self.reader.problems[before:]
        return [(kind, str(file), readable_path(file)) for kind, file in entries]

    def with_roles(self, policies: Iterable[Policy], apps: Mapping[str, App]) -> Mapping[str, Head]:
        """The heads; with their roles where one of the policies names a role that none of the `apps` has that it is about."""
        if all(set(policy.roles) <= _held(policy, apps) for policy in policies):
            return self.heads
        return {name: replace(head, roles=_roles_of(self._roles[name])) for name, head in self.heads.items()}


def _roles_of(found: tuple[Content, str] | None) -> Mapping[str, Role]:
    return roles_in(_parsed(found) if found else None)


def _parsed(found: tuple[Content, str] | None) -> Document:
    return parse(found[0].raw, found[1]) if found else Document("", "")


def _ordinary(folder: str, above: str) -> list[Found] | None:
    """The files of an app's folder; None where something in it has to be judged first."""
    found: list[Found] = []
    for entry in _visible(folder):
        stem, suffix = os.path.splitext(entry.name)
        if entry.is_file(follow_symlinks=False) and suffix in SUFFIXES and stem in APP_KINDS:
            found.append((stem, entry.path, above + entry.name))
        elif entry.is_dir(follow_symlinks=False) and entry.name == "assignments":
            inside = _rows(entry.path, f"{above}{entry.name}/")
            if inside is None:
                return None
            found += inside
        else:
            return None
    return found


def _rows(folder: str, above: str) -> list[Found] | None:
    """The files below `assignments/`."""
    found: list[Found] = []
    for entry in _visible(folder):
        if not entry.is_file(follow_symlinks=False) or os.path.splitext(entry.name)[1] not in SUFFIXES:
            return None
        found.append(("assignments", entry.path, above + entry.name))
    return found


def _visible(folder: str) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return iter(())
    return (entry for entry in listed if not entry.name.startswith(".") and entry.name != "README.md")


def _held(policy: Policy, apps: Mapping[str, App]) -> set[str]:
    return {role for app in apps.values() if policy.concerns(app.name) for role in app.roles}
