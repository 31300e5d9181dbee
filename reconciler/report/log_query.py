"""Which records of the log somebody asks for: a query and blocks of JSON lines in, those lines out. Pure.

A million lines are not parsed: what every line that is asked for must hold is looked for in the bytes first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import orjson

from reconciler.declare.names import fold, group_address, user_address
from reconciler.record.log.about import is_escaped, needle

AGE = re.compile(r"(\d{1,6})([smhdw])", re.ASCII)
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?Z?)?", re.ASCII)
WHEN = re.compile(rb'"activityDateTime": ?"([^"]{10,40})"')
Record = dict[str, Any]
Found = tuple[bytes, Record]


@dataclass(frozen=True)
class Query:
    """What is asked for; None for anything. `since` and `until` are ISO times, UTC, both included; `cycle` may be a beginning."""

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

    def matches(self, record: Record) -> bool:
        """Whether a record is asked for."""
        return all(test(record) for test in self._tests) and self._in_time(str(record.get("activityDateTime", "")))

    def _in_time(self, at: str) -> bool:
        return self.since <= at and (not self.until or at <= self.until)

    @cached_property
    def _tests(self) -> list[Callable[[Record], bool]]:
        tests: dict[str, Callable[[Record], bool]] = {
            "user": lambda record: fold(user_address(self.user or "")) in _concerned(record),
            "group": lambda record: fold(group_address(self.group or "")) in _concerned(record),
            "role": lambda record: fold(self.role or "") in _roles(record),
            "action": lambda record: self.action in actions_of(record),
            "status": lambda record: status_of(record) == self.status,
            "cause": lambda record: self.cause in ours_of(record).get("causes", ()),
            "by": lambda record: fold(self.by or "") in _initiators(record),
            "cycle": lambda record: str(record.get("cycleId", "")).startswith(self.cycle or ""),
        }
        return [test for name, test in tests.items() if getattr(self, name) is not None]

    @cached_property
    def needles(self) -> list[bytes]:
        """Lower-case bytes that each line that is asked for holds, whatever its case; the rarest first, by guess."""
        asked = (self.user, self.group, self.cycle, self.role, self.by, self.cause, *self._words())
        found = (needle(text) for text in asked if text)
        return [item for item in found if item]

    def _words(self) -> tuple[str | None, str | None]:
        """Every record that is done in full says success somewhere; that one is not looked for."""
        return (self.action, self.status if self.status != "success" else None)

    def select(self, blocks: Iterable[bytes]) -> Iterator[Found]:
        """The lines that are asked for, each with its record; a line that a kill tore off is none."""
        for block in blocks:
            for line in self._candidates(block):
                if self._may_be_in_time(line) and (record := _parsed(line)) is not None and self.matches(record):
                    yield line, record

    def _candidates(self, block: bytes) -> Iterator[bytes]:
        """Lines that hold all needles."""
        if not self.needles or is_escaped(block):
            yield from filter(None, block.split(b"\n"))
            return
        first, *others = self.needles
        lowered, at = block.lower(), 0
        while (found := lowered.find(first, at)) >= 0:
            start, end = lowered.rfind(b"\n", 0, found) + 1, lowered.find(b"\n", found)
            end = len(block) if end < 0 else end
            if all(lowered.find(other, start, end) >= 0 for other in others):
                yield block[start:end]
            at = end

    def _may_be_in_time(self, line: bytes) -> bool:
        if not (self.since or self.until):
            return True
        found = WHEN.search(line, 0, 300)
        if found is None or self._in_time(found[1].decode("ascii", "replace")):
            return True
        return line.count(b'"activityDateTime"') > 1  # of two, a parser takes the last one


def moment(text: str, now: str) -> str:
    """An age such as 7d, 12h or 30m, a date or a time: as an ISO time, UTC. Raises ValueError."""
    if match := AGE.fullmatch(text):
        at = datetime.strptime(now, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        return (at - timedelta(**{UNITS[match[2]]: int(match[1])})).strftime("%Y-%m-%dT%H:%M:%SZ")
    if not MOMENT.fullmatch(text):
        raise ValueError(text)
    datetime.fromisoformat(text.removesuffix("Z"))
    return text


def end_of(text: str, now: str) -> str:
    """The same for the end of a time: a date is its whole day. Raises ValueError."""
    at = moment(text, now)
    return f"{at}T23:59:59Z" if len(at) == len("2026-01-01") else at


# What a record says


def _parsed(line: bytes) -> Record | None:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def ours_of(record: Record) -> Record:
    """What stands under our key."""
    ours = record.get("reconcile")
    return ours if isinstance(ours, dict) else {}


def _mapping(record: Record, name: str) -> Record:
    value = record.get(name)
    return value if isinstance(value, dict) else {}


def address_of(record: Record) -> str:
    """The object of a record; empty where it is of none."""
    return str(ours_of(record).get("address") or _mapping(record, "sourceIdentity").get("displayName") or "")


def actions_of(record: Record) -> list[str]:
    """What was done, in our word first, then in Graph's; the kind of an audit record."""
    ours = ours_of(record)
    kind = ours.get("kind", "object")
    own = [str(ours["action"])] if "action" in ours else []
    return [*own, str(record.get("provisioningAction", ""))] if kind == "object" else [str(kind)]


def status_of(record: Record) -> str:
    """success, failure, skipped or warning."""
    return str(_mapping(record, "provisioningStatusInfo").get("status") or record.get("result") or "")


def reason_of(record: Record) -> str:
    """What came of it, in words."""
    information = _mapping(record, "provisioningStatusInfo").get("errorInformation")
    said = information.get("reason") if isinstance(information, dict) else None
    return str(said or record.get("resultReason") or "")


def came_of(record: Record) -> str:
    """The same; of what simply succeeded why it was to be done."""
    steps = record.get("provisioningSteps") or ()
    why = (str(step.get("description", "")) for step in steps if step.get("provisioningStepType") == "processing")
    return reason_of(record) or next(why, "")


def by_of(record: Record) -> str:
    """Who began it."""
    return str(_mapping(record, "initiatedBy").get("displayName") or "")


def _modified(record: Record, name: str) -> Iterator[Any]:
    for item in record.get("modifiedProperties") or ():
        if isinstance(item, dict) and item.get("displayName") == name:
            yield from (value for side in ("oldValue", "newValue") for value in item.get(side) or ())


def _access(record: Record) -> list[Record]:
    return [row for row in ours_of(record).get("access") or () if isinstance(row, dict)]


def _concerned(record: Record) -> set[str]:
    """Addresses, folded: the object's own, members who come or go, who gains or loses, by which group."""
    rows = _access(record)
    groups = (group_address(name) for row in rows for name in str(row.get("through", "")).split(" > ") if name)
    members = (str(member) for member in _modified(record, "members"))
    people = (str(row.get("address", "")) for row in rows)
    details = _mapping(ours_of(record), "details")  # of who was revoked
    return {fold(address) for address in (address_of(record), str(details.get("address", "")), *members, *people, *groups)}


def _roles(record: Record) -> set[str]:
    """Names of the roles, folded, that somebody gains or loses by it, or had before or has after it where these differ."""
    gained = (str(row.get("what", "")) for row in _access(record) if row.get("kind") == "role")
    return {fold(name) for name in (*gained, *map(str, _modified(record, "appRoleAssignments")))}


def _initiators(record: Record) -> set[str]:
    started = ours_of(record).get("startedBy")
    values = started.values() if isinstance(started, dict) else ()
    return {fold(str(value)) for value in (*_mapping(record, "initiatedBy").values(), *values)}
