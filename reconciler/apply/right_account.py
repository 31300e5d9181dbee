"""Whose account an answer to a write is about: ours, or another that is known by its id or by what it is matched by. No I/O.

A service may answer with the account of somebody else, by mistake or on purpose; to record it would make that one ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from reconciler.apply.ids import Ids
from reconciler.apply.model import Job
from reconciler.declare.names import kind_of
from reconciler.plan.change import Change
from reconciler.plan.live import LiveObject
from reconciler.resolve.mapping import Slot
from reconciler.resolve.model import Desired
from reconciler.scim.identity import is_same_id

Resource = dict[str, Any]
ANOTHER = "the service answered with another account"


class Whose:
    """`ids` knows who has which account, as the apply goes on."""

    def __init__(self, job: Job, ids: Ids) -> None:
        self.job, self.ids = job, ids
        self._made: dict[str, set[str]] = {"User/": set(), "Group/": set()}
        self._known_owners: dict[tuple[str, int], dict[str, str]] = {}

    def of_create(self, change: Change, answer: Resource) -> str:
        """Why the account that a create was answered by is not a new one; empty where it is ours from now on."""
        kind, id = _kind(change), answer["id"]
        if why := self._known(kind, id, change.address):
            return f"{ANOTHER}: {id[:80]!r} {why}"
        if why := self._bears_anothers_name(change, answer):
            return why
        self._made[kind].add(id)
        return ""

    def of_write(self, change: Change, answer: Resource | None) -> str:
        """Why an answer to a write is not about the account that was written to; empty where it is, or does not say."""
        if answer is None or "id" not in answer:
            return ""
        own = self.ids.own(change)
        answered = answer["id"]
        if not is_same_id(own, answered) or (answered != own and self._known(_kind(change), answered, "")):
            return f"{ANOTHER}: {str(answered)[:80]!r}, not {own[:80]!r}"
        return self._bears_anothers_name(change, answer)

    def _known(self, kind: str, id: str, address: str) -> str:
        """What is known of an id already. A service may give an account that it had deleted its id again."""
        if id in self._made[kind]:
            return "has been answered to another create"
        if id in self._objects(kind)[1]:
            return "was there before"
        own = {address, self.job.inputs.renamed.get(address, address)}
        others = (a for a in self._recorded.get((kind, id), ()) if a not in own and self._has(a, id))
        return f"is recorded as that of {other}" if (other := next(others, None)) is not None else ""

    def _has(self, address: str, id: str) -> bool:
        """Whether the record still says so: entries go, and get other addresses, as the apply goes on."""
        return address in self.job.record.entries and self.job.record.entries[address]["id"] == id

    @cached_property
    def _recorded(self) -> dict[tuple[str, str], list[str]]:
        """Kind and id -> the addresses that had it when the apply began; what it creates is in `_made`."""
        owners: dict[tuple[str, str], list[str]] = {}
        for address, id in self.job.record.entries.ids().items():
            owners.setdefault((kind_of(address) + "/", id), []).append(address)
        return owners

    def _bears_anothers_name(self, change: Change, answer: Resource) -> str:
        """A matching value that nobody else has may be what the service makes of ours."""
        mapping = self.job.resolution.mapping(change.address)
        values = mapping.project([answer])[0]
        for number in mapping.matching:
            slot, value = mapping.slots[number], values[number]
            key = slot.alike([value])[0] if isinstance(value, str) else None
            if key is None or key in self._own(change, number):
                continue
            if (owner := self._owners(_kind(change), number).get(key)) is not None:
                return f"{ANOTHER}: {slot.target} is {value[:80]!r}, which is that of {owner[:80]}"
        return ""

    def _own(self, change: Change, number: int) -> list[str]:
        """What the account is matched by, as it is wanted and as it was."""
        desired, live = self._objects(_kind(change))
        items = (desired.get(change.address), live.get(change.precondition.id) if change.precondition else None)
        values = [item.values[number] for item in items if item is not None]
        return self._slot(change.address, number).alike([value for value in values if isinstance(value, str)])

    def _owners(self, kind: str, number: int) -> dict[str, str]:
        """Matching value -> the id, or where there is no account the address, of whoever has it or is to have it."""
        if (kind, number) not in self._known_owners:
            desired, live = self._objects(kind)
            pairs = [(owner, item.values[number]) for items in (desired, live) for owner, item in items.items()]
            texts = [(owner, value) for owner, value in pairs if isinstance(value, str)]
            keys = self._slot(kind, number).alike([value for _, value in texts])
            self._known_owners[kind, number] = dict(zip(keys, (owner for owner, _ in texts), strict=True))
        return self._known_owners[kind, number]

    def _objects(self, kind: str) -> tuple[Mapping[str, Desired], Mapping[str, LiveObject]]:
        resolution, live = self.job.resolution, self.job.inputs.live
        return (resolution.users, live.users) if kind == "User/" else (resolution.groups, live.groups)

    def _slot(self, address: str, number: int) -> Slot:
        return self.job.resolution.mapping(address).slots[number]


def _kind(change: Change) -> str:
    return kind_of(change.address) + "/"
