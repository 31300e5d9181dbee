"""How one object gets each of its mapped values: inputs, calls and result of every mapping. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple

from reconciler.declare.place import Place
from reconciler.resolve.expressions.functions import Chance
from reconciler.resolve.expressions.language import IGNORE
from reconciler.resolve.expressions.trace import Traced, trace
from reconciler.resolve.filters import Get
from reconciler.resolve.mapping import CompiledMapping, Fault, Slot, coerce


class Derived(NamedTuple):
    """One mapping and what it comes to for one object.

    `kind` is source, constant, expression or none, `text` what stands there. `state` is value, ignored (out of the
    flow), error (`value` is the reason in words), generated (`value` is a sample: the apply makes another) or none.
    `inputs` are the source attributes with their values.
    """

    target: str
    kind: str
    text: str
    place: Place
    apply: str
    inputs: tuple[tuple[str, Any], ...]
    state: str
    value: Any
    default: Any
    onNull: str
    redacted: bool = False
    traced: Traced | None = None


def derive(mapping: CompiledMapping, get: Get, chance: Chance) -> list[Derived]:
    """Every mapping of an object type for the object whose source attributes `get` gives."""
    faults: dict[int, list[Fault]] = {}
    values = mapping.values(lambda name: [get(name)], 1, faults)[0]
    reasons = {fault.target: fault.reason for fault in faults.get(0, ())}
    slots = zip(mapping.slots, values, strict=True)
    return [_derived(slot, value, reasons.get(slot.target), get, chance) for slot, value in slots]


def _derived(slot: Slot, value: Any, reason: str | None, get: Get, chance: Chance) -> Derived:
    item, expression = slot.mapping, slot.expression
    traced = trace(expression.text, get, chance) if expression is not None else None
    state, shown = _outcome(slot, value, reason, traced)
    names = expression.sources if expression is not None else (str(item.value),) if item.kind == "source" else ()
    text = "" if item.kind == "none" else str(item.value)
    return Derived(
        slot.target,
        item.kind,
        text,
        item.place,
        item.apply,
        tuple((name, get(name)) for name in names),
        state,
        shown,
        item.default,
        item.onNull,
        slot.redacts,
        traced,
    )


def _outcome(slot: Slot, value: Any, reason: str | None, traced: Traced | None) -> tuple[str, Any]:
    if slot.mapping.kind == "none":
        return "none", None
    if reason is not None:
        return "error", reason
    if slot.expression is not None and slot.expression.generated and traced is not None:
        return ("error", traced.value) if traced.state == "error" else ("generated", coerce(slot, traced.value))
    return ("ignored", None) if value is IGNORE else ("value", value)
