"""Which objects a change of the declaration can touch: two resolutions and the record in, the addresses to ask for out. Pure.

Of everybody else the record says that they were as declared after the last complete apply, and nothing that is declared of them
has changed since. What has changed there on the service a plan of these does not see.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any

from reconciler.declare.names import is_user, row_key
from reconciler.declare.table import Table
from reconciler.plan.context import Context
from reconciler.plan.live import Live, LiveObject
from reconciler.plan.membership import recorded_members
from reconciler.plan.outstanding import is_in_vain
from reconciler.plan.removed import KEPT, deletion_due
from reconciler.record.entries import Entry, is_active
from reconciler.record.model import Record
from reconciler.resolve.expressions.language import IGNORE
from reconciler.resolve.model import Desired, DesiredGroup, DesiredUser, Resolution

BEFORE_ANY_DAY = "0001-01-01"  # by which no assignment has expired
NOTHING = (None, None, None, None)


def to_ask(befores: Iterable[Resolution], context: Context, record: Record) -> frozenset[str]:
    """The addresses, by today's names and by the record's, of which something may be to be done; `context` has read nothing.

    `befores` are what was declared at the last complete apply, and at those since that left something. Of the day of an apply
    nothing is known: so each as of BEFORE_ANY_DAY, which finds what has expired since, and as of today, which finds what had
    expired by then and is extended.
    """
    differing = set[str]().union(*(_differing(before, context.resolution) for before in befores))
    changed = [address for address in differing if not _is_as_recorded(context, address)]
    left = (*_new(context), *_lacking(context), *_leaving(context), *_left_open(context, record))
    asked = both_names(context, {*changed, *left})
    return asked | _around_others(context, asked)


def both_names(context: Context, addresses: Set[str]) -> frozenset[str]:
    """The same with the names in the record of those who have another one today, and the other way round."""
    recorded = {context.matching.recorded[address] for address in addresses if address in context.matching.recorded}
    return frozenset(recorded | addresses | {context.today[old] for old in addresses if old in context.today})


def holders(context: Context) -> frozenset[str]:
    """Those who hold a role whose active holders a safeguard counts: it must know of each whether the account is active."""
    rule, policies = context.app.safeguards.lockout, context.resolution.declarations.policies
    counted = {role for item in policies if item.kind == "holders" and item.concerns(context.app.name) for role in item.roles}
    counted |= {rule.role} if rule is not None else set()
    roles = {role for role in context.app.roles.values() if role.key in counted}
    users = context.resolution.users.values() if roles else ()
    return both_names(context, {user.address for user in users if not roles.isdisjoint(user.roles)})


def around(context: Context, addresses: frozenset[str]) -> frozenset[str]:
    """The groups that some are in by the record, or are to be in; `addresses` are by both names."""
    wanted = {address for address, group in context.resolution.groups.items() if not addresses.isdisjoint(group.members)}
    inside = {a for a in context.entries.groups() if not addresses.isdisjoint(context.entries[a].get("members", ()))}
    return both_names(context, wanted | inside)


def referring(context: Context, addresses: frozenset[str]) -> frozenset[str]:
    """The users who are to refer to some, as to their manager; `addresses` are by both names."""
    numbers = [number for number, slot in enumerate(context.resolution.user_mapping.slots) if slot.reference]
    users = context.resolution.users.items() if numbers else ()
    found = {address for address, user in users if any(user.values[number] in addresses for number in numbers)}
    return both_names(context, found)


def of_members(context: Context, groups: Set[str]) -> frozenset[str]:
    """The recorded users whom one of these groups shows or lacks otherwise than declared."""
    found = set[str]()
    for address in groups & context.resolution.groups.keys():
        live = context.matching.live.get(address)
        if live is not None:
            found |= _otherwise(context, context.resolution.groups[address], live)
    return both_names(context, found & context.entries.ids().keys())


def gone(context: Context, asked: Set[str], live: Live) -> frozenset[str]:
    """Those who are wanted, were asked for, and whose account in the record is not there: they are put in their groups anew."""
    ids, recorded = context.entries.ids(), context.matching.recorded
    known = {address: recorded[address] for address in asked & context.resolution.users.keys() if address in recorded}
    left = {address for address, old in known.items() if old not in live.unknown and ids[old] not in live.users}
    return both_names(context, left)


def _otherwise(context: Context, group: DesiredGroup, live: LiveObject) -> set[str]:
    """Who is shown inside and not wanted there, or wanted and not shown."""
    shown = {context.matching.addresses[id] for id in live.members or () if id in context.matching.addresses}
    return set(both_names(context, shown ^ group.members))


def _differing(before: Resolution, now: Resolution) -> set[str]:
    """Addresses, by today's name and by the one before, of which something else is wanted than before."""
    skips = [{(address, skip.code) for address, skip in side.skipped.items()} for side in (before, now)]
    return {
        *_between(before.users, now.users),
        *_between(before.groups, now.groups),
        *_otherwise_named(before.declarations.users, now.declarations.users, "User/"),
        *_otherwise_named(before.declarations.groups, now.declarations.groups, "Group/"),
        *(address for address, _ in skips[0] ^ skips[1]),
    }


