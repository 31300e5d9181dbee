"""Whether a simulated service knows a filter: its text and the profile's `filter` in, a complaint out. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

CLAUSE = re.compile(
    r"""\s*([A-Za-z][\w.:$-]*(?:\[[^\]]*\])?(?:\.\w+)?)\s+(eq|ne|co|sw|ew|gt|ge|lt|le|pr)\b(?:\s*("(?:[^"\\]|\\.)*"|true|false|\d+))?""",
    re.IGNORECASE,
)
JOINT = re.compile(r"\s+(and|or)\b", re.IGNORECASE)


def filter_problem(text: str | None, known: Mapping[str, Any]) -> str:
    """What the service would say; empty where it can filter so. Clauses joined by and or or are read, no more."""
    at = 0
    while text is not None:
        clause = CLAUSE.match(text, at)
        if clause is None:
            return "the filter cannot be read"
        if clause[2].lower() not in known["operators"]:
            return f"the operator {clause[2]} is not supported"
        if "attributes" in known and clause[1].lower() not in {name.lower() for name in known["attributes"]}:
            return f"{clause[1]} cannot be filtered on"
        joint = JOINT.match(text, clause.end())
        if joint is None:
            return "" if clause.end() == len(text.rstrip()) else "the filter cannot be read"
        if joint[1].lower() not in known["operators"]:
            return f"the operator {joint[1]} is not supported"
        at = joint.end()
    return ""
