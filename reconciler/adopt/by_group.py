"""Which assignments of people a declared group says at once: rows of assignments in, fewer of them out. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from reconciler.adopt.model import Row
from reconciler.declare.model import App, Group
from reconciler.declare.names import DEFAULT_ACCESS, fold
from reconciler.resolve.scope import flatten, refusal

SEVERAL = 2  # members from which on a group explains anything


def explained(rows: Iterable[Row], groups: Mapping[str, str], declared: Mapping[str, Group], app: App) -> list[Row]:
    """The rows with a group in place of people, where all of its members hold a role, and it is of several.

    `groups` are the names of those that may be assigned, by folded name; `declared` are all. Large groups come first, and one
    of which everybody is explained already is left out. A role that no group may hold stays with its people.
    """
    flat = flatten(declared, app.provisioning.nestedGroups)
    members = {name: flat[key] for key, name in groups.items() if len(flat[key]) >= SEVERAL}
    closed = {role.displayName for role in app.roles.values() if refusal(role, "Group") is not None} | {DEFAULT_ACCESS}
    rest, holders = list(rows), defaultdict[str, set[str]](set)
    for row in rest:
        if "user" in row and row["role"] not in closed:
            holders[row["role"]].add(fold(row["user"]))
    given = {role: _covering(people, members) for role, people in holders.items()}
    said = {(role, user) for role, names in given.items() for name in names for user in members[name]}
    people = [row for row in rest if "user" not in row or (row["role"], fold(row["user"])) not in said]
    return [*people, *({"group": name, "role": role} for role, names in given.items() for name in names)]


def _covering(people: set[str], members: Mapping[str, frozenset[str]]) -> list[str]:
    """Names of groups that hold nobody else, the largest first, as long as each explains somebody more."""
    found, left = list[str](), set(people)
    for name, inside in sorted(members.items(), key=lambda item: (-len(item[1]), fold(item[0]))):
        if inside <= people and not inside.isdisjoint(left):
            found.append(name)
            left -= inside
    return found
