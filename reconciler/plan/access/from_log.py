"""The log of an app and its record in, what is known of its past out: who had what at any time. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reconciler.declare.names import STRANGER, fold, is_user
from reconciler.plan.access.had import Past
from reconciler.plan.access.keys import UNKNOWN, Thing
from reconciler.plan.access.past import Gap, Record
from reconciler.plan.access.told import Told
from reconciler.plan.access.unheard import unheard
from reconciler.record.entries import is_active
from reconciler.record.log.about import Part, is_first
from reconciler.record.log.chain import Check, link_of
from reconciler.record.model import Record as LastApplied


def past(records: Iterable[Record], record: LastApplied | None, names: Mapping[str, str]) -> Past:
    """`names` are what the roles are called, by key. The records are in the order of the log."""
    found, check, gaps = Past(), Check(), list[Gap]()
    found.told.spelled |= names
    found.told.look(_looked_at(records, found, check, gaps))
    found.problems = tuple(problem for problem in check.ended() if problem not in check.problems)
    found.gaps = tuple(gaps)
    _with_record(found, record, names)
    return found


def past_of_part(part: Part, record: LastApplied | None, names: Mapping[str, str]) -> Past:
    """The same of the records that tell of some, and what the record says of them; whether any was altered is not looked at."""
    linked = [item for item in part.records if link_of(item) is not None]
    found = Past(begins=part.begins, newest=part.newest, records=len(linked), head=part.head, is_whole=part.is_whole)
    found.gaps = (*(Gap(*missing) for missing in part.missing), *_accepted(linked))
    found.told.spelled |= names
    found.told.look(linked)
    _with_record(found, record, names)
    return found


def _with_record(found: Past, record: LastApplied | None, names: Mapping[str, str]) -> None:
    """What the record says now, and which writes nobody has heard of yet."""
    if record is not None:
        found.now = _now(found.told, record, names, found.newest)
        found.gaps += tuple(unheard(found.told, record, found.now, names))


def _looked_at(records: Iterable[Record], found: Past, check: Check, gaps: list[Gap]) -> Iterator[Record]:
    for record in records:
        is_linked, before = link_of(record) is not None, len(check.problems)
        at = str(record.get("activityDateTime", "")) if is_linked else found.newest
        found.records += 1
        check.look(record)  # one of an earlier version too: the chain says what it began with
        if len(check.problems) > before:
            gaps += [Gap(found.newest, at, f"record {problem.number}: {problem.what}") for problem in check.problems[before:]]
        if not is_linked:
            found.earlier += 1
            continue
        if record["reconcile"].get("kind") != "object":
            gaps += _told_gaps(record, found.newest, at)
        found.is_whole = is_first(record) if not found.begins else found.is_whole
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
    for thing, moments in told.moments.items():
        if moments and moments[-1].stays and not found.get(thing):
            found[thing] = None  # the record holds what is assigned
        if thing not in found:  # what the record holds no more, its object with it: a run that the log has not heard of took it
            found[thing] = None if thing.account.startswith(UNKNOWN) else False
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
