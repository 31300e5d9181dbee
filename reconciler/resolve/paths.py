"""SCIM target paths (RFC 7644 §3.5.2): parse, read from a resource, write into one. Pure, no I/O."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

CORE = re.compile(r"urn:ietf:params:scim:schemas:core:2\.0:(User|Group):", re.IGNORECASE)
URN = re.compile(r"(urn:[A-Za-z0-9.:_\-]+):([^:]+)\Z", re.DOTALL)
NAME = re.compile(r"[A-Za-z$][A-Za-z0-9_$\-]*")
CLAUSE = re.compile(r'\s*([A-Za-z][\w$\-]*)\s+eq\s+("(?:[^"\\]|\\.)*"|true|false|-?[0-9]+)\s*', re.IGNORECASE)
AND = re.compile(r"and\b", re.IGNORECASE)

LABELS = frozenset({"type", "primary", "display"})  # what an element is called (RFC 7643 §2.4)

Resource = dict[str, Any]


class PathError(ValueError):
    """A target that is not a SCIM path; `column` is 1-based in its text."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message)
        self.message, self.column = message, column


@dataclass(frozen=True)
class Path:
    """`urn:attribute[filter].sub`; a filter is (sub-attribute, operator, value) joined by and."""

    urn: str | None
    attribute: str
    filter: tuple[tuple[str, str, Any], ...] | None = None
    sub: str | None = None


def parse_path(text: str) -> Path:
    """Parse a mapping's target. Raises PathError."""
    start = CORE.match(text)
    offset = start.end() if start else 0
    urn, written = None, text[offset:]
    if written.lower().startswith("urn:"):
        match = URN.match(written)
        if match is None:
            raise PathError("a schema URN needs `:attribute` after it", 1)
        urn, written, offset = match[1], match[2], match.start(2)
    name = NAME.match(written)
    if name is None:
        raise PathError("an attribute name is expected here", offset + 1)
    at = name.end()
    clauses = None
    if written[at : at + 1] == "[":
        clauses, at = _clauses(written, at + 1, offset)
    sub = None
    if written[at : at + 1] == ".":
        leaf = NAME.match(written, at + 1)
        if leaf is None:
            raise PathError("a sub-attribute must follow the dot", offset + at + 2)
        sub, at = leaf[0], leaf.end()
    if at != len(written):
        raise PathError(f"unexpected {written[at]!r}", offset + at + 1)
    return Path(urn, name[0], clauses, sub)


def _clauses(text: str, at: int, offset: int) -> tuple[tuple[tuple[str, str, Any], ...], int]:
    triples: list[tuple[str, str, Any]] = []
    while True:
        clause = CLAUSE.match(text, at)
        if clause is None:
            raise PathError('a filter reads `type eq "work"`, clauses joined by `and`', offset + at + 1)
        triples.append((clause[1], "eq", _literal(clause[1], clause[2])))
        at = clause.end()
        if text[at : at + 1] == "]":
            return tuple(triples), at + 1
        joint = AND.match(text, at)
        if joint is None:
            raise PathError("`and` or `]` is expected here", offset + at + 1)
        at = joint.end()


def _literal(name: str, text: str) -> Any:
    value: Any = re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text.lower()
    if not text.startswith('"') and value not in ("true", "false"):
        return int(value)
    if name.lower() == "primary" or not text.startswith('"'):
        return value.lower() == "true"
    return value


def lookup(resource: Any, name: str) -> Any:
    """An attribute by name: as written, else in any case (RFC 7643 §2.1)."""
    if not isinstance(resource, dict):
        return None
    if name in resource:
        return resource[name]
    wanted = name.lower()
    return next((value for key, value in resource.items() if key.lower() == wanted), None)


def extractor(path: Path) -> Callable[[Resource], Any]:
    """A function that reads this path from a live resource, None where it is absent or of another shape."""
    attribute, sub, urn = path.attribute, path.sub, path.urn
    if urn is None and path.filter is None and sub is None:
        return lambda resource: lookup(resource, attribute)

    def read(resource: Resource) -> Any:
        value = lookup(lookup(resource, urn) if urn else resource, attribute)
        if path.filter is not None:
            value = _matching(value, path.filter)
        elif sub is not None and isinstance(value, list):
            value = value[0] if value else None
        return lookup(value, sub) if sub is not None else value

    return read


def _matching(value: Any, clauses: tuple[tuple[str, str, Any], ...]) -> Resource | None:
    return next(iter(_all_matching(value, clauses)), None)


def _all_matching(value: Any, clauses: tuple[tuple[str, str, Any], ...]) -> list[Resource]:
    return [item for item in value if holds(item, clauses)] if isinstance(value, list) else []


def holds(item: Any, clauses: tuple[tuple[str, str, Any], ...]) -> bool:
    """Whether an element is one that a filter lets through."""
    return isinstance(item, dict) and all(equal(lookup(item, name), want) for name, _, want in clauses)


def equal(have: Any, want: Any) -> bool:
    """Whether a sub-attribute has the value of a filter's clause."""
    if isinstance(want, bool) or isinstance(have, str):
        return str(have).lower() == str(want).lower()
    return bool(have == want)


def place_value(resource: Resource, path: Path, value: Any) -> None:
    """Write a value into a body that is being built or merged; what is there in another shape, such as null, gives way."""
    holder = _held(resource, path.urn, dict) if path.urn else resource
    if path.filter is not None:
        items = _held(holder, path.attribute, list)
        matching = _all_matching(items, path.filter)
        if not matching:
            matching = [{name: want for name, _, want in path.filter}]
            items += matching
        for item in matching:
            item.update({_key(item, path.sub): value} if path.sub else value)
    elif path.sub is not None:
        parts = _held(holder, path.attribute, dict)
        parts[_key(parts, path.sub)] = value
    else:
        holder[_key(holder, path.attribute)] = value


def _held(holder: Resource, name: str, shape: type[dict[str, Any]] | type[list[Any]]) -> Any:
    """What stands at a name, made where nothing of that shape does."""
    key = _key(holder, name)
    if not isinstance(holder.get(key), shape):
        holder[key] = shape()
    return holder[key]


def _key(holder: Resource, name: str) -> str:
    """The name as the holder spells it (RFC 7643 §2.1)."""
    return name if name in holder else next((key for key in holder if key.lower() == name.lower()), name)


def remove_value(resource: Resource, path: Path) -> None:
    """Take a value out of a full body, and its element where nothing of its own is left; nothing where it is absent."""
    holder = resource.get(_key(resource, path.urn)) if path.urn else resource
    key = _key(holder, path.attribute) if isinstance(holder, dict) else ""
    if not isinstance(holder, dict) or key not in holder:
        return
    if path.filter is not None:
        emptied = [item for item in _all_matching(holder[key], path.filter) if not _left(item, path)]
        if emptied:
            holder[key] = [item for item in holder[key] if not any(item is gone for gone in emptied)]
    elif path.sub is not None and isinstance(holder[key], dict):
        holder[key].pop(_key(holder[key], path.sub), None)
    else:
        del holder[key]


def _left(item: Resource, path: Path) -> bool:
    """Take the sub-attribute of a path out of an element; whether that leaves a value that is its own.

    Without its `value` (RFC 7643 §2.4) an element is empty, whatever else is said of it.
    """
    if path.sub is None or path.sub.lower() == "value":
        return False
    item.pop(_key(item, path.sub), None)
    known = LABELS | {name.lower() for name, _, _ in path.filter or ()}
    return any(value is not None for name, value in item.items() if name.lower() not in known)


def quoted(text: str) -> str:
    """A text as a filter writes it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
