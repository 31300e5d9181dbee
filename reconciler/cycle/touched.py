"""A commit and today's declarations in, the apps that may differ since out: by file, by reference. Asks git, reads files.

Whatever is not understood touches every app: one that is planned in vain costs a minute, one that is not planned hides a change.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.cycle.earlier_commit import text_at
from reconciler.declare.model import Declarations
from reconciler.declare.names import fold
from reconciler.declare.touched import Directory, Row, differing, touched
from reconciler.declare.yaml.document import parse
from reconciler.record.here import ask, checkout_here

KEYS = {"users": "userPrincipalName", "groups": "displayName"}


@dataclass(frozen=True)
class Touched:
    """`apps` are folded names; `every` says why each app is touched, or nothing."""

    apps: frozenset[str] = frozenset()
    every: str = ""

    def holds(self, app: str) -> bool:
        return bool(self.every) or fold(app) in self.apps


class _EveryApp(Exception):
    """Why nobody can say that an app is not touched."""


def touched_since(commit: str, desired: Path, load: Callable[[], Declarations | None]) -> Touched:
    """What may differ from that commit; `load` answers the declarations of today, None where they have errors."""
    try:
        return Touched(_since(commit, desired, load))
    except _EveryApp as why:
        return Touched(every=str(why))


def _since(commit: str, desired: Path, load: Callable[[], Declarations | None]) -> frozenset[str]:
    checkout = checkout_here()
    whole = (ask("rev-parse", "--verify", "--quiet", "--end-of-options", commit + "^{commit}") or "").strip() if checkout else ""
    differ = checkout.differing(desired, whole) if checkout and whole else None
    top = checkout.path_of(desired) if checkout else None
    if differ is None or top is None:
        raise _EveryApp(f"the commit {commit[:12]} is not in this checkout")
    if any(os.path.islink(os.path.join(folder, name)) for folder, inner, files in os.walk(desired) for name in (*inner, *files)):
        raise _EveryApp("there are links in the declarations, and what one leads to may differ")
    files = [name if top == "." else name.removeprefix(f"{top}/") for name in sorted(differ)]
    changes = _Changes(whole, desired)
    for name in files:
        changes.add(name)
    return changes.apps | _of_directory(changes, load)


def _of_directory(changes: _Changes, load: Callable[[], Declarations | None]) -> frozenset[str]:
    users, groups = (differing(*changes.rows[kind]) for kind in KEYS)
    if not users and not groups:
        return frozenset()
    declarations = load()
    if declarations is None:
        raise _EveryApp("the declarations have errors")
    left = any(before.keys() - after.keys() for before, after in changes.rows.values())
    return frozenset(map(fold, touched(declarations, Directory(users, groups, left))))


@dataclass
class _Changes:
    """What the files that differ say, before and after; rows are by folded name."""

    commit: str
    desired: Path
    named: set[str] = field(default_factory=set)
    rows: dict[str, tuple[dict[str, Row], dict[str, Row]]] = field(default_factory=lambda: {kind: ({}, {}) for kind in KEYS})

    @property
    def apps(self) -> frozenset[str]:
        return frozenset(self.named)

    def add(self, file: str) -> None:
        """One file that differs, named from the folder of the declarations on. Raises _EveryApp."""
        match file.split("/"):
            case ["apps", app, _, *_]:
                self.named.add(fold(app))
            case ["directory", ("users" | "groups") as kind, _, *_]:
                for rows, items in zip(self.rows[kind], self._lists(file, kind), strict=True):
                    rows.update(_by_name(items, KEYS[kind], file))
            case ["policies", _, *_]:
                self._policies(*self._lists(file, "policies"), file)
            case ["reviews", _, *_]:
                pass  # nothing of a review is written to a service
            case _:
                raise _EveryApp(f"{file} differs")

    def _policies(self, before: list[Any], after: list[Any], file: str) -> None:
        for policy in (*(row for row in before if row not in after), *(row for row in after if row not in before)):
            apps = policy.get("apps") if isinstance(policy, dict) else None
            if not isinstance(apps, list):
                raise _EveryApp(f"a policy on every app differs in {file}")
            self.named.update(fold(str(app)) for app in apps)

    def _lists(self, file: str, kind: str) -> tuple[list[Any], list[Any]]:
        path = self.desired / file
        try:
            today = path.read_text(encoding="utf-8") if path.exists() else ""
        except (OSError, UnicodeDecodeError):
            raise _EveryApp(f"{file} cannot be read") from None
        return _list(text_at(self.commit, str(path)) or "", kind, file), _list(today, kind, file)


def _list(text: str, kind: str, file: str) -> list[Any]:
    document = parse(text.encode(), file)
    rows = document.data.get(kind) if isinstance(document.data, dict) else None
    if text and (document.problems or not isinstance(rows, list)):
        raise _EveryApp(f"{file} is not understood")
    return rows or []


def _by_name(rows: list[Any], key: str, file: str) -> dict[str, Row]:
    named = {fold(row[key]): row for row in rows if isinstance(row, dict) and isinstance(row.get(key), str)}
    if len(named) != len(rows):
        raise _EveryApp(f"{file} is not understood")
    return named
