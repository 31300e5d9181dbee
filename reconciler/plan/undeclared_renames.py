"""Renames that nobody declared: who is to go and who is to come, and look like one another. Changes in, pairs out. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Container, Hashable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from reconciler.declare.names import fold, is_group, name_of, row_key
from reconciler.declare.table import Table
from reconciler.declare.wording import likely
from reconciler.declare.yaml.scalars import unescaped
from reconciler.plan.context import UNKNOWN, Context
from reconciler.plan.membership import known_members
from reconciler.plan.model import Action, Caution, Change, LooksRenamed
from reconciler.resolve.mapping import Slot

MOST = 5
CODE = "LooksRenamed"
REMOVALS = (Action.DISABLE, Action.DELETE)
T = TypeVar("T", bound=Hashable)


def renames(context: Context, changes: Collection[Change]) -> tuple[LooksRenamed, ...]:
    """Each pair, groups first."""
    return (*_groups(context, changes), *_users(context, changes))


def cautions(context: Context, pairs: Collection[LooksRenamed]) -> Iterator[Caution]:
    """What keeps each of a few, at its line; of many of a kind what keeps them, with the first few."""
    for kind, noun, fate in (("User/", "logins", "a new account, and the old one goes"), ("Group/", "groups", "a new group")):
        alike = [pair for pair in pairs if pair.address.startswith(kind)]
        if len(alike) > MOST:
            yield _many(alike, noun, fate)
        else:
            yield from (_one(context, pair) for pair in alike)


def _one(context: Context, pair: LooksRenamed) -> Caution:
    key, name = row_key(pair.address), unescaped(name_of(pair.previous))
    place = context.place(pair.address, context.resolution.table(pair.address).index[key])
    keep = "keep the group" if is_group(pair.address) else "keep the account"
    words = f"{pair.address} looks like {pair.previous} under another name ({pair.common}): add `previously: [{name}]` to {keep}"
    return Caution(CODE, words, place.file, place.line)


def _many(pairs: list[LooksRenamed], noun: str, fate: str) -> Caution:
    named = ", ".join(f"{pair.previous} → {name_of(pair.address)}" for pair in pairs[:MOST])
    why = " or ".join(dict.fromkeys(pair.common for pair in pairs))
    return Caution(
        CODE,
        f"{len(pairs):,} {noun} look renamed ({why}), but nothing says so, so each is {fate}: where it is a rename, add "
        f"`previously: [OLD NAME]`: {named} and {len(pairs) - MOST:,} more",
    )


def _groups(context: Context, changes: Collection[Change]) -> Iterator[LooksRenamed]:
    """Pairs with the same members, whom no other group has; then those with nearly the same name, and members in common."""
    new, _ = _of_kind(context, changes, "Group/")
    going = _groups_left(context, {change.address for change in changes}) if new else {}
    if not going:
        return
    coming = {change.address: frozenset(change.add) for change in new}
    others = Counter(group.members for address, group in context.resolution.groups.items() if address not in coming)
    alike = [*_pairs(coming, going, lambda members: members in others, "the same members")]
    yield from alike
    said = {address for pair in alike for address in pair[:2]}
    same = {*coming.values(), *others}  # where several have the very members, a name tells nothing either
    for address in sorted(coming.keys() - said):
        shared = {
            name_of(old): old for old, who in going.items() if old not in said and who not in same and coming[address] & who
        }
        near = likely(name_of(address), shared)
        if near is not None:
            said.add(shared[near])
            yield LooksRenamed(address, shared[near], "nearly the same name, and members in common")


def _groups_left(context: Context, selected: Container[str]) -> dict[str, frozenset[str]]:
    """Groups that nobody declares any more, each with whom we know in it: those that are to go now, and those that stay."""
    table, found = context.resolution.declarations.groups, {}
    for address in filter(is_group, context.unwanted):
        live = context.live.groups.get(context.entries[address]["id"])
        if live is not None and _left(context, table, address) and (address in selected or address not in context.pending):
            inside = known_members(context, live, context.known(address))
            found[address] = frozenset(member for member in inside if not member.startswith(UNKNOWN))
    return found


def _users(context: Context, changes: Iterable[Change]) -> Iterator[LooksRenamed]:
    """Pairs with the same external id, e-mail or display name, in this order, that nobody else bears."""
    new, old = _of_kind(context, changes, "User/")
    if not (new and old):
        return
    slots = enumerate(context.resolution.user_mapping.slots)
    said: set[str] = set()
    for _, common, number in sorted((rank, word, i) for i, slot in slots for rank, word in _telling(slot)):
        coming = {c.address: _text(context.resolution.users[c.address].values[number]) for c in new}
        going = {c.address: _text(context.live.users[c.precondition.id].values[number]) for c in old if c.precondition}
        several = _several(context, number, {*coming.values()} & {*going.values()})
        for pair in _pairs(coming, going, several, f"the same {common}"):
            if said.isdisjoint(pair[:2]) and not _somebody_else(context, pair):
                said.update(pair[:2])
                yield pair


def _telling(slot: Slot) -> Iterator[tuple[int, str]]:
    """(rank, name) of an attribute that tells who somebody is."""
    target = slot.target.lower()
    if target in ("externalid", "displayname"):
        yield (0 if target == "externalid" else 2), slot.target
    elif slot.path.attribute.lower() == "emails" and slot.path.sub == "value":
        yield 1, "e-mail"


def _text(value: object) -> str:
    return fold(value) if isinstance(value, str) else ""


def _several(context: Context, number: int, shared: Collection[str]) -> Callable[[str], bool]:
    """Whether a value, of those in question, is borne by others too, here or there."""
    if not any(shared):
        return lambda _: True
    wanted = Counter(_text(user.values[number]) for user in context.resolution.users.values())
    live = Counter(_text(account.values[number]) for account in context.live.users.values())
    return lambda value: wanted[value] > 1 or live[value] > 1


def _somebody_else(context: Context, pair: LooksRenamed) -> bool:
    """Whether declared ids say that these are two people."""
    entry, table = context.entries.get(pair.previous), context.resolution.declarations.users
    own = table.column("id")[context.resolution.users[pair.address].row]
    return own is not None and (entry or {}).get("declaredId", own) != own


def _pairs(coming: Mapping[str, T], going: Mapping[str, T], several: Callable[[T], bool], common: str) -> Iterator[LooksRenamed]:
    """Those that alone have the same something."""
    here, there = Counter(coming.values()), Counter(going.values())
    old = {value: address for address, value in going.items() if value and there[value] == 1}
    for address, value in coming.items():
        if value in old and here[value] == 1 and not several(value):
            yield LooksRenamed(address, old[value], common)


def _of_kind(context: Context, changes: Iterable[Change], kind: str) -> tuple[list[Change], list[Change]]:
    """(to come, to go) of users or groups; of those to go whom no declaration knows under any name."""
    table = context.resolution.table(kind)
    mine = [change for change in changes if change.address.startswith(kind)]
    new = [change for change in mine if change.action == Action.CREATE]
    gone = [change for change in mine if change.action in REMOVALS] if new else []
    return new, [change for change in gone if _left(context, table, change.address)]


def _left(context: Context, table: Table[Any], address: str) -> bool:
    name = row_key(address)
    return name not in table.index and name not in table.earlier and address not in context.revoked
