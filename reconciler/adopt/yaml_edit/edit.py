"""A declaration file's text and the rows that it is to hold in, the text with nothing else changed out. Pure.

Only the lines of an item that changes are looked at, and in them only the values that change are written again; all
else stays as it is, byte for byte. What cannot be done so, such as a list in brackets or an item
with an alias, is done on the whole file. Either way the result is read again, and must say exactly what was asked for.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from reconciler.adopt.model import ImportRefused
from reconciler.adopt.yaml_edit import nodes
from reconciler.adopt.yaml_edit.nodes import Unable
from reconciler.adopt.yaml_edit.rows import Row, block, document, sort_key
from reconciler.declare.yaml.document import Document, parse

DASH = re.compile(r"( *)- +\S")
NO_ITEM = re.compile(r"( *)(#.*)?\Z")


class Item(NamedTuple):
    """The lines of one row, from `start` up to `end`; `dash` is its column. Comments after it, if no deeper, are not in it."""

    start: int
    end: int
    dash: int


def append(kind: str, text: str | None, rows: Sequence[Row], path: str) -> str:
    """A file with rows added to its list; a new one where there is none. Raises ImportRefused."""
    return document(kind, rows, path) if text is None else revise(kind, text, path, {}, rows)


def revise(
    kind: str, text: str, path: str, changed: Mapping[int, Row], added: Sequence[Row] = (), removed: Collection[int] = ()
) -> str:
    """A file with rows replaced by number, added in their place, and removed. Raises ImportRefused.

    A row is what our own reader made of an item, so that keys which no importer knows stay in it.
    """
    parsed = parse(text.encode(), path)
    rows = parsed.data.get(kind) if isinstance(parsed.data, dict) and not parsed.problems else None
    if not isinstance(rows, list):
        raise ImportRefused(f"{path} is not valid as it is", "run `reconcile validate`")
    removed, places = frozenset(removed), _places(rows, added)
    want = _expected(rows, changed, places, removed)
    if want == rows:
        return text
    if path.endswith(".json"):
        return json.dumps({**parsed.data, kind: want}, indent=2, ensure_ascii=False) + "\n"
    for way in (_by_lines, _whole):
        try:
            result = way(kind, text, parsed, changed, places, removed)
        except Unable:
            continue
        if _says(kind, result, path, {**parsed.data, kind: want}):
            return result
    raise ImportRefused(f"{path} is written in a way that cannot be edited without changing more", "edit it by hand")


def _says(kind: str, text: str, path: str, want: Any) -> bool:
    again = parse(text.encode(), path)
    return not again.problems and again.data == want


Places = dict[int, list[Row]]


def _places(rows: Sequence[Row], added: Sequence[Row]) -> Places:
    """Where each new row goes: before the first that sorts after it, else to the end."""
    places: Places = {}
    # The first that is greater is the first whose running maximum is: so it can be searched for in halves.
    highest = list(accumulate((sort_key(row) for row in rows), max))
    for row in sorted(added, key=sort_key):
        places.setdefault(bisect_right(highest, sort_key(row)), []).append(row)
    return places


def _expected(rows: Sequence[Row], changed: Mapping[int, Row], places: Places, removed: Collection[int]) -> list[Row]:
    expected = []
    for number in range(len(rows) + 1):
        expected += places.get(number, [])
        if number < len(rows) and number not in removed:
            expected.append(changed.get(number, rows[number]))
    return expected


def _by_lines(
    kind: str, text: str, parsed: Document, changed: Mapping[int, Row], places: Places, removed: Collection[int]
) -> str:
    lines = text.replace("\r\n", "\n").split("\n")
    items = _items(lines, parsed.item_lines)
    if not items or len(items) != len(parsed.data[kind]):
        raise Unable
    out, at = [], 0
    for number, item in enumerate([*items, None]):
        before = items[number - 1].end if number else _above(lines, items[0])
        out += lines[at:before]
        at = before
        for row in places.get(number, []):
            out += _indented(block(kind, row).rstrip("\n").split("\n"), items[0].dash - 2)
        if item is None:
            break
        out += lines[at : item.start]
        at = item.end
        if number in removed:
            continue
        own = lines[item.start : item.end]
        if number in changed:
            own = nodes.item("\n".join(own), parsed.data[kind][number], changed[number]).split("\n")
        out += own
    left = "\n".join(out + lines[at:])
    return _ended(left if len(removed) < len(items) or places else _emptied(kind, left), text)


def _emptied(kind: str, text: str) -> str:
    """A list of which nothing is left says so: a key without a value would be no list."""
    return re.sub(rf"^({kind}:)(?=[ \t]*(#.*)?$)", r"\1 []", text, count=1, flags=re.MULTILINE)


def _ended(result: str, text: str) -> str:
    """The line ends that the file had."""
    return result.replace("\n", "\r\n") if "\r\n" in text else result


def _indented(lines: list[str], by: int) -> list[str]:
    return [" " * by + line if by > 0 else line[-by:] for line in lines]


def _above(lines: list[str], item: Item) -> int:
    """The first of the comment lines right above an item."""
    at = item.start
    while at and lines[at - 1].lstrip().startswith("#") and not lines[at - 1].startswith("#"):
        at -= 1
    return at


def _items(lines: list[str], starts: list[int]) -> list[Item]:
    """Nothing where the list is not in block form, an item a line."""
    items = []
    for number, start in enumerate(starts):
        match = DASH.match(lines[start - 1])
        if match is None or len(set(starts)) != len(starts):
            return []
        last = starts[number + 1] - 1 if number + 1 < len(starts) else len(lines)
        while last > start and (other := NO_ITEM.match(lines[last - 1])) and (not other[2] or len(other[1]) <= len(match[1])):
            last -= 1
        items.append(Item(start - 1, last, len(match[1])))
    return items if len({item.dash for item in items}) == 1 else []


def _whole(kind: str, text: str, parsed: Document, changed: Mapping[int, Row], places: Places, removed: Collection[int]) -> str:
    plain = text.replace("\r\n", "\n")
    start = plain.startswith("\ufeff")
    again = nodes.whole(kind, plain[start:], parsed.data[kind], changed, places, removed)
    return _ended(plain[:start] + again, text)