def _between(before: Mapping[str, tuple[Any, ...]], now: Mapping[str, tuple[Any, ...]]) -> set[str]:
    """Of whom other values are wanted, or other roles, or other members; the number of a row says nothing."""
    olds = [before.get(address, NOTHING) for address in now]
    rows = zip(now, olds, now.values(), strict=True)
    differ = {address for address, old, new in rows if old[2] != new[2] or old[3] != new[3]}
    return differ | (before.keys() - now.keys())


def _otherwise_named(before: Table[Any], now: Table[Any], kind: str) -> set[str]:
    """Who is told by something else beside the name: an id of their own, or earlier names."""
    if before is now:
        return set()
    found = set[str]()
    for key in ("id", "previously"):
        if key in before.columns or key in now.columns:
            old, new = (dict(zip(table.column(table.key), table.column(key), strict=True)) for table in (before, now))
            found |= {name for name, said in new.items() if old.get(name) != said} if old != new else set()
    return {kind + name for name in found}


def _is_as_recorded(context: Context, address: str) -> bool:
    """Whether an apply has done by now what is declared of an object; who was never ours and is not wanted needs nothing."""
    item = context.resolution.users.get(address) or context.resolution.groups.get(address)
    if item is not None:
        return _has(context, item, context.entry(address))
    entry, skip = context.known(address), context.resolution.skipped.get(address)
    expired = skip is not None and skip.code == "AssignmentExpired" and context.app.deprovisioning.outOfScope != "delete"
    return entry is None or (expired and not is_active(entry))


def _has(context: Context, item: Desired, entry: Entry | None) -> bool:
    """Whether the record's entry says all that is wanted, under today's name, and that the service did it."""
    if entry is None or context.matching.recorded[item.address] != item.address or not is_active(entry):
        return False
    mapping, wanted = context.resolution.mapping(item.address), entry.get("wanted", {})
    told = all(
        item.values[number] is IGNORE or wanted.get(mapping.slots[number].target) == item.values[number]
        for number in mapping.updates
    )
    own = context.resolution.table(item.address).column("id")[item.row]
    left = any(entry.get(name) for name in ("answered", "kept", "unseen"))
    return told and not left and own in (None, entry.get("declaredId")) and _gives(context, item, entry)


def _gives(context: Context, item: Desired, entry: Entry) -> bool:
    """Whether it gives what the record says: a user has roles, a group gives some and has members."""
    if isinstance(item, DesiredUser):
        return {role.key for role in item.roles} == set(entry.get("roles", ()))
    given = context.giving.get(row_key(item.address), set())
    return recorded_members(context, entry) == _inside(context, item) and given == set(entry.get("roles", ()))


def _new(context: Context) -> Iterator[str]:
    """Who is wanted and not in the record, where one is created or may be adopted, and who has another name in there."""
    yield from context.today.values()
    for kind in (context.resolution.users, context.resolution.groups):
        unknown = kind.keys() - context.matching.recorded.keys()
        if unknown and "create" in context.resolution.mapping(next(iter(unknown))).mapping.targetObjectActions:
            yield from unknown


def _lacking(context: Context) -> Iterator[str]:
    """Groups that have not got the members who are declared, or have not let go of others."""
    for address, group in context.resolution.groups.items():
        entry = context.entry(address)
        if entry is not None and (entry.get("kept") or recorded_members(context, entry) != _inside(context, group)):
            yield address


def _inside(context: Context, group: DesiredGroup) -> Set[str]:
    """Who is to be in it, without those who must stay out of everything."""
    return group.members - context.revoked.keys() if context.revoked else group.members


def _leaving(context: Context) -> Iterator[str]:
    """Whom nobody wants any more and who is to go yet, or did not go when told to."""
    rules, deletes = context.app.deprovisioning, "delete" in context.app.users.targetObjectActions
    for address, skip in context.unwanted.items():
        if skip is not None and skip.code in KEPT:
            continue
        entry = context.entries[address]
        due = deletion_due(context, entry) if rules.deleteAfter is not None else None
        is_due = due is not None and due <= context.resolution.today
        to_delete = deletes and is_user(address) and (rules.outOfScope if skip else rules.removedFromDirectory) == "delete"
        if is_active(entry) or is_in_vain(entry) or is_due or to_delete:
            yield address


def _around_others(context: Context, asked: frozenset[str]) -> frozenset[str]:
    """The groups of those who bear a name that is somebody else's in the record: it stays in there, and means another."""
    entries, recorded = context.entries, context.matching.recorded
    named = {address for address in asked if address in entries and recorded.get(address) != address}
    moved = named | {address for address in asked if recorded.get(address, address) != address}
    return around(context, frozenset(moved)) if moved else frozenset()


def _left_open(context: Context, record: Record) -> Iterator[str]:
    """Who must stay out, and what is left of plans that were applied by their digest."""
    yield from context.revoked
    for asked in record.asked.values():
        yield from asked.get("changes", {})
