"""The roles in the value of an attribute that carries them, by name. Pure."""

from __future__ import annotations

from typing import Any

from reconciler.declare.names import fold

Named = dict[str, str]  # folded name of a role on the service -> as it is written there


def named(value: Any) -> Named:
    """The roles in an attribute's value: items of a list, or one text."""
    items = value if isinstance(value, list) else [value]
    texts = [item.get("value") if isinstance(item, dict) else item for item in items]
    return {fold(text): text for text in texts if isinstance(text, str)}
