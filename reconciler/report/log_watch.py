"""Blocks of JSON lines in, the same out; seen on the way: what is missing in a log, and whether it has a name that is asked for.

Pure. A log is walked once: what is wrong with it and with the question is known when its records have been shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any

import orjson

from reconciler.declare.names import fold
from reconciler.declare.wording import plural
from reconciler.record.log.about import (
    AUDIT,
    BEGIN,
    PRUNED,
    RENAMED,
    TRUST,
    Missing,
    Part,
    bounds,
    is_escaped,
    lines_with,
    places,
)
from reconciler.record.log.read import record_of
from reconciler.report.log_query import text_of
from reconciler.report.log_record import ours_of
from reconciler.resolve.any_case import Find, in_any_case, in_this_case

_AUDIT = in_this_case(AUDIT)
INSIDE = rb'[^"\\]*(?:\\.[^"\\]*)*'  # of a JSON string
TEXT = rb'"(' + INSIDE + rb')"'
LIST = rb'\[((?:"' + INSIDE + rb'"|,)*)\]'
# Where a log names what can be asked for: what is in brackets is the inside of one JSON string, or of a list of them.
NAMES = {
    "user": (rb'(?<!"resultReason":)(?<!"resultReason": )"User/(' + INSIDE + rb')"',),  # there words follow
    "group": (rb'"Group/(' + INSIDE + rb')"', rb'"through": ?' + TEXT),
    "role": (rb'"kind": ?"role","what": ?' + TEXT, rb'"roles": ?' + LIST, rb'"appRoleAssignments","oldValue": ?' + LIST),
}


@dataclass
class Sought:
    """A name that no declaration has: whether the log has it, and as far as that was read which names of its kind it has."""

    kind: str
    name: str
    seen: bool = False
    names: dict[str, str] = field(default_factory=dict)
    raw: set[bytes] = field(default_factory=set)

    @cached_property
    def _finds(self) -> list[Find]:
        text = text_of(self.kind, self.name)
        return [in_any_case(text) if text else BEGIN]

    def look(self, block: bytes) -> None:
        """Most blocks hold no such name, and are not read for it."""
        if not self.seen and places(block, self._finds):
            self.read(block)

    def read(self, block: bytes) -> None:
        """Names that were seen before cost no more than finding them."""
        found = {text for pattern in NAMES[self.kind] for text in re.findall(pattern, block)} - self.raw
        self.raw |= found
        for name in chain.from_iterable(map(self._names, found)):
            if name != fold(name) or name not in self.names:  # of a role the log may have the key beside the name
                self.names[fold(name)] = name
        self.seen = fold(self.name) in self.names

    def _names(self, inside: bytes) -> list[str]:
        """The names that stand in brackets of a pattern; none where these are no JSON."""
        try:
            texts = orjson.loads(b"[" + (inside if inside.startswith(b'"') else b'"' + inside + b'"') + b"]")
        except orjson.JSONDecodeError:
            return []
        return [name for text in texts for name in (text.split(" > ") if self.kind == "group" else [text])]


@dataclass
class Watch:
    """Looks at the blocks of some logs while somebody else reads them. `sought` are names that may be nobody's."""

    sought: Sequence[Sought] = ()
    parts: dict[str, Part] = field(default_factory=dict)

    def over(self, app: str, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """The blocks as they are."""
        part = self.parts[app] = Part()
        for block in blocks:
            bounds(part, block)
            part.records += _telling(block)
            for name in self.sought:
                name.look(block)
            yield block

    def told(self, app: str) -> list[dict[str, Any]]:
        """The records that say what was cut, accepted or renamed, as far as the blocks were walked."""
        return self.parts.get(app, Part()).records

    def gaps(self, app: str, since: str, until: str) -> list[Missing]:
        """What is not there between two times (ISO, UTC, "" for no end), as far as the blocks were walked."""
        part = self.parts.get(app, Part())
        return _within((*_pruned(part), *_beginning(part), *part.missing, *_accepted(part)), since, until)

    def lost(self, app: str, since: str, until: str) -> list[Missing]:
        """Of these what nobody accounts for: records that are gone, and were neither pruned nor, since then, accepted as lost."""
        part = self.parts.get(app, Part())
        accepted = max((gap.until for gap in _accepted(part)), default="")
        unknown = [gap for gap in part.missing if gap.until > accepted]
        return _within((*_beginning(part), *unknown), since, until)


def _telling(block: bytes) -> Iterator[dict[str, Any]]:
    lines = lines_with(block, (_AUDIT,))
    if not is_escaped(block):
        lines = (line for line in lines if any(word in line for word in (PRUNED, TRUST, RENAMED)))
    return (record for line in lines for record in record_of(line) if ours_of(record).get("details"))


def _within(gaps: Iterable[Missing], since: str, until: str) -> list[Missing]:
    return [gap for gap in gaps if gap.until >= since and (not until or gap.since <= until)]


def _cut(part: Part) -> set[int]:
    """The numbers of the records that were the last ones to be cut."""
    ours = (record["reconcile"] for record in part.records)
    return {(item.get("details") or {}).get("number", 0) for item in ours if item.get("kind") == "pruned"}


def _pruned(part: Part) -> Iterator[Missing]:
    """What was cut, by the record that says so."""
    before = part.first - 1
    if before > 0 and before in _cut(part):
        yield Missing("", part.begins, f"{plural(before, 'record')} up to number {before} cut by `reconcile record prune`")


def _beginning(part: Part) -> Iterator[Missing]:
    """That the first records are missing; where one from before the time that is asked for was walked, it is not of that time."""
    before = part.first - 1
    if before > 0 and before not in _cut(part):
        yield Missing("", part.begins, f"it begins with record {part.first}, and no record says that those before it were pruned")


def _accepted(part: Part) -> Iterator[Missing]:
    for record in part.records:
        ours, at = record["reconcile"], str(record.get("activityDateTime", ""))
        details = ours.get("details") or {}
        if ours.get("kind") == "recordCommand" and details.get("command") == "trust":
            what = f"history was lost, or not signed, when {details.get('head')} was accepted by `reconcile record trust`"
            yield Missing("", at, what)


def words(gap: Missing) -> str:
    """`between A and B: record 5 comes after record 3`, or `before B: ...`."""
    when = f"between {gap.since} and {gap.until}" if gap.since else f"before {gap.until}"
    return f"the log is not whole {when}: {gap.what}"
