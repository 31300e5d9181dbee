"""How a text is written in YAML: plain where it can be misread as nothing else, in quotes where it can. No I/O."""

from __future__ import annotations

import json
import re

from reconciler.declare.visible import unseen

PLAIN = re.compile(r"[A-Za-z][\w.@-]*( [\w.@-]+)*\Z", re.ASCII)
WORDS = frozenset({"null", "true", "false"})


def spelled(text: str) -> str:
    """A text as YAML that reads as this text, inside of a flow mapping too: `Networks`, but `"2000"`."""
    if PLAIN.match(text) and text.lower() not in WORDS:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    hidden = unseen(quoted)
    return "".join(f"\\U{ord(c):08x}" if place in hidden or not c.isprintable() else c for place, c in enumerate(quoted))
