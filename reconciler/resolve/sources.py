"""Source attributes of declared users and groups as columns, computed ones included. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import Any

from reconciler.declare.model import Declarations, Group, Role, User
from reconciler.declare.names import fold, group_address, user_address
from reconciler.declare.source_attributes import DEFAULT_DOMAIN, GRANTED
from reconciler.declare.table import Table

EXTENSION = "extensionAttributes."


def user_addresses(users: Table[User]) -> list[str]:
    return [user_address(name) for name in users.column("userPrincipalName")]


def group_addresses(groups: Table[Group]) -> list[str]:
    return [group_address(name) for name in groups.column("displayName")]


class UserSource:
    """The columns of some rows; `roles` has those of each row.

    A manager is null where `linked` does not hold the address: an account that is not there cannot be referred to.
    """

    def __init__(
        self,
        declarations: Declarations,
        rows: Sequence[int],
        roles: Sequence[tuple[Role, ...]],
        linked: Container[str] | None = None,
    ) -> None:
        self.users, self.rows, self.roles, self.linked = declarations.users, rows, roles, linked
        self.default_domain = declarations.default_domain
        self.whole = len(rows) == len(declarations.users.lines)

    def __call__(self, name: str) -> list[Any]:
        match name:
            case _ if name == DEFAULT_DOMAIN:
                return [self.default_domain] * len(self.rows)
            case "IsSoftDeleted":
                return ["False"] * len(self.rows)
            case "appRoleAssignments":
                known = {roles: assignments(roles) for roles in set(self.roles)}
                return [known[roles] for roles in self.roles]
            case _ if name == GRANTED:
                granted = {roles: role_items(roles) for roles in set(self.roles)}
                return [granted[roles] for roles in self.roles]
            case "accountEnabled":
                return [value is not False for value in self._pick(name)]
            case "manager":
                return [self._manager(value) for value in self._pick(name)]
        if name.startswith(EXTENSION):
            key = name.removeprefix(EXTENSION)
            return [value.get(key) if value else None for value in self._pick("extensionAttributes")]
        return self._pick(name)

    def _pick(self, name: str) -> list[Any]:
        column = self.users.column(name)
        return column if self.whole else [column[row] for row in self.rows]

    def _manager(self, name: str | None) -> str | None:
        row = self.users.index.get(fold(name)) if name else None
        if row is None:
            return None
        declared = str(self.users.columns["userPrincipalName"][row])
        return declared if self.linked is None or user_address(declared) in self.linked else None


def role_items(roles: Iterable[Role]) -> list[dict[str, Any]]:
    """Roles that an API beside SCIM holds, as the value of an attribute: each with what it is there, for reviewers to see."""
    return [
        {
            "value": role.value,
            "display": role.displayName,
            "role": role.grant.role,
            "accountGroups": "all" if role.grant.groups is None else list(role.grant.groups),
        }
        for role in roles
        if role.grant is not None
    ]


def assignments(roles: tuple[Role, ...]) -> tuple[dict[str, Any], ...]:
    """The computed source appRoleAssignments of someone who holds these roles."""
    return tuple([{"id": role.key, "value": role.value, "displayName": role.displayName} for role in roles])


class GroupSource:
    """The columns of some groups."""

    def __init__(self, declarations: Declarations, rows: Sequence[int]) -> None:
        self.groups, self.rows, self.default_domain = declarations.groups, rows, declarations.default_domain

    def __call__(self, name: str) -> list[Any]:
        if name == DEFAULT_DOMAIN:
            return [self.default_domain] * len(self.rows)
        column = self.groups.column(name)
        return [column[row] for row in self.rows]
