"""What is said of one object: Entra's five steps with every verdict, and what would change them. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from reconciler.declare.place import Place
from reconciler.plan.change import Change
from reconciler.resolve.derive import Derived


class Check(NamedTuple):
    """One verdict; `passed` is None where it was not looked at. `code` is that of a warning or a caution, else empty."""

    name: str
    passed: bool | None
    detail: str
    code: str = ""


class ExplainedStep(NamedTuple):
    """`name` is connection, import, scope, match or action; `status` is success, failure or skipped (not taken).

    `code` is that of the error with which the service could not be read, else empty.
    """

    name: str
    status: str
    description: str
    checks: tuple[Check, ...] = ()
    remedy: str = ""
    code: str = ""

    @property
    def passes(self) -> bool:
        return self.status == "success"


class ClauseSeen(NamedTuple):
    """One test of a scoping filter with the value that it saw."""

    attribute: str
    operator: str
    value: Any
    seen: Any
    holds: bool
    place: Place


class FilterSeen(NamedTuple):
    """A scoping filter: it passes where all of its clauses hold."""

    name: str
    passes: bool
    clauses: tuple[ClauseSeen, ...]


class Grant(NamedTuple):
    """An assignment that reaches the object; `through` are the groups on the way, the assigned one first.

    `reason` says why it does not count, `said` is its own reason.
    """

    role: str
    value: str
    effective: bool
    reason: str
    expires: str | None
    place: Place
    through: tuple[tuple[str, Place], ...]
    said: str = ""


class Candidate(NamedTuple):
    """What a matching attribute found: (id, name) of each unclaimed account with this value."""

    target: str
    value: Any
    found: tuple[tuple[str, str], ...]


class Account(NamedTuple):
    """The live account, and by what it was found; `attributes` are (target, value) of what the mapping manages."""

    id: str
    name: str
    active: bool
    by: str
    attributes: tuple[tuple[str, Any], ...]


class Edit(NamedTuple):
    """One edit of the declarations, and where it would go."""

    text: str
    place: Place


@dataclass(frozen=True)
class Explanation:
    """One object of one app. `code` is the skip code, None for an object in scope or one that nobody declares.

    `attributes` are the source attributes that have a value; `edits` the fewest that would bring the object in, none
    where it is in scope; `changes` what the full plan says of it, its membership of groups included.
    """

    app: str
    display_name: str
    address: str
    name: str
    place: Place | None
    in_scope: bool
    code: str | None
    steps: tuple[ExplainedStep, ...]
    attributes: tuple[tuple[str, Any], ...] = ()
    filters: tuple[FilterSeen, ...] = ()
    grants: tuple[Grant, ...] = ()
    mappings: tuple[Derived, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    account: Account | None = None
    changes: tuple[Change, ...] = ()
    edits: tuple[Edit, ...] = ()
