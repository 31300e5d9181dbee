"""What an apply needs beside the plan: ids by address, and what the record will hold of everything left as it is. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from reconciler.declare.model import fold
from reconciler.plan.context import Context
from reconciler.plan.desired import Desired
from reconciler.plan.diff import differing, in_address_space, same
from reconciler.plan.live import LiveObject
from reconciler.plan.membership import UNKNOWN
from reconciler.record.model import Entry
from reconciler.resolve.expressions import IGNORE
from reconciler.resolve.model import DesiredGroup


@dataclass
class Settled:
    """`baselines` are entries by today's address, as if nothing had to change; `renamed` is today's address -> recorded one.

    `revoked` are those who stay out: people whom the declaration still asks for.
    """

    ids: dict[str, str] = field(default_factory=dict)
    baselines: dict[str, Entry] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    revoked: dict[str, dict[str, str]] = field(default_factory=dict)


def settle(context: Context, only: Iterable[str]) -> Settled:
    """For a part of a plan (`only`) the record of everything else stays as it is."""
    matching = context.matching
    chosen = {fold(address) for address in only}
    ids = {address: live_id for live_id, address in matching.addresses.items()}
    ids.update({address: live.id for address, live in matching.live.items()})
    ids.update({UNKNOWN + live_id: live_id for live_id in context.live.users})
    renamed = {new: old for new, old in matching.recorded.items() if new != old and new not in matching.failed}
    baselines = _baselines(context)
    if chosen:
        baselines = {address: entry for address, entry in baselines.items() if fold(address) in chosen}
        renamed = {new: old for new, old in renamed.items() if fold(new) in chosen}
    revoked = {address: dict(when) for address, when in context.revoked.items() if chosen or address in context.resolution.users}
    return Settled(ids, baselines, renamed, revoked)


def _baselines(context: Context) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for items in (context.resolution.users, context.resolution.groups):
        for address, item in items.items():
            live = context.matching.live.get(address)
            base: Entry = _entry(context, item, live) if live is not None else {"wanted": {}}
            own = context.resolution.table(address).column("id")[item.row]
            if own is not None:
                base["declaredId"] = own
            if live is not None or own is not None:
                found[address] = base
    return found


def _entry(context: Context, item: Desired, live: LiveObject) -> Entry:
    """What we want and what the service answers, of every attribute that needs no write."""
    mapping, entry = context.resolution.mapping(item.address), context.entry(item.address)
    have = in_address_space(mapping, live.values, context.matching.addresses)
    pending = {change.path for change in differing(mapping, item.values, have, entry)}
    # An account that has taken the place of one that is gone is another one: we have not created it.
    base: Entry = {**entry} if entry is not None and entry["id"] == live.id else {"id": live.id}
    wanted, answered = dict(base.get("wanted", {})), dict(base.get("answered", {}))
    for i in mapping.updates:
        slot, want = mapping.slots[i], item.values[i]
        if want is IGNORE or slot.target in pending or (want is None and slot.target not in wanted):
            continue
        wanted[slot.target] = want
        answered.pop(slot.target, None)
        if not same(slot, want, have[i]):
            answered[slot.target] = have[i]
    base["wanted"], base["answered"] = wanted, answered
    if isinstance(item, DesiredGroup):
        base["members"] = sorted(item.members - context.revoked.keys())
    return base
