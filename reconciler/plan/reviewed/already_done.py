"""Whether what a reviewed change asks for is so already, and still asked for. Pure."""

from __future__ import annotations

from typing import Any

from reconciler.declare.names import is_group
from reconciler.plan.change import Action, AttributeChange, Change
from reconciler.plan.context import Context
from reconciler.plan.diff import same, unsaid
from reconciler.plan.live import LiveObject
from reconciler.plan.membership import known_members
from reconciler.record.entries import Entry
from reconciler.resolve.mapping import Slot


def is_done(context: Context, change: Change) -> bool:
    """Whether live has the result of a change that a fresh plan does not hold: an earlier run has done it."""
    if is_group(change.address) and not context.app.groups.enabled:
        return False  # of which nothing has been read
    if not context.live.knows(change.address) or (context.live.unknown and change.address in context.matching.failed):
        return False  # nobody knows whether it is there
    if change.action in ("disable", "delete"):
        return _is_out(context, change)
    live = _wanted(context, change.address)
    if live is None or (change.precondition is not None and change.precondition.id != live.id):
        return False
    have = known_members(context, live, context.entry(change.address)) if change.add or change.remove else set()
    return (
        not _asks_otherwise(context, change)
        and have.issuperset(change.add)
        and have.isdisjoint(change.remove)
        and all(_is_written(context, change, a, live) for a in change.attributes)
    )


def _wanted(context: Context, address: str) -> LiveObject | None:
    """The account that the declaration asks for, or, of somebody who was revoked, speaks of; a group that is to be emptied."""
    wanted, entry = context.matching.live.get(address), context.entries.get(address)
    if wanted is None and entry is not None and address in context.unwanted and is_group(address):
        return context.live.groups.get(entry["id"])
    return context.account(address) if address in context.revoked else wanted


def _is_out(context: Context, change: Change) -> bool:
    """Nobody asks for the account, and it is gone, or inactive where that was all that was to be done."""
    rests_on = change.precondition
    assert rests_on is not None
    live = context.live.of(change.address).get(rests_on.id)
    if change.address in context.matching.live and change.address not in context.revoked:
        return False
    if live is None:
        return True
    if change.action == Action.DELETE:
        return context.able.delete == "deactivates" and not live.active
    left = [a for a in change.attributes if a.path != "active" or live.active]
    return all(_is_written(context, change, a, live) for a in left)


def _asks_otherwise(context: Context, change: Change) -> bool:
    """A part of a plan was reviewed, and what is beyond it has something else in mind."""
    other = context.pending.get(change.address)
    if other is None:
        return False
    paths, members = {a.path for a in other.attributes}, {*other.add, *other.remove}
    return not (paths.isdisjoint(a.path for a in change.attributes) and members.isdisjoint({*change.add, *change.remove}))


def _is_written(context: Context, change: Change, attribute: AttributeChange, live: LiveObject) -> bool:
    """What is written at creation alone, and what only the apply made, nobody looks at again."""
    mapping = context.resolution.mapping(change.address)
    number = next((i for i, slot in enumerate(mapping.slots) if slot.target == attribute.path), None)
    if number is None or attribute.generated or (change.action == Action.CREATE and number not in mapping.updates):
        return number is not None
    have = context.have(change.address, live)[number]
    entry = context.known(change.address) or {}
    return _is_so(mapping.slots[number], attribute.after, have, entry if entry.get("id") == live.id else {})


def _is_so(slot: Slot, want: Any, have: Any, entry: Entry) -> bool:
    """A value as wanted, or what the service made of it when it was told so."""
    wanted, answered = entry.get("wanted", {}), entry.get("answered", {})
    told = slot.target in wanted and same(slot, want, wanted[slot.target])
    answer = told and (slot.mapping.ignoreDrift or (slot.target in answered and answered[slot.target] == have))
    return answer or same(slot, want, have) or unsaid(slot, want, have)
