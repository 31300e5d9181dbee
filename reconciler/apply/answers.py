"""What a service answers of an object that was written, against what it was told. No I/O."""

from __future__ import annotations

from typing import Any

from reconciler.apply.ids import Ids
from reconciler.plan.change import AttributeChange
from reconciler.plan.diff import same
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


def undone_active(attribute: AttributeChange, answered: Any) -> str:
    """That the account is still what it was; empty where the service does not say."""
    return "" if answered is None else f"the account is still {'inactive' if attribute.after else 'active'}"


def undone_roles(kept: list[str], lacking: list[str]) -> str:
    """The roles that stayed, and those that did not come."""
    stayed = [f"{_roles(kept)} stayed"] if kept else []
    return " and ".join([*stayed, *([f"{_roles(lacking)} {'is' if len(lacking) == 1 else 'are'} not shown"] if lacking else [])])


def _roles(names: list[str]) -> str:
    return f"the role{'s' * (len(names) != 1)} {', '.join(names)}"
