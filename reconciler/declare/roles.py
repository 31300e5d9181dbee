"""roles.yaml in, the roles of an app out, with what is wrong in them. Pure."""

from __future__ import annotations

from typing import Any

from reconciler.declare.model import Role, RoleGrant
from reconciler.declare.names import DEFAULT_ACCESS_KEY, fold
from reconciler.declare.notes import Notes
from reconciler.declare.place import Place
from reconciler.declare.yaml.document import Document

USER_ROLE = Role("user", "User", "User")


def read_roles(document: Document | None, notes: Notes) -> dict[str, Role]:
    """The roles by their folded displayNames; without a file there is the one role `User`."""
    if document is None:
        return {USER_ROLE.key: USER_ROLE}
    roles: dict[str, Role] = {}
    values: dict[str, int] = {}
    rows = document.data.get("roles")
    for number, row in enumerate(rows if isinstance(rows, list) else ()):
        if not isinstance(row, dict) or not isinstance(row.get("displayName"), str):
            continue
        role = _role(row, document.locate(("roles", number)))._replace(grant=_grant(document, number, row, notes))
        if role.key in roles or role.key == DEFAULT_ACCESS_KEY:
            path, twice = ("roles", number, "displayName"), f"the role {role.displayName} is declared twice or is built in"
            notes.error(document, path, "duplicate", twice, "keep one")
        if isinstance(row.get("value"), str) and (first := values.setdefault(row["value"], number)) != number:
            line = document.locate(("roles", first)).line
            message = f"{rows[first]['displayName']} in line {line} has the value {row['value']!r} too"
            notes.error(document, ("roles", number, "value"), "duplicate", message, "give each role its own")
        roles.setdefault(role.key, role)
    return _privileged_alike(roles)


def _privileged_alike(roles: dict[str, Role]) -> dict[str, Role]:
    """A role that is the same there as a privileged one, in one of its account groups, is privileged by whatever name."""
    grants = [role.grant for role in roles.values() if role.privileged and role.grant is not None]

    def is_alike(role: Role) -> bool:
        return role.grant is not None and any(role.grant.overlaps(grant) for grant in grants)

    return {key: role._replace(privileged=True) if is_alike(role) else role for key, role in roles.items()}


def _role(row: dict[str, Any], place: Place) -> Role:
    kinds = row.get("allowedMemberTypes")
    return Role(
        fold(row["displayName"]),
        str(row.get("value")),
        row["displayName"],
        row.get("privileged") is True,
        row.get("enabled", True) is not False,
        tuple(kinds) if isinstance(kinds, list) else ("User", "Group"),
        place,
    )


def _grant(document: Document, number: int, row: dict[str, Any], notes: Notes) -> RoleGrant | None:
    said, path = row.get("thousandeyes"), ("roles", number, "thousandeyes")
    if not isinstance(said, dict) or not isinstance(said.get("role"), str) or not said.get("accountGroups"):
        return None
    listed, home = said["accountGroups"], said.get("loginAccountGroup", "")
    groups = tuple(map(str, listed)) if isinstance(listed, list) else None
    for index, name in enumerate(groups or ()):
        if fold(name) in map(fold, (groups or ())[:index]):
            words = f"the account group {name} is named twice: names go whatever their case"
            notes.error(document, (*path, "accountGroups", index), "duplicate", words, "keep one")
    if home and groups is not None and fold(home) not in map(fold, groups):
        words = f"{home} is not one of the role's accountGroups"
        notes.error(document, (*path, "loginAccountGroup"), "login-account-group", words, "add it there, or name one of them")
    at = document.locate
    places = tuple(at((*path, "accountGroups", index)) for index in range(len(groups or ())))
    return RoleGrant(said["role"], groups, home, at((*path, "role")), places, at((*path, "loginAccountGroup")))
