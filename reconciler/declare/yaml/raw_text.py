"""Characters beyond U+FFFF as JSON writes them, two escapes each, made what YAML writes. Pure."""

from __future__ import annotations

import json
import re
from itertools import accumulate, pairwise
from typing import Any

OPENED = re.compile(r"^<{7} ", re.MULTILINE)
MARKED = re.compile(r"^(?:<{7} |={7}\s*$|>{7} )", re.MULTILINE)  # how git marks the two sides
INDENT = re.compile(r"[ \t?:-]*\Z")
Finding = tuple[int, str, str, str]  # line, code, message, remedy
LEADING = re.compile(r"\\u[dD][89abAB]")  # a quick look, since few files hold any
PAIR = re.compile(r"((?<!\\)(?:\\\\)*)\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})", re.IGNORECASE)


def joined(text: str) -> tuple[str, dict[int, list[int]]]:
    r"""JSON writes \ud83d\ude00 where YAML writes \U0001F600; and in which columns of which lines that made two of twelve fewer.

    Text that is no JSON stays as it is: outside of double quotes YAML takes both for what they look like.
    """
    removed: dict[int, list[int]] = {}
    if LEADING.search(text) is None or not _is_json(text):
        return text, removed
    lines = text.split("\n")
    for number, line in enumerate(lines):
        columns = [pair.start(2) - 2 - 2 * before for before, pair in enumerate(PAIR.finditer(line))]
        if columns:
            removed[number] = columns
            lines[number] = PAIR.sub(_character, line)
    return "\n".join(lines), removed


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _character(pair: re.Match[str]) -> str:
    high, low = int(pair[2], 16), int(pair[3], 16)
    return f"{pair[1]}\\U{0x10000 + (high - 0xD800) * 0x400 + low - 0xDC00:08X}"


def conflicts(text: str) -> list[Finding]:
    """Each merge conflict by its first line; by any marker where no first line is left."""
    openings = list(OPENED.finditer(text)) or list(MARKED.finditer(text))[:1]
    ends = [0, *(match.start() for match in openings)]
    lines = accumulate(text.count("\n", start, end) for start, end in pairwise(ends))
    return [
        (
            line + 1,
            "merge-conflict",
            "a merge conflict is not resolved here",
            "keep what is right of both sides, and remove the lines that begin with <<<<<<<, ======= and >>>>>>>",
        )
        for line in lines
    ]


def syntax(text: str, mark: Any, problem: str) -> tuple[str, str]:
    """Message and remedy of the parser's own error; `mark` is where it found it."""
    line = text[: mark.index].rpartition("\n")[2]
    if text[mark.index : mark.index + 1] == "\t" and INDENT.match(line):
        return "not YAML: a tab cannot indent here", "indent with spaces"
    return f"not YAML: {problem}", _cause(text, mark, problem)


def _cause(text: str, mark: Any, problem: str) -> str:
    """What most often leads to such an error, with what to do."""
    lines = text.split("\n")
    here = lines[mark.line] if mark.line < len(lines) else ""
    if problem == "mapping values are not allowed in this context":
        if here.count(": ") > 1:
            return "quote the value: it contains `: `"
        return "the line before lacks a colon, or this one is indented further than it should be"
    if problem == "could not find expected ':'":
        return f"line {mark.line} lacks a colon after its key, or has a quote that is not closed"
    if problem in ("did not find expected key", "did not find expected '-' indicator"):
        above = next((at for at in range(mark.line - 1, -1, -1) if lines[at].strip()), None)
        if above is not None and _indent(lines[above]) != _indent(here):
            return f"the indentation differs from that of line {above + 1}: keys of one object begin in one column"
    return "fix the syntax at this place: a quote, a bracket or a comma is missing here or in the line before"


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
