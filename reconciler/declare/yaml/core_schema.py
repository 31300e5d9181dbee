"""The text of a plain scalar in, the value that YAML 1.2's core schema gives it out. Pure."""

from __future__ import annotations

import re
from typing import Any

LONGEST_NUMBER = 400  # digits; no format that services speak has longer ones
WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
WORDS |= {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
INT = re.compile(r"[-+]?[0-9]+\Z|0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z|[-+]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z")
NUMBER = re.compile(r"[-+]?[0-9.]+([eE][-+]?[0-9]+)?\Z|0[ox][0-9a-fA-F]+\Z")
SPECIAL = frozenset("~ntfNTF0123456789+-.")


def scalar(text: str) -> Any:
    """A plain scalar by YAML 1.2's core schema: `on`, `yes` and dates are text."""
    if text and text[0] not in SPECIAL:
        return text
    if text in WORDS:
        return WORDS[text]
    if INT.match(text) and len(text) <= LONGEST_NUMBER:
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if FLOAT.match(text) and len(text) <= LONGEST_NUMBER:
        return float(re.sub(r"\.(?=[iInN])", "", text))
    return text
