"""Writes whose outcome nobody knows, found by what the service shows now: live objects in, the record corrected. No I/O.

A kill between a request and its outcome, or an answer that was lost for good, leaves them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.declare.names import kind_of
from reconciler.plan.diff import same
from reconciler.plan.live import Live, LiveObject
from reconciler.record.entries import Entry
from reconciler.record.model import Record
from reconciler.record.values import Unanswered
from reconciler.resolve.mapping import CompiledMapping, Slot
from reconciler.resolve.model import Resolution


def hear_unanswered(record: Record, live: Live, resolution: Resolution, kinds: Iterable[str]) -> None:
    """Every write is known then to have been done, or not to have been; `kinds` are those that were read, of User and Group."""
    stays = resolution.limited.capabilities.delete == "deactivates"
    for kind in kinds:
        objects = live.users if kind == "User" else live.groups
        for address in [address for address in record.unanswered if kind_of(address) == kind]:
            if _is_unknown(record, live, address):
                continue  # the next run hears of it
            write, mapping = record.hear(address), resolution.mapping(address)
            done = (
                _created(record, address, write, objects, mapping)
                if write.get("step") == "create"
                else _written(record, address, {**write, "at": _since(write, resolution.today)}, objects, mapping, stays)
            )
            _count(record, address, write, done)


def _since(write: Unanswered, today: str) -> str:
    """From when what it did counts: it may never have been sent, and somebody else may have done it at any time until today."""
    return max(write.get("at", ""), f"{today}T00:00:00Z")


def _count(record: Record, address: str, write: Unanswered, done: bool | None) -> None:
    """What may have been done must not go uncounted; what was perhaps never sent is told of only where it was done."""
    if done is not False:
        record.count_removals(write.get("at", ""), [(pair[0], pair[1]) for pair in write.get("takes", ()) if len(pair) == 2])
    if write.get("intended") and not done:
        record.doubt(address)


def _is_unknown(record: Record, live: Live, address: str) -> bool:
    """Whether nobody knows if the account is there that was written to, or that was there under its earlier name."""
    write = record.unanswered[address]
    known = record.entries.ids() if live.unknown else {}
    own = {address, write.get("was", address), *(a for a, id in known.items() if id == write.get("id"))}
    return not own.isdisjoint(live.unknown)


def _created(
    record: Record, address: str, write: Unanswered, objects: Mapping[str, LiveObject], mapping: CompiledMapping
) -> bool:
    """There was no such account when the plan was made, and we sent for one: the one that is as we sent it is ours.

    Whether there is one.
    """
    claimed = {id for known, id in record.entries.ids().items() if kind_of(known) == kind_of(address)}
    account = _match(mapping, write, objects, claimed)
    if account is None:
        return False
    entry: Entry = {"id": account.id, "created": True, "wanted": dict(write.get("wanted", {})), "answered": {}}
    if "declaredId" in write:
        entry["declaredId"] = write["declaredId"]
    earlier = record.entries.get(write.get("was", ""))
    if earlier is not None and earlier["id"] not in objects:
        record.drop(write["was"])  # the account that was gone, under the name that it had
    record.keep(address, entry)
    return True


def _match(
    mapping: CompiledMapping, write: Unanswered, objects: Mapping[str, LiveObject], claimed: set[str]
) -> LiveObject | None:
    """In order of precedence; two that match are told apart by nobody."""
    wanted = write.get("wanted", {})
    for number in mapping.matching:
        slot = mapping.slots[number]
        want = wanted.get(slot.target)
        found = [o for id, o in objects.items() if id not in claimed and want is not None and same(slot, want, o.values[number])]
        if found:
            return found[0] if len(found) == 1 and is_as_sent(mapping, wanted, found[0].values) else None
    return None


def is_as_sent(mapping: CompiledMapping, sent: Mapping[str, Any], values: tuple[Any, ...]) -> bool:
    """Whether an account that matches what we sent for may be the one: beyond its name it has something of what was sent."""
    pairs = [
        (slot, sent[slot.target], values[number])
        for number, slot in enumerate(mapping.slots)
        if sent.get(slot.target) is not None
        and number not in mapping.matching
        and number != mapping.active
        and not slot.reference
        and not slot.hidden
    ]
    return not pairs or any(same(slot, want, have) for slot, want, have in pairs)


def _written(
    record: Record, sent_to: str, write: Unanswered, objects: Mapping[str, LiveObject], mapping: CompiledMapping, stays: bool
) -> bool | None:  # fmt: skip
    """Whether it was done, None where nobody can tell; `stays`: the service keeps a deleted account, deactivated."""
    known = record.entries.ids().items()
    address = next((a for a, id in known if id == write.get("id") and kind_of(a) == kind_of(sent_to)), None)
    if address is None:
        return None
    account, entry = objects.get(record.entries[address]["id"]), record.entries[address]
    if account is None or (stays and not account.active and write.get("step") == "delete"):
        # Some services delete an account that is disabled.
        if write.get("action") not in ("delete", "disable"):
            return None
        record.drop(address)
        return True
    wanted, answered = dict(entry.get("wanted", {})), dict(entry.get("answered", {}))
    for slot, have in zip(mapping.slots, account.values, strict=True):
        if slot.target in write.get("wanted", {}) and _has(record, slot, write["wanted"][slot.target], have):
            wanted[slot.target] = write["wanted"][slot.target]
            answered.pop(slot.target, None)
    now: Entry = {**entry, "wanted": wanted, "answered": answered}
    disables, enables = write.get("wanted", {}).get("active") is False, write.get("action") == "enable"
    if disables and not account.active:
        now["disabledAt"] = write.get("at", "")
        if write.get("action") == "disable":
            now["roles"] = []
    elif enables and account.active:
        now.pop("disabledAt", None)
    record.keep(address, now)
    if write.get("step") == "delete":
        return False
    return account.active is enables if disables or enables else None


def _has(record: Record, slot: Slot, want: object, have: object) -> bool:
    if slot.reference and isinstance(want, str):
        return bool(record.entries.get(want, {}).get("id") == have)
    return same(slot, want, have)
