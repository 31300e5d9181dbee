"""A mapping's target in, the same path as it is sent out: the RFC's spelling of names, the dialect's of booleans. Pure.

Names are compared without regard to case (RFC 7643 §2.1), but not by every service, and a mapping spells them as it likes.
"""

from __future__ import annotations

import re
from functools import lru_cache

from reconciler.resolve.paths import CLAUSE, CORE, NAME, URN, Path, parse_path
from reconciler.resolve.rfc7643 import ENTERPRISE, GROUP, OF_ENTERPRISE, USER

BRACKET = re.compile(r"\[(.*)\]", re.DOTALL)
TEXT_OF_BOOLEAN = re.compile(r'"(true|false)"', re.IGNORECASE)
PREFIX = "urn:ietf:params:scim:schemas:core:2.0:"
# By the schema's URN in lower case, "" for none: how it is spelled, and its attributes with their parts.
SCHEMAS: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "": ("", {**GROUP, **USER}),
    f"{PREFIX}user": (f"{PREFIX}User", USER),
    f"{PREFIX}group": (f"{PREFIX}Group", GROUP),
    ENTERPRISE.lower(): (ENTERPRISE, OF_ENTERPRISE),
}


@lru_cache(maxsize=4096)
def path_of(target: str) -> Path:
    """The path of a target, in the RFC's spelling: what is written into a body."""
    return parse_path(wire_path(target, "rfc"))


@lru_cache(maxsize=4096)
def wire_path(target: str, dialect: str) -> str:
    """A target as PATCH operations and filters name it; what the RFC does not know stays as it is written.

    In a filter `primary eq "True"`, as Entra's mappings write it, is a boolean: true in the RFC's dialect, text in Entra's.
    """
    written, rest = _split(target)
    if written.lower() not in SCHEMAS:
        return target
    urn, attributes = SCHEMAS[written.lower()]
    name = match[0] if (match := NAME.match(rest)) else rest
    attribute = next((known for known in attributes if known.lower() == name.lower()), name)
    parts = {part.lower(): part for part in attributes.get(attribute, ())}
    after = rest[len(name) :]
    bracket = BRACKET.match(after)
    clauses = f"[{_clauses(bracket[1], parts, dialect)}]" if bracket else ""
    sub = after[bracket.end() if bracket else 0 :].removeprefix(".")
    return (urn + ":" if urn else "") + attribute + clauses + (f".{parts.get(sub.lower(), sub)}" if sub else "")


def _split(target: str) -> tuple[str, str]:
    """The URN of its schema, and what comes after it."""
    if core := CORE.match(target):
        return core[0][:-1], target[core.end() :]
    match = URN.match(target) if target.lower().startswith("urn:") else None
    return (match[1], match[2]) if match else ("", target)


def _clauses(text: str, parts: dict[str, str], dialect: str) -> str:
    def spelled(clause: re.Match[str]) -> str:
        name, literal = parts.get(clause[1].lower(), clause[1]), clause[2]
        if dialect == "rfc" and name.lower() == "primary" and TEXT_OF_BOOLEAN.fullmatch(literal):
            literal = literal[1:-1].lower()
        before, after = clause[0][: clause.start(1) - clause.start()], clause[0][clause.end(2) - clause.start() :]
        return f"{before}{name} eq {literal}{after}"

    return CLAUSE.sub(spelled, text)
