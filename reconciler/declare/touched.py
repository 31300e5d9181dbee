"""Declarations and what differs in their directory in, the apps that this may change out. Pure.

An app is touched by a person or a group that is assigned there, by whatever way; who leaves the directory also touches an app
that deals otherwise with those who left than with those who are out of scope. When in doubt, an app is touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reconciler.declare.model import App, Declarations
from reconciler.declare.names import fold

Row = dict[str, Any]


@dataclass(frozen=True)
class Directory:
    """Folded names of the users and groups whose rows differ; `left` where one of them is no longer declared."""

    users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    left: bool = False


def differing(before: dict[str, Row], after: dict[str, Row]) -> frozenset[str]:
    """The names whose row is not the same, or not there."""
    return frozenset(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def touched(declarations: Declarations, changed: Directory) -> frozenset[str]:
    """The names of the apps that the changes of the directory may concern."""
    users = changed.users | _reports(declarations, changed.users)
    groups = _with_outer(declarations, users, changed.groups)
    return frozenset(name for name, app in declarations.apps.items() if _concerns(app, users, groups, changed.left))


def _reports(declarations: Declarations, users: frozenset[str]) -> frozenset[str]:
    """Whoever has one of the users for a manager: a mapping may take that one's name."""
    managers = zip(declarations.users, declarations.users.column("manager"), strict=True)
    return frozenset(name for name, manager in managers if isinstance(manager, str) and fold(manager) in users)


def _with_outer(declarations: Declarations, users: frozenset[str], groups: frozenset[str]) -> frozenset[str]:
    """The groups, those that hold one of the users, and all around them."""
    holders: dict[str, list[str]] = {}
    found = set(groups)
    for group, members in zip(declarations.groups, declarations.groups.column("members"), strict=True):
        for member in members if isinstance(members, list) else ():
            if isinstance(member, dict):
                holders.setdefault(fold(str(member.get("group"))), []).append(group)
            elif isinstance(member, str) and fold(member) in users:
                found.add(group)
    waiting = list(found)
    while waiting:
        for outer in holders.get(waiting.pop(), ()):
            if outer not in found:
                found.add(outer)
                waiting.append(outer)
    return frozenset(found)


def _concerns(app: App, users: frozenset[str], groups: frozenset[str], left: bool) -> bool:
    rules = app.deprovisioning
    if left and rules.removedFromDirectory != rules.outOfScope:
        return True
    if app.provisioning.scope == "all":
        return bool(users or groups)
    named = {fold(name) for name in (*app.safeguards.protected, app.safeguards.principal or "")}
    return not users.isdisjoint(named) or any(item.user in users or item.group in groups for item in app.assignments)
