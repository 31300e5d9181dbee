"""What an apply needs beside the plan: ids by address, and what the record will hold of everything left as it is. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.declare.model import Role
from reconciler.declare.names import STRANGER, fold, is_user, row_key
from reconciler.plan.access.already import already
from reconciler.plan.access.rows import regiven
from reconciler.plan.context import UNKNOWN, UNKNOWN_GROUP, Context
from reconciler.plan.diff import differing, same, unsure
from reconciler.plan.live import Live, LiveObject
from reconciler.plan.membership import known_members, recorded_members, still_in, unseen
from reconciler.plan.model import Access
from reconciler.plan.outstanding import is_in_vain
from reconciler.plan.roles_shown import Shown, left, shown
from reconciler.record.entries import Entry
from reconciler.record.values import Revocation
from reconciler.resolve.expressions.language import IGNORE
from reconciler.resolve.model import Desired, DesiredGroup


@dataclass
class ApplyInputs:
    """`baselines` are entries by today's address, as if nothing had to change; `renamed` is today's address -> recorded one.

    `revoked` are those who stay out, `agreed` those of them whom the declaration no longer asks for: they are forgotten once
    nothing of them is `pending`. `gone` are recorded addresses of accounts that are gone, whose names others take. `giving`
    is folded group name -> the keys of the roles that the group gives. `live` is what the service showed. `regiven` are people
    whose roles change without a write to their own account: address -> who gains or loses which, by which line. `held` is what
    was there before it was adopted: address of a person or group -> by which line they have what already, as if they gained it.
    `shown` are the roles that the service showed of those who have a change, `left` those that stay though nothing assigns them.
    """

    ids: dict[str, str] = field(default_factory=dict)
    baselines: dict[str, Entry] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    revoked: dict[str, Revocation] = field(default_factory=dict)
    agreed: frozenset[str] = frozenset()
    pending: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    giving: dict[str, set[str]] = field(default_factory=dict)
    live: Live = field(default_factory=Live)
    regiven: Mapping[str, tuple[Access, ...]] = field(default_factory=dict)
    held: Mapping[str, tuple[Access, ...]] = field(default_factory=dict)
    shown: Mapping[str, Shown] = field(default_factory=dict)
    left: Mapping[str, Shown] = field(default_factory=dict)


def apply_inputs(context: Context, only: Iterable[str]) -> ApplyInputs:
    """For a part of a plan (`only`) the record of everything else stays as it is."""
    matching = context.matching
    chosen = {fold(address) for address in only}
    ids = {address: live_id for found in (matching.addresses, matching.groups) for live_id, address in found.items()}
    ids.update({address: live.id for address, live in matching.live.items()})
    ids.update({UNKNOWN + live_id: live_id for live_id in context.live.users})
    ids.update({UNKNOWN_GROUP + live_id: live_id for live_id in context.live.groups})
    renamed = {new: old for new, old in matching.recorded.items() if new != old and new not in matching.failed}
    baselines = _baselines(context, context.giving)
    if chosen:
        baselines = {address: entry for address, entry in baselines.items() if fold(address) in chosen}
        renamed = _renamed(renamed, chosen)
    revoked = {address: when.copy() for address, when in context.revoked.items()}
    agreed = frozenset() if chosen else frozenset(revoked.keys() - _asked_for(context) - _strangers(context))
    return ApplyInputs(
        ids,
        baselines,
        renamed,
        revoked,
        agreed,
        agreed & context.pending.keys(),
        _gone(context, renamed),
        context.giving,
        context.live,
        _regiven(context, baselines),
        _held(context, baselines),
        shown(context, filter(is_user, context.pending)),
        left(context),
    )


def _regiven(context: Context, baselines: Mapping[str, Entry]) -> dict[str, tuple[Access, ...]]:
    """Of those in scope who have no change of their own: the roles of the record are not those that they are to have.

    Where a mapping that carried roles is gone, people keep on the service what it gave: then nobody is said to have lost it.
    """
    moves: dict[str, tuple[list[str], list[str]]] = {}
    carried = {slot.target for slot in context.resolution.user_mapping.slots if slot.carries_roles}
    if (context.carried | context.unmapped) - carried - {"members"}:
        return {}
    for address, user in context.live.among(context.resolution.users).items():
        entry = context.entry(address) if address in baselines and address not in context.pending else None
        if entry is not None and "roles" in entry:
            before, after = entry["roles"], [role.key for role in user.roles] if address not in context.revoked else []
            if before != after and set(before) != set(after):
                moves[address] = (before, after)
    return regiven(context, moves)


def _held(context: Context, baselines: Mapping[str, Entry]) -> dict[str, tuple[Access, ...]]:
    """Of those whom the record does not know; whoever is out has nothing. A membership is told with the group, or the person."""
    adopted = context.matching.how.keys() & baselines.keys() - context.revoked.keys()
    if not adopted:
        return {}
    users, groups = context.resolution.users, context.resolution.groups
    people = {address: [role.key for role in users[address].roles] for address in adopted if address in users}
    inside = {address: members for address in groups if (members := baselines.get(address, {}).get("members"))}
    ours = [group for group in inside if group not in adopted]
    joined = {group: (people.keys() & inside[group]) - _coming(context, group) for group in ours}
    return already(context, people, inside.keys() & adopted, joined)


def _coming(context: Context, group: str) -> set[str]:
    """Who is yet to be put in: of an account that took the place of one of ours the record tells that it is inside."""
    change = context.pending.get(group)
    return set(change.add) if change is not None else set()


def _strangers(context: Context) -> set[str]:
    """Accounts that nobody declared: nothing will ever agree to keep these out, so they stay out as long as they are there."""
    return {address for address in context.revoked if address.startswith(STRANGER) and _may_be_there(context, address)}


def _may_be_there(context: Context, address: str) -> bool:
    return address in context.live.unknown or not context.live.knows(address) or context.account(address) is not None


def _asked_for(context: Context) -> set[str]:
    """Users in scope, by the name that their account is to keep for now."""
    refused = context.matching.refused
    return {*(context.resolution.users.keys() - refused.keys()), *refused.values()}


def _renamed(renamed: Mapping[str, str], chosen: Collection[str]) -> dict[str, str]:
    """Of a part also whoever is recorded under a name that somebody of it takes, and whoever has the name that those take."""
    holders = {fold(old): new for new, old in renamed.items()}
    kept = {new for new in renamed if fold(new) in chosen}
    todo = list(chosen)
    while todo:
        holder = holders.get(todo.pop())
        if holder is not None and holder not in kept:
            kept.add(holder)
            todo.append(fold(holder))
    return {new: old for new, old in renamed.items() if new in kept}


def _gone(context: Context, renamed: Mapping[str, str]) -> frozenset[str]:
    known = {fold(address): address for address in context.entries} if renamed else {}
    taken = {known[name] for new in renamed if (name := fold(new)) in known} - set(renamed.values())
    live = context.live
    there = {address for address in taken if address in live.unknown or context.entries[address]["id"] in live.of(address)}
    return frozenset(taken - there)


def _baselines(context: Context, giving: dict[str, set[str]]) -> dict[str, Entry]:
    found = _released(context)
    roles = _Roles(context, giving)
    kinds: tuple[Mapping[str, Desired], ...] = (context.resolution.users, context.resolution.groups)
    for items in kinds:
        for address, item in context.live.among(items).items():
            if address in context.matching.failed:
                continue  # of which nothing is planned, and nothing is known anew: a refused swap leaves both as recorded
            live = context.matching.live.get(address)
            base: Entry = _entry(context, item, live) if live is not None else {}
            if live is not None:
                roles.put(item, base)
            own = context.resolution.table(address).column("id")[item.row]
            if own is not None:
                base["declaredId"] = own
            if live is not None or own is not None:
                found[address] = base
    return found


def _released(context: Context) -> dict[str, Entry]:
    """Who is out of scope, with nothing left to be done: no declaration is to be measured by them any more."""
    return {context.today.get(old, old): _retained(context, context.entries[old]) for old in context.released}


def _retained(context: Context, entry: Entry) -> Entry:
    """An account that is out by now is no longer one that the service left active: should it be again, it is told again."""
    live, kept = context.live.users.get(entry["id"]), Entry(**{**entry, "retained": True})
    if is_in_vain(entry) and live is not None and not live.active:
        kept["answered"] = {path: value for path, value in entry["answered"].items() if path != "active"}
    return kept


class _Roles:
    """The roles that an object has once nothing of it is pending; until then those of the record stay."""

    def __init__(self, context: Context, giving: dict[str, set[str]]) -> None:
        self.giving, self.revoked = giving, context.revoked
        self.pending = set(context.pending)
        self.pending.update(member for change in context.pending.values() for member in change.remove)
        self.known: dict[tuple[Role, ...], list[str]] = {}

    def put(self, item: Desired, base: Entry) -> None:
        if isinstance(item, DesiredGroup):
            given = self.giving.get(row_key(item.address), set())
            before = set(base.get("roles", ())) if item.address in self.pending else set()
            base["roles"] = sorted(given | before)
        elif item.address in self.revoked:
            base["roles"] = base.get("roles", []) if item.address in self.pending else []
        elif item.address not in self.pending:
            found = self.known.get(item.roles)
            if found is None:
                found = self.known[item.roles] = [role.key for role in item.roles]
            base["roles"] = found


def _entry(context: Context, item: Desired, live: LiveObject) -> Entry:
    """What we want and what the service answers, of every attribute that needs no write."""
    mapping, entry = context.resolution.mapping(item.address), context.entry(item.address)
    have = context.have(item.address, live)
    applied = context.applied(item.address, live)
    pending = {change.path for change in differing(mapping, item.values, have, applied)}
    pending.update(unsure(mapping, item.values, have, applied))
    base: Entry = {**applied} if applied is not None else {"id": live.id}
    base.pop("retained", None)
    wanted, answered = dict(base.get("wanted", {})), dict(base.get("answered", {}))
    for i in mapping.compared:
        slot, want = mapping.slots[i], item.values[i]
        if want is IGNORE or slot.target in pending or (want is None and slot.target not in wanted):
            continue
        wanted[slot.target] = want
        answered.pop(slot.target, None)
        if not same(slot, want, have[i]):
            answered[slot.target] = have[i]
    base["wanted"], base["answered"] = wanted, answered
    if live.active and wanted.get("active") is not False:  # whoever has enabled it: its days until deletion begin anew
        base.pop("disabledAt", None)
    if isinstance(item, DesiredGroup):
        base["members"] = _members(context, item, live, entry)
        base.pop("kept", None)
        base.pop("unseen", None)
        if kept := still_in(context, item, live, entry):
            base["kept"] = sorted(kept)
        if not_shown := unseen(context, live, entry):
            base["unseen"] = sorted(not_shown)
    return base


def _members(context: Context, group: DesiredGroup, live: LiveObject, entry: Entry | None) -> list[str]:
    """Those whom we want and who are there; who is yet to be added or removed stays as it was recorded."""
    have, wanted = known_members(context, live, entry), group.members - context.revoked.keys()
    return sorted((have & wanted) | (recorded_members(context, entry) & (have | wanted)))
