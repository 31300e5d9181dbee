"""What an app's declaration was at an earlier commit: today's and the commit in, that of then out, or why it is not known.

Asks git for the files that differ; writes the cache of parsed files.
"""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from reconciler.cycle.earlier_commit import is_known, links_at, text_at
from reconciler.declare.earlier import as_declared_then
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
        raise NotKnown(f"commit {commit[:12]}, which was applied last, is not in this checkout: fetch its history")
    held: dict[str, dict[str, bytes | None]] = {}
    for file in _differing(commit, declarations.folder):
        kind = _kind(file, app.name, declarations.folder)
        if kind == "all":
            raise NotKnown(f"{readable_path(Path(file))} is not as it was at commit {commit[:12]}")
        if kind is not None:
            text = text_at(commit, file)
            held.setdefault(kind, {})[readable_path(Path(file))] = None if text is None else text.encode()
    then = as_declared_then(app, declarations, held)
    if then is None:
        raise NotKnown(f"a list that changed since commit {commit[:12]} cannot be read as it was there")
    return then


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
