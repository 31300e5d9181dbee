"""The events of a YAML parser in, plain data out: what YAML 1.2 says a value is, and what we refuse. No I/O."""

from __future__ import annotations

from bisect import bisect_left
from importlib import import_module
from typing import Any

import yaml

from reconciler.declare.place import Place, Problem
from reconciler.declare.yaml.core_schema import LONGEST_NUMBER, NUMBER, SPECIAL, scalar
from reconciler.declare.yaml.raw_text import conflicts, joined, syntax

Segment = str | int
Where = tuple[int, int]

MOST_ALIASED = 100_000
MOST_ALIASED_TEXT = 10_000_000  # characters
DEEPEST = 100
TEXT = "tag:yaml.org,2002:str"
try:
    Parser: Any = import_module("yaml.cyaml").CParser
except ImportError:  # a PyYAML built without libyaml is slower, and as right
    Parser = yaml.Loader


class _Stop(Exception):
    """Parsing cannot go on; the problem has been noted."""


class _Frame:
    """A container that is being filled; `key` is the key that waits for its value."""

    __slots__ = ("anchor", "container", "key", "key_event", "path", "size", "start")

    def __init__(self, container: Any, path: tuple[Segment, ...], anchor: str | None, size: int, start: int) -> None:
        self.container, self.path, self.anchor, self.size, self.start = container, path, anchor, size, start
        self.key: str | None = None
        self.key_event: Any = None


