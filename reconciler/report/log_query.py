"""Which records of the log somebody asks for: a query and blocks of JSON lines in, those lines out. Pure.

A million lines are not parsed: what every line that is asked for must hold is looked for in the bytes first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property

import orjson

from reconciler.declare.names import fold, group_address, user_address
from reconciler.record.log.about import is_escaped, lines_of, lines_with, needle, spans, whole
from reconciler.report.log_record import Record, actions_of, concerned_of, initiators_of, ours_of, roles_of, status_of
from reconciler.resolve.any_case import Find, in_any_case, in_this_case, member_in_any_case

CYCLE = re.compile(r"[\w.-]+", re.ASCII)
AT = b'"activityDateTime"'
FIRST, NEAR = AT + b':"', 100  # in the beginning of each line that we write, after an id or not
WHEN = re.compile(AT + rb': ?"([^"]{10,40})"')
WHAT, MODIFIED = b"what", b'appRoleAssignments"'  # before the name of a role, and beside it
Found = tuple[bytes, Record]


@dataclass(frozen=True)
class Query:
    """What is asked for; None for anything. `since` and `until` are ISO times, UTC, both included; `cycle` may be a beginning.

    `other` are the names that a user, group or role (by these words) had at other times, any of which will do.
    """

    since: str = ""
    until: str = ""
    user: str | None = None
    group: str | None = None
    role: str | None = None
    action: str | None = None
    status: str | None = None
    cause: str | None = None
    by: str | None = None
    cycle: str | None = None
    other: Mapping[str, frozenset[str]] = field(default_factory=dict, hash=False)

    def matches(self, record: Record) -> bool:
        """Whether a record is asked for."""
        return all(test(record) for test in self._tests) and self._in_time(str(record.get("activityDateTime", "")))

    def _in_time(self, at: str) -> bool:
        return self.since <= at and (not self.until or at <= self.until)

    @cached_property
    def _tests(self) -> list[Callable[[Record], bool]]:
        tests: dict[str, Callable[[Record], bool]] = {
            "user": lambda record: not self._folded("user", user_address).isdisjoint(concerned_of(record)),
            "group": lambda record: not self._folded("group", group_address).isdisjoint(concerned_of(record)),
            "role": lambda record: not self._folded("role", str).isdisjoint(roles_of(record)),
            "action": lambda record: self.action in actions_of(record),
            "status": lambda record: status_of(record) == self.status,
            "cause": lambda record: self.cause in ours_of(record).get("causes", ()),
            "by": lambda record: fold(self.by or "") in initiators_of(record),
            "cycle": lambda record: str(record.get("cycleId", "")).startswith(self.cycle or ""),
        }
        return [test for name, test in tests.items() if getattr(self, name) is not None]

    def names(self, kind: str) -> list[str]:
        """Of a user, group or role: the one that is asked for, and what it was called at other times; none where none is."""
        name = getattr(self, kind)
        return [] if name is None else [name, *sorted(self.other.get(kind, ()))]

    def _folded(self, kind: str, form: Callable[[str], str]) -> set[str]:
        return {fold(form(name)) for name in self.names(kind)}

    @cached_property
    def finds(self) -> list[list[Find]]:
        """Of each list one finds something in each line that is asked for; what finds the least comes first, by guess."""
        # Every record that is done in full says success somewhere; that one is not looked for.
        words = [word for word in (self.cause, self.action, self.status) if word and word != "success"]
        cycle = self.cycle if self.cycle and CYCLE.fullmatch(self.cycle) else ""
        texts = [self._texts("role"), [whole(self.by)] if self.by else [], self._texts("group"), [cycle.encode()]]
        texts += [[b'"' + word.encode() + b'"'] for word in words]
        finds = (self.finds_of("user"), self.finds_of("role"), *map(_in_any_case, texts))
        return [found for found in finds if found]

    def finds_of(self, kind: str) -> list[Find]:
        """The same of what concerns the user, group or role that is asked for."""
        texts = self._texts(kind)
        if kind != "role" or not texts or not all(text.startswith(b'"') for text in texts):
            return _in_any_case(texts)
        # Where it is gained, lost or another one: far rarer than its name, which each record of its holders has.
        return [*(member_in_any_case(WHAT, text) for text in texts), in_this_case(MODIFIED)]

    def _texts(self, kind: str) -> list[bytes]:
        return [text_of(kind, name) for name in self.names(kind)]

    def select(self, blocks: Iterable[bytes]) -> Iterator[Found]:
        """The lines that are asked for, each with its record; a line that a kill tore off is none."""
        for block in blocks:
            for line in self._candidates(block):
                if self._may_be_in_time(line) and (record := _parsed(line)) is not None and self.matches(record):
                    yield line, record

    def _candidates(self, block: bytes) -> Iterator[bytes]:
        """Lines in which each of `finds` has something."""
        if not self.finds:
            yield from self._timely(block)
            return
        first, *others = self.finds
        for line in lines_with(block, first):
            if is_escaped(line) or all(any(find(line, 0) >= 0 for find in finds) for finds in others):
                yield line

    def _timely(self, block: bytes) -> Iterable[bytes]:
        """All lines, but for those that tell of another time in their beginning, where none tells of a second one."""
        if is_escaped(block) or not (self.since or self.until):
            return lines_of(block)
        found, begun = [], 0
        for start, end in spans(block):
            at = block.find(FIRST, start, min(end, start + NEAR))
            begun += at >= 0
            if at < 0 or self._may_begin(block, at + len(FIRST)):
                found.append(block[start:end])
        return found if begun == block.count(AT) else lines_of(block)

    def _may_begin(self, block: bytes, at: int) -> bool:
        """Whether a time that stands there may be asked for."""
        since, until = self._bounds
        return since <= block[at : at + len(since)] and block[at : at + len(until)] <= until

    @cached_property
    def _bounds(self) -> tuple[bytes, bytes]:
        return self.since.encode(), self.until.encode() or b"~"

    def _may_be_in_time(self, line: bytes) -> bool:
        if not (self.since or self.until):
            return True
        found = WHEN.search(line, 0, 300)
        if found is None or self._in_time(found[1].decode("ascii", "replace")):
            return True
        return line.count(AT) > 1  # of two, a parser takes the last one


def asked(query: Query) -> str:
    """The question by its options: `--user 'ada@example.com', --since '2026-06-01'`; empty where nothing is asked for."""
    said = ((item.name, getattr(query, item.name)) for item in fields(query) if item.name != "other")
    return ", ".join(f"--{name} {value!r}" for name, value in said if value)


def text_of(kind: str, name: str) -> bytes:
    """What each line holds that concerns a user, group or role of this name, whatever its case; may be empty."""
    return needle(name) if kind == "group" else whole(user_address(name) if kind == "user" else name)


def _in_any_case(texts: list[bytes]) -> list[Find]:
    """None where one text is empty, and would be found everywhere."""
    return list(map(in_any_case, texts)) if all(texts) else []


def _parsed(line: bytes) -> Record | None:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None
