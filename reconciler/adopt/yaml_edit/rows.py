"""Rows of users, groups, roles and assignments in, the text of declaration files out. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from reconciler.adopt.yaml_edit.remarks import remark
from reconciler.declare.names import fold
from reconciler.declare.source_attributes import GROUP_SOURCES, USER_SOURCES
from reconciler.declare.yaml.scalars import can_hold, scalar

Row = dict[str, Any]

BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")  # what no name holds: line breaks and control characters

ORDER = {
    "users": ("userPrincipalName", "id", "previously", *USER_SOURCES[2:], "extensionAttributes"),
    "groups": ("displayName", "id", "previously", *GROUP_SOURCES[2:]),
    "roles": ("value", "displayName", "privileged", "enabled", "allowedMemberTypes", "thousandeyes"),
    "assignments": ("user", "group", "role", "expires", "reason"),
}


def is_name(value: Any) -> bool:
    """Whether this can name a user, a group or a role (schemas/users.schema.json)."""
    return isinstance(value, str) and bool(value) and can_hold(value) and not BREAKS.search(value)


def sort_key(row: Row) -> tuple[str, ...]:
    """Users before groups, each by folded name, then as written."""
    name = str(row.get("userPrincipalName") or row.get("user") or row.get("group") or row.get("displayName"))
    return ("1" if "group" in row else "0", fold(name), name, fold(str(row.get("role", ""))), str(row.get("value", "")))


def document(kind: str, rows: Iterable[Row], path: str) -> str:
    """The text of one file; `path` is where it will lie below `desired/`, for the line that names its schema."""
    head = header(kind, path)
    lines = [block(kind, row) for row in sorted(rows, key=sort_key)]
    return head + (f"{kind}:\n" + "".join(lines) if lines else f"{kind}: []\n")


def header(kind: str, path: str) -> str:
    """The line by which editors find the schema of a file."""
    up = "../" * (path.count("/") + 1)
    return f"# yaml-language-server: $schema={up}schemas/{kind}.schema.json\n"


def block(kind: str, row: Row) -> str:
    """One row as an item of a list that is indented by two, with a comment where a reviewer needs one."""
    keys = [key for key in ORDER[kind] if row.get(key) is not None]
    if kind in ("roles", "assignments"):
        note = f"  # {said}" if (said := remark(kind, row)) else ""
        return "  - {" + ", ".join(f"{key}: {scalar(row[key])}" for key in keys) + "}" + note + "\n"
    lines = "".join(f"    {key}: {scalar(row[key])}\n" if key != "members" else _members(row[key]) for key in keys)
    return "  - " + lines[4:]


def _members(members: list[Any]) -> str:
    return "    members:\n" + "".join(f"      - {scalar(m)}\n" for m in members) if members else "    members: []\n"
