"""References inside the directory: members, managers, renames, ids, group cycles. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.declare.model import Group, Place, Problem, User, fold
from reconciler.declare.yaml import Document


def nearest(name: str, known: Iterable[str], kind: str) -> str:
    """A remedy for a name that is not known: the nearest one that is."""
    near = difflib.get_close_matches(fold(name), list(known)[:20_000], 1, 0.75)
    return f"did you mean {near[0]}?" if near else f"declare the {kind}, or remove the reference"


def item_place(item: User | Group, documents: Mapping[str, Document], *path: Any) -> Place:
    """Where a value of a user or group stands; its item's line where the file is not at hand."""
    document = documents.get(item.file)
    if document is None:
        return Place(item.file, item.line)
    kind = "users" if isinstance(item, User) else "groups"
    number = next(i for i, row in enumerate(document.data[kind]) if row is item.row)
    return document.locate((kind, number, *path))


def check_directory(
    users: Mapping[str, User], groups: Mapping[str, Group], documents: Mapping[str, Document], problems: list[Problem]
) -> None:
    """Add what does not fit together."""

    def error(item: User | Group, path: tuple[Any, ...], code: str, message: str, remedy: str) -> None:
        problems.append(Problem(item_place(item, documents, *path), "error", code, message, remedy))

    for user in users.values():
        manager = user.row.get("manager")
        if isinstance(manager, str) and manager and fold(manager) not in users:
            error(user, ("manager",), "unknown-user", f"no user {manager!r} is declared", nearest(manager, users, "user"))
    for group in groups.values():
        _check_members(group, users, groups, error)
    _check_cycles(groups, error)
    for items in (users, groups):
        _check_renames(items, error)
        _check_ids(items, error)


def _check_members(group: Group, users: Mapping[str, User], groups: Mapping[str, Group], error: Any) -> None:
    members = group.row.get("members")
    for number, member in enumerate(members if isinstance(members, list) else ()):
        path = ("members", number)
        if isinstance(member, str) and fold(member) not in users:
            error(group, path, "unknown-user", f"no user {member!r} is declared", nearest(member, users, "user"))
        elif isinstance(member, dict) and isinstance(name := member.get("group"), str) and fold(name) not in groups:
            error(group, (*path, "group"), "unknown-group", f"no group {name!r} is declared",
                  nearest(name, groups, "group"))  # fmt: skip


def _inner(group: Group) -> list[str]:
    members = group.row.get("members")
    found = [m["group"] for m in members if isinstance(m, dict) and "group" in m] if isinstance(members, list) else []
    return [fold(name) for name in found if isinstance(name, str)]


def _check_cycles(groups: Mapping[str, Group], error: Any) -> None:
    """Peel off groups whose inner groups are done; what is left lies on a cycle or leads to one."""
    left = {key: {name for name in _inner(group) if name in groups} for key, group in groups.items()}
    while ready := [key for key, inner in left.items() if not inner & left.keys()]:
        for key in ready:
            del left[key]
    reaches = {key: _reach(key, left) for key in left}
    for key in left:
        if key in reaches[key]:
            names = ", ".join(groups[name].row["displayName"] for name in sorted(reaches[key]) if key in reaches[name])
            error(groups[key], ("members",), "group-cycle", f"the groups {names} contain one another", "break the cycle")


def _reach(start: str, edges: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    todo = list(edges[start])
    while todo:
        name = todo.pop()
        if name in edges and name not in seen:
            seen.add(name)
            todo.extend(edges[name])
    return seen


def _check_renames(items: Mapping[str, Any], error: Any) -> None:
    for item in items.values():
        names = item.row.get("previously")
        for number, name in enumerate(names if isinstance(names, list) else ()):
            other = items.get(fold(str(name)))
            if other is not None and not ("id" in other.row and "id" in item.row):
                error(item, ("previously", number), "previously-taken",
                      f"{name} is borne by another declaration, {other.file}:{other.line}",
                      "give both an `id`, or remove the earlier name")  # fmt: skip


def _check_ids(items: Mapping[str, Any], error: Any) -> None:
    seen: dict[str, Any] = {}
    for item in items.values():
        if "id" in item.row:
            other = seen.setdefault(str(item.row["id"]), item)
            if other is not item:
                error(item, ("id",), "duplicate-id", f"the id is that of {other.file}:{other.line}", "give each its own id")
