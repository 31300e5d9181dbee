"""What a service answers of an object that was written, against what it was told. No I/O."""

from __future__ import annotations

from typing import Any

from reconciler.apply.ids import Ids
from reconciler.plan.diff import same
from reconciler.plan.model import AttributeChange
from reconciler.resolve.mapping import CompiledMapping, Slot


def kept_otherwise(
    mapping: CompiledMapping, ids: Ids, attributes: tuple[AttributeChange, ...], live: dict[str, Any]
) -> dict[str, Any]:
    """What the service kept or made of it otherwise: path -> the value that it answers."""
    slots = {slot.target: slot for slot in mapping.slots}
    values = mapping.one(live)
    return {
        a.path: ids.planned(a, values[a.path])
        for a in attributes
        if a.path in slots and not _is_taken(slots[a.path], a, ids.live(a, a.after), values[a.path])
    }


def _is_taken(slot: Slot, attribute: AttributeChange, want: Any, have: Any) -> bool:
    """Of several values behind a path only the one that was meant is taken out."""
    if want is None and attribute.beside:
        return attribute.replaced not in (have if isinstance(have, list) else [have])
    return same(slot, want, have)
