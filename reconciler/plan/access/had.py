"""The log of an app and its record in, who had what at a time out, with what gave it and what took it since. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from reconciler.declare.names import STRANGER, fold, is_user, name_of
from reconciler.plan.access.past import Gap, Moment, Record, State, both, state
from reconciler.plan.access.told import UNKNOWN, Thing, Told
from reconciler.record.entries import is_active
from reconciler.record.log.about import Part
from reconciler.record.log.chain import Check, Problem, link_of
from reconciler.record.model import Record as LastApplied

Key = tuple[str, str, str]  # an account, a kind, and a part


class Declared(NamedTuple):
    """What a commit of the declarations gave somebody: by which line."""

    file: str
    line: int
    commit: str


class Had(NamedTuple):
    """One role or group that somebody had at a time; `kind` is role, group, or account where it was neither.

    `address` is as it was then, `login` its name, `id` a key that a rename does not change. `known` is false where nobody knows
    whether they had it then. `gave` and `took` are records of the log: what gave it, None where that was before the log or
    by hand, and what took it since. `approvers` are those of the pull requests that these name, by number, as far as GitHub told.
    `seen` is when the log last said that it was so, until then. `part` is a key of the role or group, of a group one that a
    rename does not change. `declared` is what the declarations of that time say of what a gap of the log leaves unknown: it was
    to be so then, and no log confirms it.
    """

    address: str
    login: str
    id: str
    kind: str
    what: str
    privileged: bool
    known: bool
    gave: Record | None = None
    took: Record | None = None
    approvers: Mapping[int, Sequence[str]] = MappingProxyType({})
    seen: str = ""
    part: str = ""
    declared: Declared | None = None

    def pulls(self) -> set[int]:
        """The pull requests in which what gave it and what took it were reviewed."""
        named = ((record or {}).get("reconcile", {}).get("pullRequest") for record in (self.gave, self.took))
        return {number for number in named if isinstance(number, int)}


@dataclass
class Past:
    """What is known of an app's past.

    begins:   when the log's first complete record was written, UTC; "" where there is none
    newest:   the time of its newest record
    records:  how many were read; `earlier` are those of earlier versions, which tell too little
    gaps:     what the log has lost
    problems: what else is wrong with its chain
    head:     the newest record that has a link
    now:      what the record says of what accounts have, as far as it says it
    """

    told: Told = field(default_factory=Told)
    begins: str = ""
    newest: str = ""
    records: int = 0
    earlier: int = 0
    gaps: tuple[Gap, ...] = ()
    problems: tuple[Problem, ...] = ()
    head: Record | None = None
    now: Mapping[Thing, bool | None] = field(default_factory=dict)

    def at(self, at: str) -> tuple[Had, ...]:
        """Who had what at a time that the log covers, by address; an account that nobody had is in no row."""
        rows = [row for account, things in self._accounts().items() for row in self._rows(account, things, at)]
        # An account that was deleted and made anew under the name is the same person's.
        unsure = {_named(row): row for row in rows if not row.known}
        for row in (known := [row for row in rows if row.known]):
            unsure.pop(_named(row), None)
        rows = [*known, *unsure.values()]
        return tuple(sorted(rows, key=lambda row: (fold(row.address), not row.privileged, row.kind, fold(row.what))))

    def _accounts(self) -> dict[str, list[Thing]]:
        found: dict[str, list[Thing]] = {}
        for thing in {**self.told.moments, **self.now}:
            found.setdefault(thing.account, []).append(thing)
        return found

    def _rows(self, key: str, things: list[Thing], at: str) -> Iterator[Had]:
        account = self._state(Thing(key, "account"), at)
        if account.had is False:
            return
        address = self.told.names.at(key, at)
        row = Had(address, name_of(address) or address, key, "account", "an account", False, account.had is True)
        rows = list(self._parts(row, things, account, at))
        yield from rows or [_with(row, account.gave, account.took, account.seen)]

    def _parts(self, row: Had, things: list[Thing], account: State, at: str) -> Iterator[Had]:
        """The roles and groups of an account."""
        for thing in things:
            found = self._state(thing, at)
            had = both(found.had, True if row.known else None)
            if thing.kind == "account" or had is False:
                continue
            what = self.told.spelled.get(thing.what, thing.what) if thing.kind == "role" else self._group(thing.what, at)
            privileged, known = thing.what in self.told.privileged, had is True
            named = row._replace(kind=thing.kind, what=what, privileged=privileged, known=known, part=thing.what)
            yield _with(named, _later(found.gave, account), _sooner(found.took, account.took), found.seen)

    def _group(self, key: str, at: str) -> str:
        address = self.told.groups.at(key, at)
        return name_of(address) or address

    def _state(self, thing: Thing, at: str) -> State:
        return state(self.told.moments.get(thing, ()), at, self.now.get(thing), self.gaps)


def _named(row: Had) -> Key:
    """By the address, which is the same for an account that was made anew."""
    return fold(row.address), row.kind, row.part or fold(row.what)


def _with(row: Had, gave: Moment | None, took: Moment | None, seen: str) -> Had:
    return row._replace(gave=gave.record if gave else None, took=took.record if took else None, seen=seen)


def _later(thing: Moment | None, account: State) -> Moment | None:
    """An account that was disabled and came back gave all again that it had; none where a hand brought it back."""
    if thing is not None and (gave := account.gave) is not None:
        return gave if thing.at < gave.at else thing
    return thing if thing is None or thing.at >= account.lost else None


def _sooner(thing: Moment | None, account: Moment | None) -> Moment | None:
    return min(filter(None, (thing, account)), key=lambda moment: moment.at, default=None)


# From the log


def past(records: Iterable[Record], record: LastApplied | None, names: Mapping[str, str]) -> Past:
    """`names` are what the roles are called, by key. The records are in the order of the log."""
    found, check, gaps = Past(), Check(), list[Gap]()
    found.told.spelled |= names
    found.told.look(_looked_at(records, found, check, gaps))
    found.problems = tuple(problem for problem in check.ended() if problem not in check.problems)
    found.gaps = tuple(gaps)
    found.now = _now(found.told, record, names, found.newest) if record is not None else {}
    return found


def past_of_part(part: Part, record: LastApplied | None, names: Mapping[str, str]) -> Past:
    """The same of the records that tell of some, and what the record says of them; whether any was altered is not looked at."""
    linked = [item for item in part.records if link_of(item) is not None]
    found = Past(begins=part.begins, newest=part.newest, records=len(linked), head=part.head)
    found.gaps = (*(Gap(*missing) for missing in part.missing), *_accepted(linked))
    found.told.spelled |= names
    found.told.look(linked)
    found.now = _now(found.told, record, names, found.newest) if record is not None else {}
    return found


def _looked_at(records: Iterable[Record], found: Past, check: Check, gaps: list[Gap]) -> Iterator[Record]:
    for record in records:
        found.records += 1
        if link_of(record) is None:
            found.earlier += 1
            continue
        before, at = len(check.problems), str(record.get("activityDateTime", ""))
        check.look(record)
        if len(check.problems) > before:
            gaps += [Gap(found.newest, at, f"record {problem.number}: {problem.what}") for problem in check.problems[before:]]
        if record["reconcile"].get("kind") != "object":
            gaps += _told_gaps(record, found.newest, at)
        found.begins = found.begins or at
        found.newest, found.head = max(found.newest, at), record
        yield record


def _accepted(records: Iterable[Record]) -> Iterator[Gap]:
    """Of some records only: until when nobody knows is told, and since when by the one before, whoever that tells of."""
    newest = ""
    for record in records:
        at = str(record.get("activityDateTime", ""))
        yield from _told_gaps(record, newest, at)
        newest = at


def _told_gaps(record: Record, newest: str, at: str) -> Iterator[Gap]:
    """What a record itself tells of what nobody knows: that history was lost, and a clock that was set back."""
    ours, number = record["reconcile"], link_of(record)
    details = ours.get("details") or {}
    if ours.get("kind") == "recordCommand" and details.get("command") == "trust":
        what = f"history was lost, or not signed, when {details.get('head')} was accepted by `reconcile record trust`"
        yield Gap(newest or at, at, what)
    if ours.get("kind") not in ("object", None) and at < newest:
        yield Gap(at, newest, f"record {number.number if number else 0}: time runs back, so that a clock was wrong")


def _now(told: Told, record: LastApplied, names: Mapping[str, str], at: str) -> dict[Thing, bool | None]:
    """What the record says of each thing, of those too that the log tells of and that it does not hold."""
    found: dict[Thing, bool | None] = {}
    users = {a: _key(told, a, entry.get("id"), at) for a, entry in record.entries.items() if is_user(a)}
    for address, key in users.items():
        entry = record.entries[address]
        found[Thing(key, "account")] = is_active(entry) if not entry.get("retained") or "disabledAt" in entry else None
        for role in entry.get("roles", ()):
            what = fold(names.get(role, role))
            told.spelled.setdefault(what, names.get(role, role))
            found[Thing(key, "role", what)] = True
    inside = _inside(told, record, at)
    found |= {Thing(key, "group", group): is_in for (key, group), is_in in inside.items()}
    for thing in told.moments:
        if thing not in found:
            managed = thing.what in {group for _, group in inside} if thing.kind == "group" else thing.account in users.values()
            found[thing] = False if managed and thing.kind != "account" and not thing.account.startswith(UNKNOWN) else None
    return found


def _key(told: Told, address: str, id: str | None, at: str) -> str:
    """Of an account; one that nobody declared goes on under the name that the service had for it."""
    return told.names.member(address, at) if address.startswith(STRANGER) else told.names.key(address, id, at)


def _inside(told: Told, record: LastApplied, at: str) -> dict[tuple[str, str], bool | None]:
    found: dict[tuple[str, str], bool | None] = {}
    for address, entry in record.entries.items():
        if is_user(address):
            continue
        group = told.groups.key(address, entry.get("id"), at)
        for is_in, members in ((True, (*entry.get("members", ()), *entry.get("kept", ()))), (None, entry.get("unseen", ()))):
            found |= {(told.names.member(member, at), group): is_in for member in members if is_user(member)}
    return found


# Between two times


class Moved(NamedTuple):
    """What came of one thing between two times: gained, lost, kept, or unknown; `row` is as it was at the later time, of what was
    lost as it was at the earlier one. `old` is as it was at the earlier time, None where it was not there.
    """

    how: str
    row: Had
    old: Had | None = None

    @property
    def was(self) -> str:
        """What the role or group was called before; empty where it is called the same."""
        return self.old.what if self.old is not None and fold(self.old.what) != fold(self.row.what) else ""


def moved(
    before: Iterable[Had], after: Iterable[Had], until: str, renamed: Mapping[str, str] = MappingProxyType({})
) -> list[Moved]:
    """What was gained, lost and kept between two times, of which `until` is the later one; `renamed` are the roles that have
    another name since the earlier one: the key that each has now, and the one that it had.
    """
    old, new = ({(row.id, row.kind, row.part or fold(row.what)): row for row in rows} for rows in (before, after))
    again = {_named(row): key for key, row in old.items() if key not in new}  # by accounts that may be made anew since
    earlier = {key: _earlier(key, old, new, renamed) for key in new}
    earlier |= {key: again[_named(row)] for key, row in new.items() if earlier[key] not in old and _named(row) in again}
    found = [_kept(row, old.get(earlier[key])) for key, row in new.items()]
    kept = set(earlier.values())
    for key, row in old.items():
        if key not in kept:
            took = row.took if row.took is not None and str(row.took.get("activityDateTime", "")) <= until else None
            found.append(Moved("lost" if row.known else "unknown", row._replace(took=took), row))
    order = ("gained", "lost", "unknown", "kept")
    return sorted(found, key=lambda item: (order.index(item.how), fold(item.row.address), item.row.kind, fold(item.row.what)))


def _earlier(key: Key, old: Mapping[Key, Had], new: Mapping[Key, Had], renamed: Mapping[str, str]) -> Key:
    """The key under which a thing is among the old ones: that of a role under its name of then."""
    account, kind, part = key
    known = {part}
    while kind == "role" and (account, kind, part) not in old and renamed.get(part, part) not in known:
        known.add(part := renamed[part])
    return (account, kind, part) if (account, kind, part) not in new else key


def _kept(new: Had, old: Had | None) -> Moved:
    if not new.known or (old is not None and not old.known):
        return Moved("unknown", new, old)
    if old is None:
        return Moved("gained", new)
    # What gave a role its other name gave nothing.
    return Moved("kept", new if old.part == new.part else new._replace(gave=old.gave), old)
