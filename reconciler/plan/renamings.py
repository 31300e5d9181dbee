"""By what an account is known, and which changes give it another such name: a change in, its renamings out. Pure."""

from __future__ import annotations

from reconciler.declare.names import is_user
from reconciler.plan.change import Action, AttributeChange, Change
from reconciler.plan.context import Context
from reconciler.resolve.canonical import readable

NAMES = frozenset({"username", "externalid"})


def known_by(context: Context) -> dict[str, int]:
    """Target -> its slot, of the attributes of users by which somebody signs in or an account is matched."""
    mapping = context.resolution.user_mapping
    return {
        slot.target: number
        for number, slot in enumerate(mapping.slots)
        if number in mapping.matching
        or slot.target.lower() in NAMES
        or (slot.path.attribute.lower() == "emails" and slot.path.sub in (None, "value"))
    }


def renamings(context: Context, change: Change) -> list[AttributeChange]:
    """The names that a change takes from an account; one that had none until then gets it, and is not renamed."""
    if not is_user(change.address) or change.action in (Action.CREATE, Action.DISABLE, Action.DELETE):
        return []
    names = known_by(context)
    return [a for a in change.attributes if a.path in names and a.before]


def shown(renaming: AttributeChange) -> tuple[str, str]:
    """(before, after) as any output may show them."""
    before, after = renaming.shown()
    return _text(before), _text(after)


def _text(value: object) -> str:
    return value if isinstance(value, str) else readable(value)
