"""What the worlds of tests/corpus show of each code: the command that said it, and its lines. The corpus compares them."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tests.support.servers import ROOT

CORPUS = ROOT / "tests/corpus"
CODED = re.compile(r"\[([\w-]+)\]$")
BLOCKED = re.compile(r"  blocked  (\w+): ")
FAILED = re.compile(r"\bfailed \(([A-Z]\w+)\): ")  # of a cycle
NOT_TEXT = re.compile(r"[>|-] |\| |\s*[\"{]")  # a line of Markdown or JSON


class Seen(NamedTuple):
    """`lines` are what was printed: the line with the code, and what to do."""

    command: str
    lines: tuple[str, ...]


@functools.cache
def seen() -> Mapping[str, Seen]:
    """The first time that each code is said, in the order of the worlds' names."""
    found: dict[str, Seen] = {}
    for file in sorted(CORPUS.glob("*/golden/said.txt")):
        for code, one in _of(file.read_text(encoding="utf-8").splitlines()):
            found.setdefault(code, one)
    return found


def _of(lines: list[str]) -> Iterator[tuple[str, Seen]]:
    command = ""
    for number, line in enumerate(lines):
        if line.startswith("$ "):
            command = line
        text = line.removeprefix("! ")
        match = CODED.search(text) or BLOCKED.match(text) or FAILED.search(text)
        if match and not NOT_TEXT.match(text):
            yield match[1], Seen(command, (text, *_below(text, lines[number + 1 :])))


def _below(first: str, rest: list[str]) -> Iterator[str]:
    """The lines that are indented more than it, but for other cautions."""
    depth = len(first) - len(first.lstrip())
    for line in rest:
        text = line.removeprefix("! ")
        if not text.strip() or len(text) - len(text.lstrip()) <= depth + 1:
            return
        yield text
