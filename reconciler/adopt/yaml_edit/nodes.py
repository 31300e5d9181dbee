"""YAML text patched where its nodes stand, so that comments, order and quotes around them stay. Pure.

The one place that speaks to ruamel.yaml.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

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
    for number, new in places.items():
        texts = [scalar(row) for row in new]
        if number < len(rows):
            at = listed.value[number].start_mark.index
            patches += [Patch(at, at, "".join(f"{shown}, " for shown in texts))]
        else:
            at = editor.end(listed.value[-1])
            patches += [Patch(at, at, "".join(f", {shown}" for shown in texts))]
    return patched(text, patches + editor.flow_removals(listed, list(removed), [(n, n) for n in listed.value]))


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
        patches = self._pair_removals(node, [list(pairs).index(key) for key in gone])
        fresh = {}
        for key, value in new.items():
            if key not in pairs and key not in old:
                fresh[key] = value
            elif old.get(key) != value or isinstance(old.get(key), bool) is not isinstance(value, bool):
                if key not in pairs:
                    raise Unable
                patches += self._value(*pairs[key], old[key], value)
        return patches + self._additions(node, [f"{portable(key)}: {scalar(value)}" for key, value in fresh.items()])

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
            if any(value in new for value in old) and _in_order(old, new):
                return self._sequence(node, old, new)
        if node.start_mark.index == node.end_mark.index or (nested and not node.flow_style):
            # Nothing there, or something over several lines: the colon is where the value begins.
            start = self.text.index(":", key.end_mark.index) + 1
            return [Patch(start, max(start, self.end(node)), " " + scalar(new))]
        return [Patch(node.start_mark.index, self.end(node), scalar(new))]

    def _sequence(self, node: Any, old: list[Any], new: list[Any]) -> list[Patch]:
        gone = [number for number, value in enumerate(old) if value not in new]
        fresh = [scalar(value) for value in new if value not in old]
        if node.flow_style:
            patches = self.flow_removals(node, gone, [(n, n) for n in node.value])
            return patches + self._additions(node, fresh)
        return [self._lines(node.value[n], node.value[n]) for n in gone] + self._additions(node, [f"- {line}" for line in fresh])

    def _additions(self, node: Any, texts: list[str]) -> list[Patch]:
        if not texts:
            return []
        pair = node.value[-1]
        at = self.end(pair[1] if isinstance(pair, tuple) else pair)
        if isinstance(pair, tuple):
            at = max(at, self.text.index(":", pair[0].end_mark.index) + 1)
        if node.flow_style:
            return [Patch(at, at, "".join(f", {text}" for text in texts))]
        at, indent = self._line_end(at), " " * node.start_mark.column
        return [Patch(at, at, "".join(f"\n{indent}{text}" for text in texts))]

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

    def flow_removals(self, node: Any, numbers: list[int], pairs: Sequence[Any]) -> list[Patch]:
        """Take elements out of brackets, each with one of its commas."""
        kept = [n for n in range(len(pairs)) if n not in numbers]
        patches = []
        for number in numbers:
            start, end = pairs[number][0].start_mark.index, self.end(pairs[number][1])
            if kept and number > kept[-1]:
                start = self.end(pairs[number - 1][1])
            elif number + 1 < len(pairs):
                end = pairs[number + 1][0].start_mark.index
            patches.append(Patch(start, end, ""))
        return patches

    def _lines(self, first: Any, last: Any) -> Patch:
        """Whole lines, with the comment behind them."""
        start = self.text.rfind("\n", 0, first.start_mark.index) + 1
        end = self._line_end(self.end(last))
        return Patch(start, end + 1, "") if end < len(self.text) else Patch(max(start - 1, 0), end, "")

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
