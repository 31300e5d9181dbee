"""Values in, one text for equal ones out. Pure."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def key_of(item: Any) -> str:
    """What tells the items of a multi-valued attribute apart: `value`, else `type`, else the whole of it."""
    if isinstance(item, dict):
        for name in ("value", "type"):
            if name in item:
                return item[name] if isinstance(item[name], str) else canonical(item[name])
    return item if isinstance(item, str) else canonical(item)


def canonical(value: Any) -> str:
    """JSON with sorted keys and no white space: the same text on every machine."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def readable(value: Any) -> str:
    """JSON for a person's eyes, letters of every script as they are; what prints it makes it harmless."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def sha256(value: Any) -> str:
    """`sha256:` and the hex digest of the canonical JSON of a value."""
    return "sha256:" + hashlib.sha256(canonical(value).encode()).hexdigest()
