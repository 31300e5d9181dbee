"""What an app's declaration was at an earlier commit: today's and the commit in, that of then out, or why it is not known.

Asks git for the files that differ; writes the cache of parsed files.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from reconciler.cycle.earlier_commit import history_here, is_known, links_at, not_here, text_at
from reconciler.declare.earlier import LISTS, as_declared_then
from reconciler.declare.folders import readable_path
from reconciler.declare.model import App, Declarations
from reconciler.record.here import checkout_here


class NotKnown(Exception):
    """Why nobody can tell which objects the declaration's change touches, as the end of a sentence."""


def declared_then(app: App, declarations: Declarations, commit: str) -> Declarations:
    """What was declared at a commit, of the directory and of one app. Raises NotKnown."""
    if not commit:
        raise NotKnown("the record knows no commit of what was applied last")
    if not is_known(commit):
        what = f"commit {commit[:12]}, which was applied last, is not in this checkout"
        raise NotKnown(not_here(what, history_here()))
    files = _by_kind(app, declarations, commit)
    for file in files.get("all", ()):
        raise NotKnown(f"{readable_path(Path(file))} is not as it was at commit {commit[:12]}")
    return _as_it_was(app, declarations, commit, files)


def lists_then(app: App, declarations: Declarations, commit: str) -> Declarations:
    """The same of users, groups and assignments alone: whatever else there is, is as it is today. Raises NotKnown."""
    return _as_it_was(app, declarations, commit, _by_kind(app, declarations, commit))


def _by_kind(app: App, declarations: Declarations, commit: str) -> dict[str, list[str]]:
    """The files that differ by the list that they belong to, those that belong to none under `all`. Raises NotKnown."""
    found: dict[str, list[str]] = {}
    for file in _differing(commit, declarations.folder):
        if (kind := _kind(file, app.name, declarations.folder)) is not None:
            found.setdefault(kind, []).append(file)
    return found


def _as_it_was(app: App, declarations: Declarations, commit: str, files: Mapping[str, list[str]]) -> Declarations:
    held = {kind: {readable_path(Path(file)): _raw(commit, file) for file in files.get(kind, ())} for kind in LISTS}
    then = as_declared_then(app, declarations, held)
    if then is None:
        raise NotKnown(f"a list that changed since commit {commit[:12]} cannot be read as it was there")
    return then


def _raw(commit: str, file: str) -> bytes | None:
    text = text_at(commit, file)
    return None if text is None else text.encode()


def _differing(commit: str, folder: str) -> list[str]:
    """The files that are other than the commit has them, named as declarations name them. Raises NotKnown."""
    checkout = checkout_here()
    path = checkout.path_of(Path(folder)) if checkout else None
    names = checkout.differing(Path(folder), commit) if checkout and path is not None else None
    if checkout is None or path is None or names is None:
        raise NotKnown(f"git does not say what changed since commit {commit[:12]}")
    if links_at(commit, folder) or any((checkout.top / name).is_symlink() for name in names):
        raise NotKnown("declarations are reached through links")
    return [os.path.join(folder, os.path.relpath(name, path)) for name in sorted(names)]


def _kind(file: str, app: str, folder: str) -> str | None:
    """The list that a changed file belongs to; None where nothing of the app hangs on it, `all` where everything may."""
    path = PurePosixPath(os.path.relpath(file, folder))
    if path.name == "README.md" or any(part.startswith(".") for part in path.parts):
        return None
    match [*path.parts[:-1], path.stem]:
        case ["directory", ("users" | "groups") as kind, *_]:
            return kind
        case ["apps", other, *_] if other != app:
            return None
        case ["apps", _, "assignments", *_]:
            return "assignments"
        case ["apps", _, "approvals"] | ["policies", *_] | ["reviews", *_]:
            return None  # safeguards look at what is planned, and nothing of a review is
        case _:
            return "all"
