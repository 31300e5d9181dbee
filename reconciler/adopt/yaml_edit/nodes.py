"""YAML text patched where its nodes stand, so that comments, order and quotes around them stay. Pure.

The one place that speaks to ruamel.yaml.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from reconciler.adopt.yaml_edit.brackets import Span, cuts
from reconciler.adopt.yaml_edit.rows import Row, block
from reconciler.declare.yaml.scalars import portable, scalar


class Unable(Exception):
    """The text is written in a way that cannot be patched."""


class Patch(NamedTuple):
    """Text that takes the place of what stands from `start` up to `end`."""

    start: int
    end: int
    text: str


def _in_order(old: list[Any], new: list[Any]) -> bool:
    """Whether what stays keeps its order and what comes is at the end."""
    return [value for value in old if value in new] + [value for value in new if value not in old] == new


def _in_place(old: list[Any], new: list[Any]) -> bool:
    """Whether elements are only given other values where they stand, as a rename does."""
    return len(old) == len(new) and all(
        before == after or (before not in new and after not in old) for before, after in zip(old, new, strict=True)
    )


def patched(text: str, patches: Sequence[Patch]) -> str:
    """The text with every patch applied; those at one place in their order."""
    for _, patch in sorted(enumerate(patches), key=lambda pair: (pair[1].start, pair[1].end, pair[0]), reverse=True):
        text = text[: patch.start] + patch.text + text[patch.end :]
    return text


def item(text: str, old: Row, new: Row) -> str:
    """The lines of one item of a list, `old` made `new`. Raises Unable."""
    root = _compose(text)
    if root is None or not isinstance(root.value, list) or len(root.value) != 1 or isinstance(root.value[0], tuple):
        raise Unable
    return patched(text, _Editor(text).mapping(root.value[0], old, new))


def whole(
    kind: str, text: str, rows: Sequence[Row], changed: Mapping[int, Row], places: Mapping[int, Sequence[Row]],
    removed: Collection[int],
) -> str:  # fmt: skip
    """The same for a whole file whose list stands in brackets or is empty. Raises Unable."""
    root = _compose(text)
    listed = next((value for key, value in root.value if key.value == kind), None)
    if listed is None or type(listed.value) is not list or not listed.flow_style:
        return _changed_only(text, listed, rows, changed, places, removed)
    editor = _Editor(text)
    if not rows:
        lines = "".join(block(kind, row) for row in places.get(0, ())).rstrip("\n")
        start = len(text[: listed.start_mark.index].rstrip(" "))
        return patched(text, [Patch(start, listed.end_mark.index, "\n" + lines)])
    patches = [p for n, row in changed.items() for p in editor.mapping(listed.value[n], rows[n], row)]
    patches += editor.flow_removals(listed, removed, [(n, n) for n in listed.value])
    return patched(text, patches + editor.insertions(listed, places, removed))


def _changed_only(
    text: str, listed: Any, rows: Sequence[Row], changed: Mapping[int, Row], places: Mapping[int, Sequence[Row]],
    removed: Collection[int],
) -> str:  # fmt: skip
    if listed is None or places or removed:
        raise Unable
    editor = _Editor(text)
    return patched(text, [p for n, row in changed.items() for p in editor.mapping(listed.value[n], rows[n], row)])


def _compose(text: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="rt", pure=True).compose(text)
    except (YAMLError, ValueError):
        raise Unable from None


class _Editor:
    """Patches on one text; a node is one of ruamel's."""

    def __init__(self, text: str) -> None:
        self.text = text

    def mapping(self, node: Any, old: Row, new: Row) -> list[Patch]:
        """What makes a mapping that says `old` say `new`."""
        pairs = {key.value: (key, value) for key, value in node.value}
        gone = [key for key in old if key not in new]
        if not pairs or any(key not in pairs for key in gone):  # a merge key brings it in
            raise Unable
        numbers = [list(pairs).index(key) for key in gone]
        patches = self._pair_removals(node, numbers)
        fresh = {}
        for key, value in new.items():
            if key not in pairs and key not in old:
                fresh[key] = value
            elif old.get(key) != value or isinstance(old.get(key), bool) is not isinstance(value, bool):
                if key not in pairs:
                    raise Unable
                patches += self._value(*pairs[key], old[key], value)
        return patches + self._additions(node, [f"{portable(key)}: {scalar(value)}" for key, value in fresh.items()], numbers)

    def _value(self, key: Any, node: Any, old: Any, new: Any) -> list[Patch]:
        if node.start_mark.index < key.end_mark.index:  # an alias stands for a node elsewhere
            raise Unable
        nested = isinstance(node.value, list) and node.value
        if isinstance(old, dict) and isinstance(new, dict) and nested and new:
            return self.mapping(node, old, new)
        if isinstance(old, list) and isinstance(new, list) and nested:
            if _in_place(old, new):
                pairs = zip(node.value, old, new, strict=True)
                return [Patch(n.start_mark.index, self.end(n), scalar(after)) for n, before, after in pairs if before != after]
            if _in_order(old, new) and (new or node.flow_style or not self._beside(key)):
                return self._sequence(key, node, old, new)
        if node.start_mark.index == node.end_mark.index or (nested and not node.flow_style):
            # Nothing there, or something over several lines: the colon is where the value begins.
            start = self._colon(key)
            return [Patch(start, max(start, self.end(node)), " " + scalar(new))]
        return [Patch(node.start_mark.index, self.end(node), scalar(new))]

    def _beside(self, key: Any) -> str:
        """What stands behind a key on its line, such as an anchor, but for a comment."""
        colon = self._colon(key)
        rest = self.text[colon : self._line_end(colon)].strip()
        return "" if rest.startswith("#") else rest

    def _colon(self, key: Any) -> int:
        """Where the value of a key may begin."""
        return self.text.index(":", key.end_mark.index) + 1

    def _sequence(self, key: Any, node: Any, old: list[Any], new: list[Any]) -> list[Patch]:
        gone = [number for number, value in enumerate(old) if value not in new]
        fresh = [scalar(value) for value in new if value not in old]
        if node.flow_style:
            patches = self.flow_removals(node, gone, [(n, n) for n in node.value])
            return patches + self._additions(node, fresh, gone)
        patches = [self._lines(node.value[n], node.value[n]) for n in gone]
        if not new:
            return [*patches, Patch(self._colon(key), self._colon(key), " []")]
        return patches + self._additions(node, [f"- {line}" for line in fresh])

    def _additions(self, node: Any, texts: list[str], gone: Collection[int] = ()) -> list[Patch]:
        """At the end; in brackets behind what stays, `gone` being the numbers of what does not."""
        if not texts:
            return []
        stays = [pair for number, pair in enumerate(node.value) if not node.flow_style or number not in gone]
        if not stays:
            at = int(node.end_mark.index) - 1
            return [Patch(at, at, ", ".join(texts))]
        pair = stays[-1]
        at = self.end(pair[1] if isinstance(pair, tuple) else pair)
        if isinstance(pair, tuple):
            at = max(at, self._colon(pair[0]))
        if node.flow_style:
            return [Patch(at, at, "".join(f", {text}" for text in texts))]
        at, indent = self._line_end(at), " " * node.start_mark.column
        return [Patch(at, at, "".join(f"\n{indent}{text}" for text in texts))]

    def insertions(self, node: Any, places: Mapping[int, Sequence[Row]], gone: Collection[int]) -> list[Patch]:
        """Rows into a list in brackets, before the elements that stay and behind the last of them."""
        patches = []
        for number, rows in places.items():
            texts = [scalar(row) for row in rows]
            following = [n for n in range(number, len(node.value)) if n not in gone]
            if following:
                at = node.value[following[0]].start_mark.index
                patches.append(Patch(at, at, "".join(f"{shown}, " for shown in texts)))
            else:
                patches += self._additions(node, texts, gone)
        return patches

    def _pair_removals(self, node: Any, numbers: list[int]) -> list[Patch]:
        if not numbers:
            return []
        if len(numbers) == len(node.value):
            raise Unable
        if node.flow_style:
            return self.flow_removals(node, numbers, node.value)
        patches = []
        for number in numbers:
            key, value = node.value[number]
            if self.text[: key.start_mark.index].rpartition("\n")[2].strip(" "):  # behind the dash of its item
                if number + 1 in numbers:
                    raise Unable
                patches.append(Patch(key.start_mark.index, node.value[number + 1][0].start_mark.index, ""))
            else:
                patches.append(self._lines(key, value))
        return patches

    def flow_removals(self, node: Any, numbers: Collection[int], pairs: Sequence[Any]) -> list[Patch]:
        """Take elements out of brackets, each with a comma and the comment that stands on it alone."""
        spans = [Span(first.start_mark.index, max(self.end(first), self.end(last))) for first, last in pairs]
        inside = Span(self._opening(node), node.end_mark.index - 1)
        marks = [inside.start, *(mark for span in spans for mark in span), inside.end]
        if marks != sorted(marks):  # an alias stands for a node elsewhere
            raise Unable
        return [Patch(start, end, "") for start, end in cuts(self.text, inside, spans, numbers)]

    def _opening(self, node: Any) -> int:
        """Where what stands in brackets begins: an anchor may be in front of them."""
        at = int(node.start_mark.index)
        while self.text[at] not in "[{":
            at += 1
        return at + 1

    def _lines(self, first: Any, last: Any) -> Patch:
        """Whole lines, with the comment behind them."""
        start = self.text.rfind("\n", 0, first.start_mark.index)
        return Patch(max(start, 0), self._line_end(self.end(last)), "")

    def _line_end(self, at: int) -> int:
        end = self.text.find("\n", at)
        return len(self.text) if end < 0 else end

    def end(self, node: Any) -> int:
        """Where the text of a node ends; the library counts comments and empty lines after a block to it."""
        if isinstance(node.value, list) and node.value and not node.flow_style:
            last = node.value[-1]
            return self.end(last[1] if isinstance(last, tuple) else last)
        start, end = int(node.start_mark.index), int(node.end_mark.index)
        return start + len(self.text[start:end].rstrip("\n"))
