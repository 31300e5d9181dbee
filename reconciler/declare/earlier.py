"""Declarations, and what some of their files held at another time, in; what was declared then out. Writes a cache."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from reconciler.declare.assignments import assignments_in
from reconciler.declare.cache import Cache, user_cache
from reconciler.declare.model import App, Assignment, Declarations
from reconciler.declare.reader import Reader
from reconciler.declare.schema import fingerprint
from reconciler.declare.sources import Content
from reconciler.declare.table import Rows, Table

Contents = Mapping[str, bytes | None]  # by file, None where there was no such file
LISTS = ("users", "groups", "assignments")


def as_declared_then(app: App, declarations: Declarations, held: Mapping[str, Contents]) -> Declarations | None:
    """The directory, and the app with its assignments; the rest is as it is today. None where a file was not sound then.

    `held` is, for each of LISTS, what those of its files held then that hold something else today.
    """
    rows = {kind: _rows(kind, held.get(kind, {})) for kind in LISTS}
    if any(found is None for files in rows.values() for found in files.values()):
        return None
    then = {kind: [(file, found) for file, found in files.items() if found is not None] for kind, files in rows.items()}
    users = _table(declarations.users, held.get("users", {}), then["users"])
    groups = _table(declarations.groups, held.get("groups", {}), then["groups"])
    assignments = _assignments(app.assignments, held.get("assignments", {}), then["assignments"])
    return replace(declarations, users=users, groups=groups, apps={app.name: replace(app, assignments=assignments)})


def _rows(kind: str, files: Contents) -> dict[str, Rows | None]:
    """The rows of those files that were there; None for one that cannot be read, or is not as its schema says."""
    cache, found = Cache(user_cache(), fingerprint()), dict[str, Rows | None]()
    for file, raw in files.items():
        if raw is not None:
            reader = Reader(cache, [])
            rows = reader.rows_in(Content(raw, hashlib.sha256(raw).digest()), Path(file), kind)
            found[file] = None if reader.problems else rows
    return found


def _table(today: Table[Any], changed: Contents, then: Sequence[tuple[str, Rows]]) -> Table[Any]:
    if not changed:
        return today
    table = today.without(changed)
    for file, rows in then:
        table.add(rows, file)
    return table


def _assignments(today: Sequence[Assignment], changed: Contents, then: Sequence[tuple[str, Rows]]) -> list[Assignment]:
    return [item for item in today if item.file not in changed] + [
        item for file, rows in then for item in assignments_in(file, rows)
    ]
