"""What a log told and rows of one time in, every name that their people, roles and groups ever had out. Pure.

Who is asked for by the name of one time is found at any other: an account by its id, a role by what it was renamed to and from.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from reconciler.declare.names import fold, name_of
from reconciler.plan.access.had import Had
from reconciler.plan.access.role_names import names_of
from reconciler.plan.access.told import Told


class Asked(NamedTuple):
    """Names that are asked for, folded; an empty set is all."""

    people: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    def includes(self, row: Had, told: Told, at: str) -> bool:
        """Whether a row of that time is asked for, by a name of whatever time."""
        if self.people and not self.people & {*map(fold, people(row, told)), fold(row.address)}:
            return False
        wanted = self.groups if row.kind == "group" else self.roles
        return not (self.roles or self.groups) or bool(wanted & set(map(fold, parts(row, told, at))))


def people(row: Had, told: Told) -> set[str]:
    """The logins of an account, at whatever time, and the addresses for what has no login."""
    addresses = {row.address, *told.names.all(row.id)}
    return {row.login, *(name_of(address) or address for address in addresses), *addresses} - {""}


def parts(row: Had, told: Told, at: str) -> set[str]:
    """The names of the role or group of a row of that time, at whatever time."""
    if row.kind == "group":
        return {row.what, *(name_of(address) or address for address in told.groups.all(row.part))}
    if row.kind == "role":
        return {
            row.what,
            *(told.spelled.get(name, name) for name in names_of(told.roles.renamed, fold(row.what), at) - {fold(row.what)}),
        }
    return {row.what}


def other_names(rows: Iterable[Had], told: Told, at: str) -> dict[str, dict[str, list[str]]]:
    """Of the people, roles and groups of rows of that time, by their name of then, the names that they had at other times."""
    found: dict[str, dict[str, list[str]]] = {"users": {}, "roles": {}, "groups": {}}
    for row in rows:
        logins = {name for name in people(row, told) if "/" not in name}
        for kind, name, names in (("users", row.login, logins), (f"{row.kind}s", row.what, parts(row, told, at))):
            if kind in found and (others := sorted(names - {name})):
                found[kind][name] = others
    return found
