"""The nouns of mappings.yaml: scoping filters and attribute mappings, each with its place. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from reconciler.declare.place import Place, Text

BESIDE = "beside"  # the kind of a mapping that an API beside SCIM fulfils, and no YAML says
ROLES = "roles"  # its target


class Clause(NamedTuple):
    """One test of a scoping filter; `places` are those of its keys' values, which may lack."""

    attribute: str
    operator: str
    value: Any = None
    place: Place = Place("", 0)
    places: Mapping[str, Place] = {}


class ScopingFilter(NamedTuple):
    """Clauses that all must hold; several filters are alternatives."""

    name: str
    clauses: tuple[Clause, ...]


class AttributeMapping(NamedTuple):
    """How one target attribute is derived; exactly one kind: source, constant, expression, none, or BESIDE.

    `caseExact` is None where nothing was said: userName and emails are compared without regard to case, others with it.
    `target_text` and `value_text` are where target and value stand.
    """

    target: str
    kind: str
    value: Any
    matchingPrecedence: int | None = None
    apply: str = "always"
    default: Any = None
    onNull: str = "clear"
    ignoreDrift: bool = False
    target_text: Text = Text()
    value_text: Text = Text()
    caseExact: bool | None = None

    @property
    def place(self) -> Place:
        """Where the target's text begins."""
        return self.target_text.place


@dataclass(frozen=True)
class ObjectMapping:
    """The mapping of one object type (users or groups)."""

    enabled: bool = True
    targetObjectActions: frozenset[str] = frozenset({"create", "update", "delete"})
    scopingFilters: tuple[ScopingFilter, ...] = ()
    attributes: tuple[AttributeMapping, ...] = ()
    assertive: bool = False
    place: Place = Place("", 0)
