"""YAML nodes that remember their comments: the one place that speaks to ruamel.yaml. Pure."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.adopt.files import Row, quote

KEY = re.compile(r"( *)(?:- +)?[^\s#][^#]*:\s*(?:#.*)?\Z")
INNER = re.compile(r"( *)(- )?\S")


class _Words:
    """Stands a plain word in for each text, and puts the text, quoted as ours is, in its place afterwards."""

    def __init__(self, text: str) -> None:
        self.texts: list[str] = []
        self.stem = "reconcileText"
        while self.stem in text:
            self.stem += "X"

    def take(self, value: Any) -> Any:
        from ruamel.yaml.comments import CommentedMap, CommentedSeq

        if isinstance(value, str):
            self.texts.append(value)
            return f"{self.stem}{len(self.texts) - 1}End"
        if isinstance(value, dict):
            mapping = CommentedMap((self.take(key), self.take(item)) for key, item in value.items())
            mapping.fa.set_flow_style()
            return mapping
        if isinstance(value, list):
            items = CommentedSeq(self.take(item) for item in value)
            if not any(isinstance(item, dict) for item in value):
                items.fa.set_flow_style()
            return items
        return value

    def put(self, text: str) -> str:
        return re.sub(self.stem + r"(\d+)End", lambda match: quote(self.texts[int(match[1])]), text)


def round_trip(lines: list[str], dash: int, row: Row) -> list[str] | None:
    """The lines of one list item with the values of a row; None where ruamel cannot read them."""
    offset, mapping = _indents(lines, dash)
    shifted = [line[dash - offset :] if dash >= offset else " " * (offset - dash) + line for line in lines]
    text = "items:\n" + "\n".join(shifted) + "\n"
    again = _edited(text, offset, mapping, lambda data, words: merge(data["items"][0], row, words))
    if again is None or not again.startswith("items:\n"):
        return None
    found = again[len("items:\n") :].rstrip("\n").split("\n")
    return [(" " * (dash - offset) + line if dash >= offset else line[offset - dash :]).rstrip() for line in found]


def whole(
    kind: str, text: str, changed: Mapping[int, Row], places: Mapping[int, Sequence[Row]], removed: Sequence[int]
) -> str | None:
    """The same on a whole file."""

    def change(data: Any, words: _Words) -> None:
        items = data[kind]
        for number, row in changed.items():
            merge(items[number], row, words)
        if not items:
            items.fa.set_block_style()
        for number in sorted({*removed, *places}, reverse=True):
            if number in removed:
                del items[number]
            for row in reversed(places.get(number, ())):
                items.insert(number, words.take(row))

    return _edited(text, *_indents(text.split("\n"), 0), change)


def _edited(text: str, offset: int, mapping: int, change: Any) -> str | None:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    yaml = YAML(typ="rt", pure=True)
    yaml.preserve_quotes = True
    yaml.width = 1 << 30
    yaml.indent(mapping=mapping, sequence=offset + 2, offset=offset)
    words = _Words(text)
    out = io.StringIO()
    try:
        data = yaml.load(text)
        change(data, words)
        yaml.dump(data, out)
    except (YAMLError, ValueError, KeyError, IndexError, TypeError, AttributeError, NotImplementedError):
        return None
    return words.put(out.getvalue())


def _indents(lines: list[str], dash: int) -> tuple[int, int]:
    """(how far a list is indented below its key, how far a mapping is), as the lines have it."""
    offset, mapping = None, None
    for line, below in zip(lines, lines[1:], strict=False):
        key, inner = KEY.match(line), INNER.match(below)
        if key is None or inner is None:
            continue
        own = len(key[1]) + (2 if line.lstrip().startswith("- ") else 0)
        deeper = len(inner[1]) - own
        if inner[2] and offset is None and deeper >= 0:
            offset = deeper
        elif not inner[2] and mapping is None and deeper > 0:
            mapping = deeper
    return (2 if offset is None else offset), mapping or 2


def merge(node: Any, row: Mapping[str, Any], words: _Words) -> None:
    """Make a mapping say what a row says, touching only what differs."""
    for key in [key for key in node if key not in row]:
        del node[key]
    for key, value in row.items():
        if key not in node:
            node[key] = words.take(value)
        elif isinstance(value, dict) and isinstance(node[key], dict):
            merge(node[key], value, words)
        elif isinstance(value, list) and isinstance(node[key], list):
            _merge_list(node[key], value, words)
        elif node[key] != value or type(node[key]) is bool is not type(value):
            node[key] = words.take(value)


def _merge_list(node: Any, values: list[Any], words: _Words) -> None:
    """Drop what is gone, add what is new at the end; what stays keeps its place and its comment."""
    for number in reversed(range(len(node))):
        if node[number] not in values:
            del node[number]
    held = list(node)
    for value in values:
        if value not in held:
            node.append(words.take(value))