class Builder:
    """Parser events in, data out, without recursion: a file may nest deeper than Python's stack.

    One `with_positions` keeps the place of every key and value; that costs a second pass, when a place is asked for.
    """

    def __init__(self, file: str) -> None:
        self.file, self.track = file, False
        self.root: Any = None
        self.problems: list[Problem] = []
        self.item_lines: list[int] = []
        self.positions: dict[tuple[Segment, ...], tuple[Where, Where]] = {}
        self.frames: list[_Frame] = []
        self.anchors: dict[str, tuple[Any, int, int]] = {}
        self.count = self.aliased = self.aliased_text = self.documents = 0
        self.joined: dict[int, list[int]] = {}

    @classmethod
    def with_positions(cls, file: str) -> Builder:
        builder = cls(file)
        builder.track = True
        return builder

    def where(self, mark: Any) -> Where:
        """Line and column in the file itself."""
        shorter = bisect_left(self.joined[mark.line], mark.column) if mark.line in self.joined else 0
        return mark.line + 1, mark.column + 1 + 2 * shorter

    def note(self, mark: Any, code: str, message: str, remedy: str, at: Where | None = None) -> None:
        place = Place(self.file, *(at or self.where(mark)))
        self.problems.append(Problem(place, "error", code, message, remedy))

    def run(self, text: str) -> None:
        text, self.joined = joined(text)
        try:
            self._events(Parser(text).get_event)
        except _Stop:
            self.root = None
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            clashes = conflicts(text)
            for line, code, message, remedy in clashes:
                self.problems.append(Problem(Place(self.file, line), "error", code, message, remedy))
            if mark is not None and not clashes:
                self.note(mark, "syntax", *syntax(text, mark, str(error.problem)))
        except yaml.YAMLError as error:
            at = text.encode()[: error.position] if isinstance(error, yaml.reader.ReaderError) else b""
            place = Place(self.file, *where(at))
            self.problems.append(
                Problem(
                    place,
                    "error",
                    "syntax",
                    f"not YAML: {str(error).splitlines()[0]}",
                    "remove characters that YAML does not allow",
                )
            )

    def _events(self, get_event: Any) -> None:
        """The loop in which a large file spends its time: plain entries of mappings are handled in place."""
        scalar_event, frame, count, quick = yaml.ScalarEvent, None, 0, not self.track
        while True:
            event = get_event()
            if type(event) is scalar_event:
                count += 1
                value = event.value
                if not event.style and (not value or value[0] in SPECIAL) and event.tag != TEXT:
                    value = scalar(value)
                    if len(event.value) > LONGEST_NUMBER:
                        self._number(event)
                if event.tag is not None or event.anchor is not None:
                    self._decorated(event, value)
                if quick and frame is not None and type(entries := frame.container) is dict:
                    key = frame.key
                    if key is not None:
                        entries[key] = value
                        frame.key = None
                        continue
                    if type(value) is str and value not in entries:
                        frame.key = value
                        continue
                self._put(value, event)
            else:
                self.count, count = self.count + count, 0
                if not self._structure(event):
                    return
                frame = self.frames[-1] if self.frames else None

    def _structure(self, event: Any) -> bool:
        """Any event but a scalar; False at the end."""
        kind = type(event)
        if kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self._open(event, {} if kind is yaml.MappingStartEvent else [])
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            self._close(event)
        elif kind is yaml.AliasEvent:
            self._alias(event)
        elif kind is yaml.DocumentStartEvent:
            self.documents += 1
            if self.documents > 1:
                self.note(event.start_mark, "several-documents", "a second document in one file", "use one file each")
                raise _Stop
        return kind is not yaml.StreamEndEvent

    def _decorated(self, event: Any, value: Any) -> None:
        if event.tag is not None and not (event.tag == "!" and not event.implicit[0]):
            self._tag(event)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, 1, len(event.value))

    def _number(self, event: Any) -> None:
        """A plain scalar that is too long for a number, and may be meant as one."""
        if NUMBER.match(event.value):
            message = f"a number of {len(event.value):,} characters"
            self.note(event.start_mark, "number", message, "write it in quotes if it is text")

    def _tag(self, event: Any) -> None:
        written = f'write in quotes instead: "{event.value}"' if event.tag == TEXT and type(event) is yaml.ScalarEvent else ""
        self.note(event.start_mark, "tag", f"the tag {event.tag} is not allowed", written or "remove the tag")

    def _open(self, event: Any, container: Any) -> None:
        if event.tag is not None:
            self._tag(event)
        if len(self.frames) >= DEEPEST:
            self.note(event.start_mark, "too-deep", f"nested deeper than {DEEPEST}", "flatten it")
            raise _Stop
        path = self._put(container, event)
        self.frames.append(_Frame(container, path, event.anchor, self.count, event.start_mark.index - self.aliased_text))
        self.count += 1

    def _close(self, event: Any) -> None:
        frame = self.frames.pop()
        if frame.anchor:
            length = event.end_mark.index + self.aliased_text - frame.start
            self.anchors[frame.anchor] = (frame.container, self.count - frame.size, length)
        if type(frame.container) is dict and "<<" in frame.container:
            self._merge(frame, event)

    def _alias(self, event: Any) -> None:
        if event.anchor not in self.anchors:
            self.note(event.start_mark, "unknown-alias", f"no anchor &{event.anchor} before here", "define it first")
            raise _Stop
        value, size, length = self.anchors[event.anchor]
        # What an alias holds counts again wherever the value that holds it is repeated.
        self.aliased += size
        self.count += size
        self.aliased_text += length
        for number, most, what in ((self.aliased, MOST_ALIASED, "values"), (self.aliased_text, MOST_ALIASED_TEXT, "characters")):
            if number > most:
                self.note(event.start_mark, "alias-bomb", f"aliases expand to more than {most:,} {what}", "write it out")
                raise _Stop
        self._put(value, event)

    def _put(self, value: Any, event: Any) -> tuple[Segment, ...]:
        """Put a value where it belongs; returns its path (empty unless positions are wanted)."""
        if not self.frames:
            self.root = value
            return ()
        frame = self.frames[-1]
        if type(frame.container) is list:
            if len(self.frames) == 2:
                self.item_lines.append(event.start_mark.line + 1)
            frame.container.append(value)
            return self._track(frame.path, len(frame.container) - 1, event, event)
        if frame.key is None:
            self._key(frame, value, event)
            return ()
        key, frame.key = frame.key, None
        frame.container[key] = value
        return self._track(frame.path, key, frame.key_event, event)

    def _key(self, frame: _Frame, key: Any, event: Any) -> None:
        if not isinstance(key, str):
            if type(event) is not yaml.ScalarEvent:
                self.note(event.start_mark, "key", "a key must be text", "write a plain key")
                raise _Stop
            key = event.value
        if key in frame.container:
            first = self.positions.get((*frame.path, key))
            where = f", first in line {first[0][0]}" if first else ""
            self.note(event.start_mark, "duplicate-key", f"the key {key!r} is there twice{where}", "keep one of them")
        frame.key, frame.key_event = key, event

    def _track(self, parent: tuple[Segment, ...], step: Segment, key: Any, event: Any) -> tuple[Segment, ...]:
        if not self.track:
            return ()
        path = (*parent, step)
        at = self.where(event.start_mark)
        self.positions[path] = (at if key is event else self.where(key.start_mark), at)
        return path

    def _merge(self, frame: _Frame, event: Any) -> None:
        """`<<` brings in what is not there yet; earlier sources win over later ones."""
        sources = frame.container.pop("<<")
        listed = isinstance(sources, list)
        for number, source in enumerate(sources if listed else [sources]):
            if not isinstance(source, dict):
                _, at = self.positions.get((*frame.path, "<<", *([number] if listed else [])), (None, None))
                self.note(event.start_mark, "merge", "`<<` must name a mapping", "merge a mapping or a list of them", at)
                continue
            for key, value in source.items():
                frame.container.setdefault(key, value)


def where(before: bytes) -> Where:
    """Line and column of what comes after some text."""
    last = before.rpartition(b"\n")[2].decode("utf-8", "replace").removeprefix("\ufeff")
    return before.count(b"\n") + 1, len(last) + 1
