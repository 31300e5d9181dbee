"""Which records of the log somebody asks for: a query and blocks of JSON lines in, those lines out. Pure.

A million lines are not parsed: what every line that is asked for must hold is looked for in the bytes first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import orjson

from reconciler.declare.names import fold, group_address, is_group, name_of, user_address
from reconciler.record.log.about import as_it_is, is_escaped, lines_of, lines_with, needle, whole
from reconciler.resolve.any_case import Find, in_any_case

AGE = re.compile(r"(\d{1,6})([smhdw])", re.ASCII)
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?Z?)?", re.ASCII)
CYCLE = re.compile(r"[\w.-]+", re.ASCII)
WHEN = re.compile(rb'"activityDateTime": ?"([^"]{10,40})"')
WHAT, MODIFIED = (b'"what":', b'"what": '), b'"appRoleAssignments"'  # before the name of a role, and beside it
Record = dict[str, Any]
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
            "user": lambda record: not self._folded("user", user_address).isdisjoint(_concerned(record)),
            "group": lambda record: not self._folded("group", group_address).isdisjoint(_concerned(record)),
            "role": lambda record: not self._folded("role", str).isdisjoint(_roles(record)),
            "action": lambda record: self.action in actions_of(record),
            "status": lambda record: status_of(record) == self.status,
            "cause": lambda record: self.cause in ours_of(record).get("causes", ()),
            "by": lambda record: fold(self.by or "") in _initiators(record),
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
    def needles(self) -> list[tuple[bytes, ...]]:
        """Bytes, of each tuple one of which each line that is asked for holds, in lower case where `folds`; the rarest first, by
        guess.
        """
        users = [whole(user_address(name)) for name in self.names("user")]
        roles = [whole(name) for name in self.names("role")]
        found = [users, self._gained(roles), roles, [whole(self.by)] if self.by else []]
        found.append([needle(name) for name in self.names("group")])
        found += [[self.cycle.encode()]] if self.cycle and CYCLE.fullmatch(self.cycle) else []
        # Every record that is done in full says success somewhere; that one is not looked for.
        words = (self.cause, self.action, self.status if self.status != "success" else None)
        found += [[b'"' + word.encode() + b'"'] for word in words if word]
        return [tuple(item.lower() if self.folds else item for item in items) for items in found if items and all(items)]

    @staticmethod
    def _gained(roles: list[bytes]) -> list[bytes]:
        """Where a role is gained, lost or another one: far rarer than its name, which each record of its holders has."""
        if not all(name.startswith(b'"') for name in roles):
            return []
        return [*(key + name for key in WHAT for name in roles), MODIFIED] if roles else []

    @cached_property
    def folds(self) -> bool:
        """Whether names are asked for, which go whatever their case; our own words stand as we write them."""
        return any(name is not None for name in (self.user, self.group, self.role, self.by))

    def select(self, blocks: Iterable[bytes]) -> Iterator[Found]:
        """The lines that are asked for, each with its record; a line that a kill tore off is none."""
        for block in blocks:
            for line in self._candidates(block):
                if self._may_be_in_time(line) and (record := _parsed(line)) is not None and self.matches(record):
                    yield line, record

    def _candidates(self, block: bytes) -> Iterator[bytes]:
        """Lines that hold all needles."""
        if not self.needles or is_escaped(block):
            yield from lines_of(block)
            return
        _, *others = self.needles
        for line in lines_with(block, self._finds):
            text = line.lower() if self.folds and others else line
            if all(any(item in text for item in items) for items in others):
                yield line

    @cached_property
    def _finds(self) -> list[Find]:
        return [in_any_case(item) if self.folds else as_it_is(item) for item in self.needles[0]]

    def _may_be_in_time(self, line: bytes) -> bool:
        if not (self.since or self.until):
            return True
        found = WHEN.search(line, 0, 300)
        if found is None or self._in_time(found[1].decode("ascii", "replace")):
            return True
        return line.count(b'"activityDateTime"') > 1  # of two, a parser takes the last one


def asked(query: Query) -> str:
    """The question by its options: `--user 'ada@example.com', --since '2026-06-01'`; empty where nothing is asked for."""
    said = ((item.name, getattr(query, item.name)) for item in fields(query) if item.name != "other")
    return ", ".join(f"--{name} {value!r}" for name, value in said if value)


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


def instant(text: str, now: str) -> str:
    """The same with its seconds and its zone. Raises ValueError."""
    at = end_of(text, now).removesuffix("Z")
    return at + (":59Z" if len(at) == len("2026-03-01T08:00") else "Z")


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


def moved_of(record: Record) -> tuple[list[str], list[str]]:
    """What its person gained and lost, or who came into its group and left it; roles by name, `group Net`."""
    if is_group(address_of(record)):
        out, into = _sides(record, "members")
        return [name_of(member) or member for member in into], [name_of(member) or member for member in out]
    if "adopt" in actions_of(record):  # it had them before
        return [], []
    own = [row for row in _access(record) if row.get("kind") in ("role", "group")]
    if own:
        gained, lost = ([_called(row) for row in own if (row.get("gains") is True) is side] for side in (True, False))
        return gained, lost
    before, after = _sides(record, "appRoleAssignments")
    return [name for name in after if name not in before], [name for name in before if name not in after]


def _called(row: Record) -> str:
    return ("group " if row.get("kind") == "group" else "") + str(row.get("what", ""))


def _sides(record: Record, name: str) -> tuple[list[str], list[str]]:
    """Old and new values of what was modified."""
    for item in record.get("modifiedProperties") or ():
        if isinstance(item, dict) and item.get("displayName") == name:
            old, new = (list(map(str, item.get(side) or ())) for side in ("oldValue", "newValue"))
            return old, new
    return [], []


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


def approvals_of(record: dict[str, Any]) -> list[str]:
    """The approvals that let it through, each as `accidentalDeletions: agreed in INC-7`."""
    return [approval_text(item) for item in ours_of(record).get("approvals") or () if isinstance(item, dict)]


def approval_text(item: Mapping[str, Any]) -> str:
    """An approval as the log has it: for which safeguard, and why."""
    return f"{item.get('safeguard', '')}: {item.get('reason', '')}"


def gained_of(record: dict[str, Any]) -> list[Mapping[str, Any]]:
    """The rows of access that somebody gains by it: until when and why stand in them."""
    return [row for row in ours_of(record).get("access") or () if isinstance(row, dict) and row.get("gains") is True]
