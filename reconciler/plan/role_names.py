"""The roles in the value of an attribute that carries them, by name. Pure."""

from __future__ import annotations

from typing import Any

from reconciler.declare.names import fold

Named = dict[str, str]  # folded name of a role on the service -> as it is written there


def going(before: Any, after: Any) -> Any:
    """The value before a change without the roles that stay under another name: what they are by their ids, `after` is too."""
    if not isinstance(before, list) or not isinstance(after, list):
        return before
    ids = {id for item in after if isinstance(item, dict) for id in item.get("grants", ())}
    return [item for item in before if item in after or not _is_covered(item, ids)]


def _is_covered(item: Any, ids: set[str]) -> bool:
    own = item.get("grants", ()) if isinstance(item, dict) else ()
    return bool(own) and all(id in ids or f"*/{id.rpartition('/')[2]}" in ids for id in own)


def named(value: Any) -> Named:
    """The roles in an attribute's value: items of a list, or one text."""
    items = value if isinstance(value, list) else [value]
    texts = [item.get("value") if isinstance(item, dict) else item for item in items]
    return {fold(text): text for text in texts if isinstance(text, str)}
