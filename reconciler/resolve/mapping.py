"""Attribute mappings compiled once, then run per object: directory attributes in, one value a slot out. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from reconciler.declare.model import AttributeMapping, ObjectMapping
from reconciler.resolve.expressions import IGNORE, EvaluationError, Expression, compile_expression
from reconciler.resolve.paths import Path, extractor, parse_path

Get = Callable[[str], Any]
REFERENCES = frozenset({"manager"})
BOOLEANS = frozenset({"active", "primary"})


class Slot(NamedTuple):
    """One compiled attribute mapping."""

    target: str
    path: Path
    mapping: AttributeMapping
    expression: Expression | None
    extract: Callable[[dict[str, Any]], Any]
    boolean: bool
    reference: bool
    fold_case: bool
    add_only: bool


class Fault(NamedTuple):
    """A value that an expression could not use, of one object: the target attribute and the reason in words."""

    target: str
    reason: str


@dataclass(frozen=True)
class CompiledMapping:
    """The slots of one object type; `matching` are slot numbers in order of precedence.

    `updates` are the slots that are compared after creation; `active` is the slot that writes it, if any.
    """

    mapping: ObjectMapping
    slots: tuple[Slot, ...]
    matching: tuple[int, ...]
    updates: tuple[int, ...]
    active: int | None

    def values(self, get: Get, faults: list[Fault] | None = None) -> tuple[Any, ...]:
        """What each slot wants, without defaults; null is None, a slot out of the flow is IGNORE.

        A generated value is not made here, and what an expression cannot evaluate is added to `faults`; both are
        left out of the flow.
        """
        return tuple([_value(slot, get, faults) for slot in self.slots])

    def project(self, resource: dict[str, Any]) -> tuple[Any, ...]:
        """What a live resource holds in each slot; a reference is the id that it points to."""
        return tuple([_live(slot, slot.extract(resource)) for slot in self.slots])

    def disables(self) -> bool:
        """Whether a soft-deleted user's mapping says `active: false` (design.md §5 step 7)."""
        if self.active is None:
            return False
        return _value(self.slots[self.active], {"IsSoftDeleted": "True"}.get, None) is False


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
    return Slot(
        target=item.target,
        path=path,
        mapping=item,
        expression=expression,
        extract=extractor(path),
        boolean=leaf in BOOLEANS,
        reference=attribute in REFERENCES and leaf in ("manager", "value") and item.value == "manager",
        fold_case=attribute == "username" or (attribute == "emails" and leaf in ("emails", "value")),
        add_only=expression is not None and "AppRoleAssignmentsComplex" in expression.functions,
    )


def _value(slot: Slot, get: Get, faults: list[Fault] | None) -> Any:
    match slot.mapping.kind:
        case "source":
            value = get(slot.mapping.value)
        case "constant":
            value = slot.mapping.value
        case "expression":
            assert slot.expression is not None
            if slot.expression.generated:
                return IGNORE
            try:
                value = slot.expression.evaluate(get)
            except EvaluationError as error:
                if faults is not None:
                    faults.append(Fault(slot.target, str(error)))
                return IGNORE
        case _:
            return IGNORE
    return coerce(slot, value)


def coerce(slot: Slot, value: Any) -> Any:
    """A wanted value in the target's type; empty text and empty lists are null (RFC 7643 §2.5)."""
    if value is None or value is IGNORE:
        return value
    if slot.boolean:
        return _boolean(value)
    if isinstance(value, (str, list, tuple)) and not value:
        return None
    return list(value) if isinstance(value, tuple) else value


def _boolean(value: Any) -> Any:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower(), value)
    return value


def _live(slot: Slot, value: Any) -> Any:
    if slot.reference and isinstance(value, Mapping):
        return value.get("value")
    if slot.boolean:
        return _boolean(value)
    if value == [] or value == "":
        return None
    return value


def source_getter(row: dict[str, Any], computed: dict[str, Any]) -> Get:
    """Read a source attribute by name: computed sources first, then the row, then `extensionAttributes.x`."""
    extra = row.get("extensionAttributes")

    def get(name: str) -> Any:
        if name in computed:
            return computed[name]
        if name in row:
            return row[name]
        if name.startswith("extensionAttributes.") and extra:
            return extra.get(name[20:])
        return None

    return get
