"""What the declarations said at an earlier commit: a commit and a file in, its text out. Asks git, writes nothing.

A commit that is not here (a shallow clone, a record of another repository), a file that it has not, and a folder outside of any
repository all answer "not known": nobody may take that for "was empty".
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from reconciler.declare.folders import SUFFIXES
from reconciler.declare.yaml.document import Document, parse
from reconciler.record.here import ask, inside, output

COMMIT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")


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
        return _content(Path.cwd(), blob).decode("utf-8")
    except (LookupError, UnicodeDecodeError):
        return None


def names_at(commit: str, folder: str) -> list[str]:
    """The files below a folder at a commit, named as declarations name them; none where that is not known."""
    path = inside(folder) or ""
    return [os.path.join(folder, os.path.relpath(name, path)) for name in _files(commit, folder)]


def apps_at(commit: str, folder: str) -> list[str]:
    """The folders of apps that a commit holds."""
    return sorted({Path(file).parent.name for file in names_at(commit, f"{folder}/apps") if Path(file).stem == "app"})


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


@lru_cache(maxsize=256)
def _tree(here: Path, commit: str, path: str) -> Mapping[str, tuple[str, str]]:
    listed = ask("ls-tree", "-r", "-z", "--full-tree", commit, "--", *([path] if path != "." else []))
    if listed is None:
        raise LookupError(commit)
    rows = (row.partition("\t") for row in listed.split("\0") if row)
    return {name: (words.split()[0], words.split()[2]) for words, _, name in rows}


@lru_cache(maxsize=256)
def _content(here: Path, blob: str) -> bytes:
    raw = output("cat-file", "blob", blob)
    if raw is None:
        raise LookupError(blob)
    return raw


def is_known(commit: str) -> bool:
    """Whether the commit is here."""
    return bool(COMMIT.fullmatch(commit)) and output("cat-file", "-e", commit + "^{commit}") is not None
