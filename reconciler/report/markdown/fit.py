"""Sections in, one text within a limit out: cut between entries, the least important section first. No I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple


class Limit(NamedTuple):
    """A largest size, its unit in words, and how a text is measured in it; sizes of parts add up."""

    most: int
    unit: str
    measure: Callable[[str], int]


@dataclass(frozen=True)
class Section:
    """`units` are what may be cut, whole or not at all; a low `rank` is cut last. `name` names the units in a notice."""

    name: str
    rank: int
    units: tuple[str, ...]
    head: str = ""
    tail: str = ""

    def text(self, count: int) -> str:
        """The section as Markdown, with its first `count` units."""
        return self.head + "\n".join(self.units[:count]) + self.tail


@dataclass
class _Room:
    limit: Limit
    left: int
    shown: dict[int, int] = field(default_factory=dict)

    def take(self, number: int, section: Section) -> None:
        """As many of the section's units as there is room for."""
        measure = self.limit.measure
        used, count = measure(section.head + section.tail) + 2, 0
        for unit in section.units:
            size = measure(unit) + 1
            if used + size > self.left:
                break
            used, count = used + size, count + 1
        self.shown[number] = count
        if count:
            self.left -= used


def fit(parts: list[str | Section], limit: Limit, whole: str) -> str:
    """The parts with blank lines between them; where that is too long, with the cut and the place of the `whole` said."""
    everything = [part if isinstance(part, str) else part.text(len(part.units)) for part in parts]
    text = "\n\n".join(part for part in everything if part) + "\n"
    if limit.measure(text) <= limit.most:
        return text
    sections = {number: part for number, part in enumerate(parts) if isinstance(part, Section)}
    fixed = "\n\n".join(part for part in parts if isinstance(part, str))
    reserve = limit.measure(fixed + _notice(sections, dict.fromkeys(sections, 0), limit, whole)) + 10
    room = _Room(limit, limit.most - reserve)
    for number, section in sorted(sections.items(), key=lambda item: item[1].rank):
        room.take(number, section)
    kept = [
        part if isinstance(part, str) else part.text(room.shown[n])
        for n, part in enumerate(parts)
        if isinstance(part, str) or room.shown[n]
    ]
    # Before the last part, which is the footer.
    return "\n\n".join([*kept[:-1], _notice(sections, room.shown, limit, whole), kept[-1]]) + "\n"


def _notice(sections: dict[int, Section], shown: dict[int, int], limit: Limit, whole: str) -> str:
    cut = [f"{shown[n]:,} of {len(s.units):,} {s.name}" for n, s in sections.items() if shown[n] < len(s.units)]
    return f"> [!WARNING]\n> Cut to {limit.most:,} {limit.unit}: this shows {', '.join(cut)}. The whole plan is in {whole}."
