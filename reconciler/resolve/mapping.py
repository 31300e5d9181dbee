"""Attribute mappings compiled once, then run a column at a time: directory attributes in, a tuple of values an object out.

Pure. A tuple has one value a slot, in the order of the mapping.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from reconciler.declare.mapping_model import BESIDE, AttributeMapping, ObjectMapping
from reconciler.declare.names import fold_all, user_address
from reconciler.declare.source_attributes import GRANTED
from reconciler.resolve.columns import read_columns
from reconciler.resolve.expressions.functions.base import text
from reconciler.resolve.expressions.language import IGNORE, EvaluationError, Expression, compile_expression
from reconciler.resolve.paths import Path, parse_path
from reconciler.resolve.targets import ignores_case, is_single, is_text

Get = Callable[[str], Any]
Source = Callable[[str], list[Any]]
REFERENCES = frozenset({"manager"})
PLAIN = frozenset({str, type(None)})
BOOLEANS = frozenset({"active", "primary"})


class Slot(NamedTuple):
    """One compiled attribute mapping.

    `add_only` and `assertive` are what AppRoleAssignmentsComplex and AssertiveAppRoleAssignmentsComplex mean: values
    that are not wanted are kept, or removed whoever set them. `text` is a target that holds a string, `single` one that
    holds one value alone, as far as the RFC tells. `apart` is what no SCIM request reads or writes: a role source does.
    """

    target: str
    path: Path
    mapping: AttributeMapping
    expression: Expression | None
    boolean: bool
    text: bool
    single: bool
    reference: bool
    fold_case: bool
    add_only: bool
    assertive: bool
    gives_roles: bool
    carries_roles: bool
    apart: bool = False

    def alike(self, values: list[str]) -> list[str]:
        """Values in the form in which accounts are matched by them; externalId has a case (RFC 7643 §3.1)."""
        exact = self.mapping.caseExact
        if exact is None:
            exact = self.path.urn is None and self.path.attribute.lower() == "externalid"
        return values if exact else fold_all(values)

    @property
    def redacts(self) -> bool:
        """Whether no output shows its value: it stands under Redact()."""
        return self.expression is not None and self.expression.redacts

    @property
    def hidden(self) -> bool:
        """Whether no service shows it: a password is never returned (RFC 7643 §4.1.1)."""
        return self.path.urn is None and self.path.attribute.lower() == "password"


class Fault(NamedTuple):
    """A value that an expression could not use, of one object: the target attribute and the reason in words."""

    target: str
    reason: str


@dataclass(frozen=True)
class CompiledMapping:
    """The slots of one object type; `matching` are slot numbers in order of precedence.

    `updates` are the slots that are managed after creation; `active` is the slot that writes it, if any. `refused` are slots of
    which an apply has found that the service takes no change: they are not compared.
    """

    mapping: ObjectMapping
    slots: tuple[Slot, ...]
    matching: tuple[int, ...]
    updates: tuple[int, ...]
    active: int | None
    refused: frozenset[int] = frozenset()

    @cached_property
    def compared(self) -> tuple[int, ...]:
        """The slots that an update may write."""
        return tuple([number for number in self.updates if number not in self.refused])

    @cached_property
    def references(self) -> frozenset[str]:
        """The targets that refer to another account."""
        return frozenset(slot.target for slot in self.slots if slot.reference)

    def values(self, source: Source, count: int, faults: dict[int, list[Fault]] | None = None) -> list[tuple[Any, ...]]:
        """What each slot wants of each of `count` objects, without defaults; null is None, out of the flow is IGNORE.

        `source` gives the column of a source attribute. A generated value is not made here, and what an expression
        cannot evaluate is added to `faults` by the number of the object; both are left out of the flow.
        """
        columns = [_without_faults(slot, _wanted(slot, source, count), faults) for slot in self.slots]
        return list(zip(*columns, strict=True)) if columns else [()] * count

    def project(self, resources: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        """What live resources hold in each slot; a reference is the id that it points to."""
        read = read_columns([slot.path for slot in self.slots], resources)
        columns = [_normal(slot, column) for slot, column in zip(self.slots, read, strict=True)]
        return list(zip(*columns, strict=True)) if columns else [()] * len(resources)

    def one(self, resource: dict[str, Any]) -> dict[str, Any]:
        """What one live resource holds, by target."""
        return dict(zip([slot.target for slot in self.slots], self.project([resource])[0], strict=True))

    def of_name(self, key: str, name: str) -> tuple[Any, ...]:
        """What each slot would want of an object whose `key` is this name, where it rests on that alone, else None."""
        return tuple([_value(slot, lambda _: [name]) if _rests_on(slot, key) else None for slot in self.slots])

    def disables(self, source: Source = lambda name: [None]) -> bool:
        """Whether a soft-deleted user's mapping says `active: false`, not at creation alone.

        `source` gives the user's own attributes, which nobody has who is no longer declared.
        """
        if self.active not in self.updates:
            return False
        return _wanted(self.slots[self.active], lambda name: ["True"] if name == "IsSoftDeleted" else source(name), 1) == [False]


def compile_mapping(mapping: ObjectMapping) -> CompiledMapping:
    """Compile every mapping but `members`, which is diffed as a set of addresses.

    Raises ExpressionError or PathError; `resolve.check` has reported them with their place before.
    """
    slots = tuple(_slot(item) for item in mapping.attributes if item.target != "members")
    ranked = [(slot.mapping.matchingPrecedence, i) for i, slot in enumerate(slots)]
    matching = tuple(i for rank, i in sorted((rank, i) for rank, i in ranked if rank))
    updates = tuple(i for i, s in enumerate(slots) if s.mapping.apply == "always" and s.mapping.kind != "none")
    active = next((i for i, slot in enumerate(slots) if slot.target == "active"), None)
    return CompiledMapping(mapping, slots, matching, updates, active)


def _slot(item: AttributeMapping) -> Slot:
    path = parse_path(item.target)
    leaf = (path.sub or path.attribute).lower()
    attribute = path.attribute.lower()
    expression = compile_expression(item.value) if item.kind == "expression" else None
    apart = item.kind == BESIDE
    gives_roles = apart or (expression is not None and "appRoleAssignments" in expression.sources)
    slot = Slot(
        target=item.target,
        path=path,
        mapping=item,
        expression=expression,
        boolean=leaf in BOOLEANS,
        text=is_text(path),
        single=is_single(path),
        reference=attribute in REFERENCES and leaf in ("manager", "value") and item.value == "manager",
        fold_case=not item.caseExact if item.caseExact is not None else ignores_case(path),
        add_only=expression is not None and "AppRoleAssignmentsComplex" in expression.functions,
        assertive=(apart and item.value is True)
        or (expression is not None and "AssertiveAppRoleAssignmentsComplex" in expression.functions),
        gives_roles=gives_roles,
        carries_roles=gives_roles or (attribute == "roles" and leaf in ("roles", "value")),
        apart=apart,
    )
    return slot._replace(mapping=item._replace(default=coerce(slot, item.default)))


def _value(slot: Slot, source: Source) -> Any:
    return _without_faults(slot, _wanted(slot, source, 1), None)[0]


def _rests_on(slot: Slot, key: str) -> bool:
    if slot.expression is not None:
        return set(slot.expression.sources) == {key}
    return slot.mapping.kind == "source" and slot.mapping.value == key


def _wanted(slot: Slot, source: Source, count: int) -> list[Any]:
    match slot.mapping.kind:
        case "source":
            column = source(slot.mapping.value)
            return [user_address(name) if name else None for name in column] if slot.reference else _coerced(slot, column)
        case _ if slot.apart:
            return _coerced(slot, source(GRANTED))
        case "constant":
            return [coerce(slot, slot.mapping.value)] * count
        case "expression":
            assert slot.expression is not None
            if slot.expression.generated:
                return [IGNORE] * count
            return _coerced(slot, slot.expression.column(source, count))
        case _:
            return [IGNORE] * count


def _without_faults(slot: Slot, column: list[Any], faults: dict[int, list[Fault]] | None) -> list[Any]:
    if slot.expression is None or EvaluationError not in set(map(type, column)):
        return column
    for number, value in enumerate(column):
        if isinstance(value, EvaluationError) and faults is not None:
            faults.setdefault(number, []).append(Fault(slot.target, str(value)))
    return [IGNORE if isinstance(value, EvaluationError) else value for value in column]


def _coerced(slot: Slot, column: list[Any]) -> list[Any]:
    plain = PLAIN.issuperset(map(type, column))
    if plain and not slot.boolean and "" not in column:
        return column
    known = {value: coerce(slot, value) for value in set(column)} if plain else {}
    return [known[value] for value in column] if plain else [coerce(slot, value) for value in column]


def coerce(slot: Slot, value: Any) -> Any:
    """A wanted value in the target's type; empty text and empty lists are null (RFC 7643 §2.5).

    Several values for a target that holds one are an EvaluationError.
    """
    if value is None or value is IGNORE or isinstance(value, EvaluationError):
        return value
    if isinstance(value, (str, list, tuple)) and not value:
        return None
    if slot.single and isinstance(value, (list, tuple)):
        return EvaluationError("it has several values, and the target holds one: use Item or Join")
    if slot.boolean:
        return _boolean(value)
    if slot.text:
        return text(value)
    return list(value) if isinstance(value, tuple) else value


def _boolean(value: Any) -> Any:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower(), value)
    return value


def _normal(slot: Slot, column: list[Any]) -> list[Any]:
    if slot.reference:
        column = [value.get("value") if isinstance(value, Mapping) else value for value in column]
    if slot.boolean:
        return column if set(map(type, column)) == {bool} else [_boolean(value) for value in column]
    return column if all(column) else [None if value == [] or value == "" else value for value in column]
