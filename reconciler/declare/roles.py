"""roles.yaml in, the roles of an app out, with what is wrong in them. Pure."""

from __future__ import annotations

from typing import Any

from reconciler.declare.model import Role
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
        role = _role(row, document.locate(("roles", number)))
        if role.key in roles or role.key == DEFAULT_ACCESS_KEY:
            path, twice = ("roles", number, "displayName"), f"the role {role.displayName} stands twice or is built in"
            notes.error(document, path, "duplicate", twice, "keep one")
        if isinstance(row.get("value"), str) and (first := values.setdefault(row["value"], number)) != number:
            line = document.locate(("roles", first)).line
            message = f"{rows[first]['displayName']} in line {line} has the value {row['value']!r} too"
            notes.error(document, ("roles", number, "value"), "duplicate", message, "give each role its own")
        roles.setdefault(role.key, role)
    return roles


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
