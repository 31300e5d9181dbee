"""Where something stands in a file, a text with its place, and what there is to say of it. No I/O."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """Where something is declared: file as given on the command line, 1-based line and column."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Text(NamedTuple):
    """Where the text of a scalar stands: its beginning, after an opening quote, and each character where that can be told."""

    place: Place = Place("", 0)
    characters: tuple[tuple[int, int], ...] = ()

    def at(self, column: int) -> Place:
        """The place of the character with this 1-based number, of the text's end after the last one."""
        if column > len(self.characters):
            return self.place
        return Place(self.place.file, *self.characters[column - 1])


class Problem(NamedTuple):
    """One finding about a declaration, written for the person who must fix it; `stands_for` is how many it counts as."""

    place: Place
    severity: str  # "error" or "warning"
    code: str  # stable kebab-case name of the rule
    message: str
    remedy: str
    stands_for: int = 1
