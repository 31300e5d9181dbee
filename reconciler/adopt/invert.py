"""An attribute mapping run backwards: the values of a live object in, the source attributes that give them out. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.adopt.model import Row
from reconciler.adopt.yaml_edit.rows import is_name
from reconciler.declare.source_attributes import COMPUTED, DEFAULT_DOMAIN, MULTI_VALUED
from reconciler.declare.yaml.scalars import can_hold
from reconciler.plan.diff import same
from reconciler.resolve.expressions.language import EvaluationError
from reconciler.resolve.mapping import CompiledMapping, Slot, coerce
from reconciler.resolve.several import leading
from reconciler.resolve.sources import EXTENSION

ROLE_FUNCTIONS = frozenset({"SingleAppRoleAssignment", "AppRoleAssignmentsComplex", "AssertiveAppRoleAssignmentsComplex"})
NAMES = frozenset({"userPrincipalName", "id"})
NO_COLUMN = frozenset({*COMPUTED, *MULTI_VALUED, DEFAULT_DOMAIN, "accountEnabled"})  # what no live text is put back into


def role_slot(mapping: CompiledMapping) -> int | None:
    """The slot that carries app roles, if there is one."""
    slots = enumerate(mapping.slots)
    return next((i for i, slot in slots if slot.expression and slot.expression.functions & ROLE_FUNCTIONS), None)


def fits_source(name: str, value: Any, key: str) -> bool:
    """Whether a source attribute can hold this value (schemas/users.schema.json)."""
    if name == "accountEnabled":
        return isinstance(value, bool)
    if name in MULTI_VALUED:
        return isinstance(value, list) and all(isinstance(item, str) and can_hold(item) for item in value)
    if name in NAMES or name == key:
        return is_name(value)
    return isinstance(value, str) and can_hold(value)


def put(row: Row, name: str, value: Any) -> None:
    """Give a row a source attribute, `extensionAttributes.x` in its mapping."""
    if name.startswith(EXTENSION):
        row.setdefault("extensionAttributes", {})[name.removeprefix(EXTENSION)] = value
    else:
        row[name] = value


def get(row: Row, name: str) -> Any:
    """What a row says of a source attribute; references, roles and removal are not known here."""
    if name == "IsSoftDeleted":
        return "False"
    if name == "accountEnabled":
        return row.get(name) is not False
    if name.startswith(EXTENSION):
        return (row.get("extensionAttributes") or {}).get(name.removeprefix(EXTENSION))
    return row.get(name)


def sources_of(mapping: CompiledMapping, values: Sequence[Any], key: str, name: str) -> tuple[Row, list[tuple[str, str]]]:
    """(row, what could not be imported as target and reason) of one live object.

    `key` is the attribute that names the object; where no mapping gives it, the object's own `name` does.
    """
    row: Row = {}
    left: list[tuple[str, str]] = []
    values = [leading(value) for value in values]
    for slot, value in zip(mapping.slots, values, strict=True):
        if slot.mapping.kind == "source" and not slot.reference and value is not None:
            source = str(slot.mapping.value)
            if source in COMPUTED or not fits_source(source, value, key):
                left.append((slot.target, f"{source} cannot hold the live value"))
            elif get(row, source) is None or source == "accountEnabled":
                put(row, source, value)
    for slot, value in zip(mapping.slots, values, strict=True):
        if slot.expression is not None and value is not None:
            _fill_in(slot, value, row, key)
    if row.get(key) is None and is_name(name):
        row[key] = name
    return row, left


def _fill_in(slot: Slot, value: Any, row: Row, key: str) -> None:
    """Give the row a source that makes an expression give `value`, where one is needed and there is one.

    Tried for each source that has no value yet: the live value itself. That undoes ToLower, StripSpaces, Coalesce and
    the like; whether it does is not assumed but evaluated.
    """
    expression = slot.expression
    if expression is None or expression.generated or expression.functions & ROLE_FUNCTIONS or gives(slot, value, row):
        return
    for source in expression.sources:
        if source in NO_COLUMN or get(row, source) is not None:
            continue
        if fits_source(source, value, key):
            trial = {**row, "extensionAttributes": dict(row.get("extensionAttributes") or {})}
            put(trial, source, value)
            if gives(slot, value, trial):
                put(row, source, value)
                return


def gives(slot: Slot, value: Any, row: Row) -> bool:
    """Whether an expression makes this value of a row."""
    assert slot.expression is not None
    try:
        return same(slot, coerce(slot, slot.expression.evaluate(lambda name: get(row, name))), value)
    except EvaluationError:
        return False


def wanted(mapping: CompiledMapping, rows: Sequence[Row], given: Mapping[str, Sequence[Any]]) -> list[tuple[Any, ...]]:
    """What the mapping would make of rows; `given` are the columns that a row does not hold, such as roles."""

    def column(name: str) -> list[Any]:
        return list(given[name]) if name in given else [get(row, name) for row in rows]

    return mapping.values(column, len(rows), {})
