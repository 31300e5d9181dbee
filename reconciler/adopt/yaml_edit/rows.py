"""Rows of users, groups, roles and assignments in, the text of declaration files out. Pure.

Text is written so that every YAML reader sees the same: what is not plainly a word stands in double quotes, and what
cannot be seen (controls, direction marks, odd spaces) is escaped.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.declare.escapes import unseen
from reconciler.declare.names import fold
from reconciler.declare.source_attributes import GROUP_SOURCES, USER_SOURCES

Row = dict[str, Any]

# What another reader of YAML, one of version 1.1, would not take for text.
WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "none"})
ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
ORDER = {
    "users": ("userPrincipalName", "id", "previously", *USER_SOURCES[2:], "extensionAttributes"),
    "groups": ("displayName", "id", "previously", *GROUP_SOURCES[2:]),
    "roles": ("value", "displayName", "privileged", "enabled", "allowedMemberTypes"),
    "assignments": ("user", "group", "role", "expires", "reason"),
}


def can_hold(text: str) -> bool:
    """Whether a YAML file can hold this text at all: NUL and half a surrogate pair it cannot."""
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


def is_name(value: Any) -> bool:
    """Whether this can name a user, a group or a role (schemas/users.schema.json)."""
    return isinstance(value, str) and bool(value) and can_hold(value) and not any(c < " " or c == "\x7f" for c in value)


def quote(text: str) -> str:
    """A scalar that reads back as exactly this text; `can_hold` must be true."""
    hidden = unseen(text)
    if text and text[0].isalpha() and text[-1] != " " and text.lower() not in WORDS and all(map(_plain, text)) and not hidden:
        return text
    return '"' + "".join(_quoted(c, place in hidden) for place, c in enumerate(text)) + '"'


def _plain(character: str) -> bool:
    return character.isalnum() or character in " _-.@/"


def _quoted(character: str, hidden: bool) -> str:
    if character in ESCAPES:
        return ESCAPES[character]
    if not hidden and unicodedata.category(character) not in UNSEEN and (character == " " or not character.isspace()):
        return character
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def scalar(value: Any) -> str:
    """A value that stands on one line: text, true, false, a number, a list of text, or `{key: text}`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(map(scalar, value)) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{quote(str(k))}: {scalar(v)}" for k, v in value.items()) + "}"
    return str(value) if isinstance(value, (int, float)) else quote(str(value))


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
    """One row as an item of a list that is indented by two."""
    keys = [key for key in ORDER[kind] if row.get(key) is not None]
    if kind in ("roles", "assignments"):
        return "  - {" + ", ".join(f"{key}: {scalar(row[key])}" for key in keys) + "}\n"
    found = "".join(f"    {key}: {scalar(row[key])}\n" if key != "members" else _members(row[key]) for key in keys)
    return "  - " + found[4:]


def _members(members: list[Any]) -> str:
    return "    members:\n" + "".join(f"      - {scalar(m)}\n" for m in members) if members else "    members: []\n"
