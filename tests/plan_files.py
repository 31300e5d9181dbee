"""Saved plans as somebody else would write them."""

from __future__ import annotations

import json
from typing import Any

from reconciler.report.jsonform import SEAL, content_digest


def resealed(document: dict[str, Any]) -> str:
    """A saved plan whose content digests fit again, as a forger, or a later version, would write it."""
    for plan in document["plans"]:
        plan[SEAL] = content_digest(plan)
    return json.dumps(document)
