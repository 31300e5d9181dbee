"""YAML 1.2 text in, plain data out, with the line and column of every value. No I/O."""

from __future__ import annotations

import gc
import re
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import Any

from reconciler.declare.place import Place, Problem
from reconciler.declare.yaml.events import Builder, Segment, Where, where

MOST_BYTES = 64 * 1024 * 1024
TOO_LARGE = "larger than 64 MiB"
NUL = re.compile(r"\\(0|x00|u0000|U00000000)")  # how a value can hold one: by escape alone


@dataclass
class Document:
    """A parsed file; `problems` is empty where `data` can be trusted.

    `dropped` is where values stood that are not in `data` any more, since they had a wrong type.
    """

    file: str
    text: str
    data: Any = None
    problems: list[Problem] = field(default_factory=list)
    item_lines: list[int] = field(default_factory=list)
    dropped: frozenset[tuple[Segment, ...]] = frozenset()
    _positions: dict[tuple[Segment, ...], tuple[Where, Where]] | None = None

    @cached_property
    def lines(self) -> list[str]:
        """The text line by line, as places count them."""
        return self.text.split("\n")

    @cached_property
    def starts(self) -> list[int]:
        """At which character of the text each line begins."""
        return list(accumulate((len(line) + 1 for line in self.lines), initial=0))

    def locate(self, path: tuple[Segment, ...]) -> Place:
        """Where the value at a path stands; the nearest parent where it is absent."""
        return Place(self.file, *self._position(path)[1])

    def locate_key(self, path: tuple[Segment, ...]) -> Place:
        """Where the key of the value at a path stands; the nearest parent where it is absent."""
        return Place(self.file, *self._position(path)[0])

    def _position(self, path: tuple[Segment, ...]) -> tuple[Where, Where]:
        if self._positions is None:
            builder = Builder.with_positions(self.file)
            builder.run(self.text)
            self._positions = builder.positions
        while path and path not in self._positions:
            path = path[:-1]
        return self._positions.get(path, ((1, 1), (1, 1)))

    def lacks(self, path: tuple[Segment, ...]) -> bool:
        """Whether what stands at a path was dropped, by itself, with what it is a part of, or some part of it."""
        return path in self._near_dropped or any(path[:length] in self.dropped for length in range(len(path)))

    @cached_property
    def _near_dropped(self) -> frozenset[tuple[Segment, ...]]:
        return frozenset(gone[:length] for gone in self.dropped for length in range(len(gone) + 1))

    def written(self, place: Place) -> str:
        """The word that stands at a place, before YAML has made a number of it."""
        word = re.match(r"(?:[&!]\S*\s+)*([\w.+-]+)", self.lines[place.line - 1][place.column - 1 :])
        return word[1] if word else ""


def parse(raw: bytes, file: str) -> Document:
    """Parse one file. Every finding is in `problems`, nothing is raised."""
    if len(raw) > MOST_BYTES:
        return _broken(file, "file-too-large", TOO_LARGE, "split it into several files")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _broken(file, "not-utf8", "not UTF-8 text", "save the file as UTF-8", where(raw[: error.start]))
    builder = Builder(file)
    was_on = gc.isenabled()
    gc.disable()  # a large file makes nothing but live objects: looking for dead ones takes half of the time
    try:
        builder.run(text)
        if builder.problems:
            builder = Builder.with_positions(file)
            builder.run(text)
    finally:
        if was_on:
            gc.enable()
    document = Document(file, text, builder.root, builder.problems, builder.item_lines)
    if NUL.search(text):
        document.problems += _nuls(document)
    return document


def _broken(file: str, code: str, message: str, remedy: str, at: Where = (1, 1)) -> Document:
    return Document(file, "", None, [Problem(Place(file, *at), "error", code, message, remedy)])


def _nuls(document: Document) -> list[Problem]:
    """The one character that no value may hold, since most services cut a text there."""
    problems: list[Problem] = []
    todo: list[tuple[tuple[Segment, ...], Any]] = [((), document.data)]
    while todo:
        path, value = todo.pop()
        inside = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
        todo += [((*path, step), item) for step, item in inside]
        for locate, text in ((document.locate, value), (document.locate_key, path[-1] if path else "")):
            if isinstance(text, str) and "\0" in text:
                problems.append(Problem(locate(path), "error", "nul", "there is a NUL character here", "remove it"))
    return problems
