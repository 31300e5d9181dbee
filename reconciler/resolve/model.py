"""What comes out of scope and mapping: desired users and groups, and who was left out and why. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from reconciler.declare.model import Declarations, Role
from reconciler.declare.names import is_user
from reconciler.declare.table import Table
from reconciler.resolve.capabilities import Limited
from reconciler.resolve.mapping import CompiledMapping, Fault


class Skipped(NamedTuple):
    """A declared user or group that is not provisioned: one code, in words, with a remedy.

    `row` is its number in the table that declares it, `lapsed` are the keys of the roles that expired assignments gave.
    """

    address: str
    code: str
    reason: str
    remedy: str
    row: int
    lapsed: tuple[str, ...] = ()


class DesiredUser(NamedTuple):
    """A user in scope; `values` has one value a mapping slot, `roles` those that are effective.

    `row` is the user's number in the table; `lapsed` holds the roles that only an expired assignment gave.
    """

    address: str
    row: int
    values: tuple[Any, ...]
    roles: tuple[Role, ...]
    lapsed: tuple[Role, ...] = ()


class DesiredGroup(NamedTuple):
    """A group in scope, with the addresses of its members who are in scope."""

    address: str
    row: int
    values: tuple[Any, ...]
    members: frozenset[str]


Desired = DesiredUser | DesiredGroup


@dataclass(frozen=True)
class Resolution:
    """Desired resources of one app by address; `skipped` by address too. `today` is the ISO date that it holds for.

    `limited` is the app without what its service would ignore, by which everything here was worked out.
    `faults` holds what expressions could not evaluate, by address; the attribute is left as it is.
    """

    declarations: Declarations
    today: str
    user_mapping: CompiledMapping
    group_mapping: CompiledMapping
    limited: Limited
    users: dict[str, DesiredUser] = field(default_factory=dict)
    groups: dict[str, DesiredGroup] = field(default_factory=dict)
    skipped: dict[str, Skipped] = field(default_factory=dict)
    faults: dict[str, list[Fault]] = field(default_factory=dict)

    def table(self, address: str) -> Table[Any]:
        """The table that declares objects of this address's kind."""
        return self.declarations.users if is_user(address) else self.declarations.groups

    def mapping(self, address: str) -> CompiledMapping:
        return self.user_mapping if is_user(address) else self.group_mapping
