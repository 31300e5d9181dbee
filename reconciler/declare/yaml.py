"""YAML 1.2 text in, plain data out, with the line and column of every value. No I/O."""

from __future__ import annotations

import gc
import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from reconciler.declare.model import Place, Problem

Step = str | int
Where = tuple[int, int]

MOST_BYTES = 64 * 1024 * 1024
MOST_ALIASED = 100_000
DEEPEST = 100
LONGEST_INT = 4_000  # digits; Python refuses to read more than 4,300, and then it is text
WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
WORDS |= {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
INT = re.compile(r"[-+]?[0-9]+\Z|0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z|[-+]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z")
SPECIAL = frozenset("~ntfNTF0123456789+-.")


@dataclass
class Document:
    """A parsed file; `problems` is empty where `data` can be trusted."""

    file: str
    text: str
    data: Any = None
    problems: list[Problem] = field(default_factory=list)
    item_lines: list[int] = field(default_factory=list)
    _positions: dict[tuple[Step, ...], tuple[Where, Where]] | None = None

    def locate(self, path: tuple[Step, ...], key: bool = False) -> Place:
        """Where the value (or its key) at a path stands; the nearest parent where it is absent."""
        if self._positions is None:
            builder = _Builder(self.file, positions=True)
            builder.run(self.text)
            self._positions = builder.positions
        while path and path not in self._positions:
            path = path[:-1]
        found = self._positions.get(path, ((1, 1), (1, 1)))
        return Place(self.file, *found[0 if key else 1])


def parse(raw: bytes, file: str) -> Document:
    """Parse one file. Every finding is in `problems`, nothing is raised."""
    if len(raw) > MOST_BYTES:
        return _broken(file, "file-too-large", "larger than 64 MiB", "split it into several files")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return _broken(file, "not-utf8", "not UTF-8 text", "save the file as UTF-8", line)
    builder = _Builder(file)
    was_on = gc.isenabled()
    gc.disable()
    try:
        builder.run(text)
    finally:
        if was_on:
            gc.enable()
    return Document(file, text, builder.root, builder.problems, builder.item_lines)


def _broken(file: str, code: str, message: str, remedy: str, line: int = 1) -> Document:
    return Document(file, "", None, [Problem(Place(file, line), "error", code, message, remedy)])


def scalar(text: str) -> Any:
    """A plain scalar by YAML 1.2's core schema: `on`, `yes` and dates are text."""
    if text and text[0] not in SPECIAL:
        return text
    if text in WORDS:
        return WORDS[text]
    if INT.match(text):
        if len(text) > LONGEST_INT:
            return text
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if FLOAT.match(text):
        word = text.lower()
        return float(word.replace(".", "") if word.endswith((".inf", ".nan")) else word)
    return text


class _Stop(Exception):
    """Parsing cannot go on; the problem has been noted."""


class _Builder:
    """Parser events in, data out, without recursion: a file may nest deeper than Python's stack."""

    def __init__(self, file: str, positions: bool = False) -> None:
        self.file = file
        self.root: Any = None
        self.problems: list[Problem] = []
        self.item_lines: list[int] = []
        self.positions: dict[tuple[Step, ...], tuple[Where, Where]] = {}
        self.track = positions
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.aliased = 0

    def note(self, mark: Any, code: str, message: str, remedy: str) -> None:
        place = Place(self.file, mark.line + 1, mark.column + 1)
        self.problems.append(Problem(place, "error", code, message, remedy))

    def run(self, text: str) -> None:
        loader = getattr(yaml, "CParser", None) or yaml.Loader
        try:
            parser = loader(text)
            self._events(parser)
        except _Stop:
            self.root = None
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            if mark is not None:
                self.note(mark, "syntax", f"not YAML: {error.problem}", "mend the syntax at this place")
        except yaml.YAMLError as error:
            place = Place(self.file, 1)
            self.problems.append(Problem(place, "error", "syntax", f"not YAML: {str(error).splitlines()[0]}",
                                         "remove characters that YAML does not allow"))  # fmt: skip

    def _events(self, parser: Any) -> None:
        # A frame: [container, key or None, path, key position, start mark, keys seen, anchor, size before]
        frames: list[list[Any]] = []
        count, documents = 0, 0
        get_event = parser.get_event
        while True:
            event = get_event()
            kind = type(event)
            if kind is yaml.ScalarEvent:
                count += 1
                if event.tag is not None and not (event.tag == "!" and not event.implicit[0]):
                    self._tag(event)
                value = event.value if event.style else scalar(event.value)
                if event.anchor:
                    self.anchors[event.anchor] = (value, 1)
                self._put(frames, value, event)
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                count += 1
                if event.tag is not None:
                    self._tag(event)
                if len(frames) >= DEEPEST:
                    self.note(event.start_mark, "too-deep", f"nested deeper than {DEEPEST}", "flatten it")
                    raise _Stop
                value = {} if kind is yaml.MappingStartEvent else []
                path = self._put(frames, value, event)
                frames.append([value, None, path, None, event.anchor, count, {}])
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                frame = frames.pop()
                if frame[4]:
                    self.anchors[frame[4]] = (frame[0], count - frame[5] + 1)
                if kind is yaml.MappingEndEvent and "<<" in frame[0]:
                    self._merge(frame[0], event)
            elif kind is yaml.AliasEvent:
                self._alias(frames, event)
            elif kind is yaml.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    self.note(event.start_mark, "several-documents", "a second document in one file", "use one file each")
                    raise _Stop
            elif kind is yaml.StreamEndEvent:
                return

    def _tag(self, event: Any) -> None:
        self.note(event.start_mark, "tag", f"the tag {event.tag} is not allowed", "remove the tag")

    def _alias(self, frames: list[list[Any]], event: Any) -> None:
        if event.anchor not in self.anchors:
            self.note(event.start_mark, "unknown-alias", f"no anchor &{event.anchor} before here", "define it first")
            raise _Stop
        value, size = self.anchors[event.anchor]
        self.aliased += size
        # What an alias holds counts again wherever the value that holds it is repeated.
        for frame in frames:
            frame[5] -= size
        if self.aliased > MOST_ALIASED:
            self.note(event.start_mark, "alias-bomb", "aliases expand to more than 100,000 values", "write it out")
            raise _Stop
        self._put(frames, value, event)

    def _put(self, frames: list[list[Any]], value: Any, event: Any) -> tuple[Step, ...]:
        """Put a value where it belongs; returns its path (empty unless positions are wanted)."""
        if not frames:
            self.root = value
            return ()
        frame = frames[-1]
        container = frame[0]
        if type(container) is list:
            if len(frames) == 2:
                self.item_lines.append(event.start_mark.line + 1)
            container.append(value)
            return self._track(frame[2], len(container) - 1, event, event)
        if frame[3] is None:
            self._key(frame, value, event)
            return ()
        key, key_event, frame[1], frame[3] = frame[1], frame[3], None, None
        container[key] = value
        return self._track(frame[2], key, key_event, event)

    def _key(self, frame: list[Any], key: Any, event: Any) -> None:
        if not isinstance(key, str):
            if type(event) is not yaml.ScalarEvent:
                self.note(event.start_mark, "key", "a key must be text", "write a plain key")
                raise _Stop
            key = event.value
        if key in frame[0]:
            first = frame[6].get(key)
            where = f", first in line {first}" if first else ""
            self.note(event.start_mark, "duplicate-key", f"the key {key!r} stands twice{where}", "keep one of them")
        frame[6][key] = event.start_mark.line + 1
        frame[1], frame[3] = key, event

    def _track(self, parent: tuple[Step, ...], step: Step, key: Any, event: Any) -> tuple[Step, ...]:
        if not self.track:
            return ()
        path = (*parent, step)
        at, start = key.start_mark, event.start_mark
        self.positions[path] = ((at.line + 1, at.column + 1), (start.line + 1, start.column + 1))
        return path

    def _merge(self, mapping: dict[str, Any], event: Any) -> None:
        """`<<` brings in what is not there yet; earlier sources win over later ones."""
        sources = mapping.pop("<<")
        for source in sources if isinstance(sources, list) else [sources]:
            if not isinstance(source, dict):
                self.note(event.start_mark, "merge", "`<<` must name a mapping", "merge a mapping or a list of them")
                continue
            for key, value in source.items():
                mapping.setdefault(key, value)
