"""What the declarations said at an earlier commit: a commit and a file in, its text out. Asks git, writes nothing.

A commit that is not here (a shallow clone, a record of another repository), a file that it has not, and a folder outside of any
repository all answer "not known": nobody may take that for "was empty".
"""

from __future__ import annotations

import hashlib
import os
import re
from bisect import bisect_left
from collections.abc import Mapping
from enum import Enum
from functools import cache, lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from reconciler.declare.folders import SUFFIXES
from reconciler.declare.yaml.document import Document, parse
from reconciler.record.here import ask, inside, output

COMMIT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")


class History(Enum):
    """How much of a repository's history is here."""

    NONE, PART, WHOLE = "no checkout", "a shallow clone", "a clone"


def history_here() -> History:
    """Asks git."""
    said = (ask("rev-parse", "--is-shallow-repository") or "").strip()
    return {"": History.NONE, "true": History.PART}.get(said, History.WHOLE)


def not_here(what: str, history: History) -> str:
    """What is missing in a checkout with so much history, and what would help."""
    match history:
        case History.NONE:
            return "this folder is in no Git checkout: run it in a clone of the repository that holds the declarations"
        case History.PART:
            return f"{what}: fetch its history (git fetch --unshallow; in a workflow fetch-depth: 0)"
        case History.WHOLE:
            return f"{what}, which has its whole history: fetch the branch or the repository that has more"


def document_at(commit: str, file: str) -> Document | None:
    """The YAML of a file at a commit, None where `text_at` answers None; parsed once, since what a commit holds stays."""
    return _parsed(text, file) if (text := text_at(commit, file)) is not None else None


@lru_cache(maxsize=256)
def _parsed(text: str, file: str) -> Document:
    return parse(text.encode(), file)


def text_at(commit: str, file: str) -> str | None:
    """The text of a file, named as declarations name it (`desired/apps/wiki/app.yaml`), at a commit (its whole id).

    None where that is not known, where the commit has no such file, where it is a link, and where it is not UTF-8.
    """
    mode, blob = _files(commit, os.path.dirname(file)).get(inside(file) or "", ("", ""))
    if mode not in ("100644", "100755"):
        return None
    try:
        raw = _unchanged(file, blob)
        return (_content(Path.cwd(), blob) if raw is None else raw).decode("utf-8")
    except (LookupError, UnicodeDecodeError):
        return None


def is_same(commit: str, file: str) -> bool:
    """Whether a file is, byte by byte, what it was at a commit; git need not show it for that."""
    _, blob = _files(commit, os.path.dirname(file)).get(inside(file) or "", ("", ""))
    return _unchanged(file, blob) is not None


def _unchanged(file: str, blob: str) -> bytes | None:
    """What a file holds, where it is what a blob holds."""
    try:
        raw = Path(file).read_bytes()
    except OSError:
        return None
    kind = "sha256" if len(blob) == 64 else "sha1"
    return raw if blob == hashlib.new(kind, b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest() else None


def names_at(commit: str, folder: str) -> list[str]:
    """The files below a folder at a commit, named as declarations name them; none where that is not known."""
    path = inside(folder) or ""
    start = 0 if path == "." else len(path) + 1
    return [os.path.join(folder, name[start:]) for name in _files(commit, folder)]


def links_at(commit: str, folder: str) -> bool:
    """Whether a file below a folder is a link at a commit."""
    return any(mode == "120000" for mode, _ in _files(commit, folder).values())


def apps_at(commit: str, folder: str) -> list[str]:
    """The folders of apps that a commit holds."""
    try:
        return _apps(Path.cwd(), commit, folder)
    except LookupError:
        return []


def read_at(commit: str, name: str) -> dict[str, Any]:
    """A YAML file of a commit, named without its suffix; what is none is as good as an empty one."""
    documents = (document_at(commit, name + suffix) for suffix in SUFFIXES)
    data: Any = next((document.data for document in documents if document is not None), {})
    return data if isinstance(data, dict) else {}


def _files(commit: str, folder: str) -> Mapping[str, tuple[str, str]]:
    """Path from the top -> mode and blob of each file below a folder; none where that is not known."""
    path = inside(folder)
    if path is None or not COMMIT.fullmatch(commit):
        return {}
    try:
        return _tree(Path.cwd(), commit, path)
    except LookupError:
        return {}


# Neither a commit nor a blob ever changes: git is asked once for each, whatever the number of apps. What is not known raises
# LookupError, which is not kept: it may have been fetched when the next one asks.


class _Tree:
    """What a commit holds below a folder, sorted by path from the top: mode and blob of each file."""

    def __init__(self, files: Mapping[str, tuple[str, str]]) -> None:
        self.files, self._names = files, sorted(files)

    def below(self, path: str) -> Mapping[str, tuple[str, str]]:
        """That part of it which lies below a folder in there; `0` is the character after `/`."""
        first, end = bisect_left(self._names, path + "/"), bisect_left(self._names, path + "0")
        return {name: self.files[name] for name in self._names[first:end]}


_trees: dict[tuple[Path, str, str], _Tree] = {}


def _tree(here: Path, commit: str, path: str) -> Mapping[str, tuple[str, str]]:
    """The files below a folder: from what was asked of it, or of a folder above it, where something was."""
    for above in (path, *map(str, PurePosixPath(path).parents)):
        if (known := _trees.get((here, commit, above))) is not None:
            return known.files if above == path else known.below(path)
    listed = ask("ls-tree", "-r", "-z", "--full-tree", commit, "--", *([path] if path != "." else []))
    if listed is None:
        raise LookupError(commit)
    rows = (row.partition("\t") for row in listed.split("\0") if row)
    _trees[here, commit, path] = found = _Tree({name: (words.split()[0], words.split()[2]) for words, _, name in rows})
    return found.files


@lru_cache(maxsize=256)
def _apps(here: Path, commit: str, folder: str) -> list[str]:
    if not is_known(commit):
        raise LookupError(commit)
    files = map(PurePosixPath, names_at(commit, f"{folder}/apps"))
    return sorted({file.parent.name for file in files if file.stem == "app"})


@lru_cache(maxsize=256)
def _content(here: Path, blob: str) -> bytes:
    raw = output("cat-file", "blob", blob)
    if raw is None:
        raise LookupError(blob)
    return raw


def is_known(commit: str) -> bool:
    """Whether the commit is here."""
    try:
        return bool(COMMIT.fullmatch(commit)) and _exists(Path.cwd(), commit)
    except LookupError:
        return False


@cache
def _exists(here: Path, commit: str) -> bool:
    if output("cat-file", "-e", commit + "^{commit}") is None:
        raise LookupError(commit)
    return True
