"""What makes a text no YAML, where that can be told better than by the parser: text in, findings out. Pure."""

from __future__ import annotations

import re
from itertools import accumulate, pairwise
from typing import Any

OPENED = re.compile(r"^<{7} ", re.MULTILINE)
MARKED = re.compile(r"^(?:<{7} |={7}\s*$|>{7} )", re.MULTILINE)  # how git marks the two sides
INDENT = re.compile(r"[ \t?:-]*\Z")

Finding = tuple[int, str, str, str]  # line, code, message, remedy


def conflicts(text: str) -> list[Finding]:
    """Each merge conflict by its first line; by any marker where no first line is left."""
    found = list(OPENED.finditer(text)) or list(MARKED.finditer(text))[:1]
    ends = [0, *(match.start() for match in found)]
    lines = accumulate(text.count("\n", start, end) for start, end in pairwise(ends))
    return [(line + 1, "merge-conflict", "a merge conflict is not resolved here",
             "keep what is right of both sides, and remove the lines that begin with <<<<<<<, ======= and >>>>>>>")
            for line in lines]  # fmt: skip


def syntax(text: str, mark: Any, problem: str) -> tuple[str, str]:
    """Message and remedy of the parser's own error; `mark` is where it found it."""
    line = text[: mark.index].rpartition("\n")[2]
    if text[mark.index : mark.index + 1] == "\t" and INDENT.match(line):
        return "not YAML: a tab cannot indent here", "indent with spaces"
    return f"not YAML: {problem}", "mend the syntax at this place"
