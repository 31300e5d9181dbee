"""What is to go out of a list or mapping in brackets, the stretches of text that go with it out. Pure.

A comment stands on the elements that end on its line, and goes with the last of them; a comment on a line of its own stays.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

COMMA = re.compile(r"(?:\s|#[^\n]*+)*+(,)")  # the next one that is in no comment


class Span(NamedTuple):
    """From `start` up to `end`."""

    start: int
    end: int


def cuts(text: str, inside: Span, elements: Sequence[Span], gone: Collection[int]) -> list[Span]:
    """What to take out, in order and apart from each other; `inside` is what the brackets hold, `gone` are numbers."""
    return _apart(_Brackets(text, inside, elements, gone).cuts())


def _apart(spans: Iterator[Span]) -> list[Span]:
    """Those that overlap or touch as one."""
    apart: list[Span] = []
    for span in sorted(spans):
        if apart and span.start <= apart[-1].end:
            span = Span(apart[-1].start, max(apart.pop().end, span.end))
        apart.append(span)
    return apart


class _Brackets:
    def __init__(self, text: str, inside: Span, elements: Sequence[Span], gone: Collection[int]) -> None:
        self.text, self.inside, self.elements = text, inside, elements
        self.gone, self.kept = sorted(gone), [number for number in range(len(elements)) if number not in gone]
        ends = [*(element.start for element in elements[1:]), inside.end]
        self.commas = [self._comma(element.end, end) for element, end in zip(elements, ends, strict=True)]

    def _comma(self, start: int, end: int) -> int | None:
        found = COMMA.match(self.text, start, end)
        return found.start(1) if found else None

    def cuts(self) -> Iterator[Span]:
        for first, last in self._beside():
            comma, end = self.commas[last], self.elements[last].end
            if comma is not None:
                yield Span(comma, comma + 1)
                end = end if "\n" in self.text[end:comma] else comma + 1
            yield self._cut(self.elements[first].start, end)
        if self.kept and self.commas[-1] is None and (comma := self.commas[self.kept[-1]]) is not None:
            yield Span(comma, comma + 1)  # no comma was at the end before

    def _beside(self) -> Iterator[tuple[int, int]]:
        """First and last of each run that goes and stands on one line."""
        first = None
        for number in self.gone:
            first = number if first is None else first
            following = number + 1 in self.gone and self.elements[number + 1].start
            if not following or "\n" in self.text[self.elements[number].end : following]:
                yield first, number
                first = None

    def _cut(self, start: int, end: int) -> Span:
        """A run with the space and the comment that go with it, and its whole line where nothing else is on that."""
        line, stop = self.text.rfind("\n", 0, start) + 1, self._line_end(end)
        rest = self.text[end:stop].lstrip()
        if rest and not rest.startswith("#"):
            return self._amid(start, end, rest)
        if self.text[line:start].strip():
            return Span(self._back(start), end if self._shared(end) else stop)
        return Span(line, stop + 1)

    def _amid(self, start: int, end: int, rest: str) -> Span:
        """A run with something behind it on its line: an element that stays, or the end of all."""
        behind = self._line_end(end) - len(rest)
        if behind < self.inside.end:
            return Span(start, behind)
        before = max((element.end for element in self.elements if element.end <= start), default=self.inside.start)
        return Span(start if "#" in self.text[before:start] else self._back(start), end)

    def _shared(self, at: int) -> bool:
        """Whether an element that stays ends on the line, before."""
        line = self.text.rfind("\n", 0, at) + 1
        return any(line < self.elements[number].end <= at for number in self.kept)

    def _back(self, at: int) -> int:
        return len(self.text[:at].rstrip())

    def _line_end(self, at: int) -> int:
        end = self.text.find("\n", at)
        return len(self.text) if end < 0 else end
