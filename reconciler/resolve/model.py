"""What comes out of scope and mapping: desired users and groups, and who was left out and why. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from reconciler.declare.model import Group, Role, User
from reconciler.resolve.mapping import CompiledMapping, Fault


class Skipped(NamedTuple):
    """A declared user or group that is not provisioned: one code of design.md §5, in words, with a remedy."""

    address: str
    code: str
    reason: str
    remedy: str
    file: str
    line: int


class DesiredUser(NamedTuple):
    """A user in scope; `values` has one value a mapping slot, `roles` those that are effective.

    `lapsed` holds the roles that only an expired assignment gave.
    """

    address: str
    source: User
    values: tuple[Any, ...]
    roles: tuple[Role, ...]
    lapsed: tuple[Role, ...] = ()


class DesiredGroup(NamedTuple):
    """A group in scope, with the addresses of its members who are in scope."""

    address: str
    source: Group
    values: tuple[Any, ...]
    members: frozenset[str]


@dataclass(frozen=True)
class Resolution:
    """Desired resources of one app by address; `skipped` by address too.

    `faults` holds what expressions could not evaluate, by address; the attribute is left as it is.
    """

    user_mapping: CompiledMapping
    group_mapping: CompiledMapping
    users: dict[str, DesiredUser] = field(default_factory=dict)
    groups: dict[str, DesiredGroup] = field(default_factory=dict)
    skipped: dict[str, Skipped] = field(default_factory=dict)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
