"""What live accounts hold over an API beside SCIM, as app roles: grants in, declared and new roles out. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from reconciler.declare.model import Role, RoleGrant
from reconciler.declare.names import DEFAULT_ACCESS_KEY, fold
from reconciler.plan.role_table import Grants, RoleTable
from reconciler.rolesources.model import EVERYWHERE, Named


class Unnamed(Exception):
    """A role or an account group that bears no name of its own, by which it could be declared."""


class Beside(NamedTuple):
    """`held` is by id of an account; `table` is of the roles that are declared already."""

    table: RoleTable
    held: Mapping[str, Grants]

    def roles_of(self, id: str, made: dict[str, Role]) -> list[Role | str]:
        """New roles of an account, those of `made` among them, which grows; of declared ones the key. Raises Unnamed."""
        grants = self.held[id]
        whole = [key for key, given in self.table.given.items() if given.grants and given.grants <= grants]
        places: dict[str, set[str]] = defaultdict(set)
        for grant in grants - self.table.of_keys(whole):
            places[grant.role].add(grant.place)
        new: list[Role | str] = []
        for role, inside in sorted(places.items()):
            groups = [{EVERYWHERE}] if EVERYWHERE in inside else []
            groups += [inside - {EVERYWHERE}] if inside - {EVERYWHERE} else []
            new += [self._made(role, group, made) for group in groups]
        return [*whole, *new]

    def _made(self, role: str, places: set[str], made: dict[str, Role]) -> Role:
        name = _name(self.table.catalog.roles, role)
        groups = None if EVERYWHERE in places else tuple(sorted(_name(self.table.catalog.places, place) for place in places))
        grant = RoleGrant(name, groups)
        found = next((item for item in made.values() if item.grant == grant), None)
        if found is None:
            where = "all account groups" if groups is None else ", ".join(groups)
            taken = {*made, *self.table.given, *self.table.texts, DEFAULT_ACCESS_KEY}
            called = next(n for n in _names(name, where) if fold(n) not in taken)
            found = made[fold(called)] = Role(fold(called), called, called, grant=grant)
        return found


def _names(name: str, where: str) -> list[str]:
    return [name, f"{name} ({where})", *(f"{name} ({where}) {number}" for number in range(2, 1000))]


def _name(known: tuple[Named, ...], id: str) -> str:
    name = next((item.name for item in known if item.id == id), "")
    if not name or sum(1 for item in known if fold(item.name) == fold(name)) != 1:
        raise Unnamed(f"{name or id} is not the name of one alone")
    return name
