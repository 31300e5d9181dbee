"""One step of one change as requests, and the record's entry of that object kept true beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.apply.model import Job
from reconciler.apply.order import Step
from reconciler.declare.model import fold
from reconciler.plan.diff import same
from reconciler.plan.digest import canonical
from reconciler.plan.model import AttributeChange, Change
from reconciler.record.model import Entry
from reconciler.resolve.functions import Chance
from reconciler.resolve.mapping import coerce
from reconciler.resolve.resolution import getter
from reconciler.scim.client import ScimClient
from reconciler.scim.errors import LostAnswer, PatchUnsupported
from reconciler.scim.patch import body, member_operations, merge, operations

Resource = dict[str, Any]
Attributes = tuple[AttributeChange, ...]


class Failed(Exception):
    """One object cannot be done: status and words for its outcome."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class Writer:
    """`failed` are the addresses whose change has ended badly; `notes` say what the service made of a change otherwise."""

    def __init__(
        self, job: Job, client: ScimClient, now: Callable[[], str], failed: Mapping[str, object],
        journal: Callable[[dict[str, Any]], None], chance: Chance,
    ) -> None:  # fmt: skip
        self.job, self.client, self.now, self.failed = job, client, now, failed
        self.journal, self.chance = journal, chance
        self.ids = dict(job.settled.ids)
        self.touched: set[str] = set()
        self.notes: dict[str, str] = {}

    def do(self, step: Step) -> None:
        """Raises Failed or ServiceError, for this object alone."""
        change = step.change
        match step.kind:
            case "write":
                self._write(change, step.attributes)
            case "create":
                self._create(change, step.attributes)
            case "members out":
                self._members(change, [], list(change.remove))
            case "members in":
                self._members(change, list(change.add), [])
            case "delete":
                self._delete(change)
            case other:
                raise AssertionError(other)
        self.touched.add(change.address)

    # Requests

    def _create(self, change: Change, attributes: Attributes) -> None:
        resource, attributes = resource_of(change.address), self._generated(change, attributes)
        sent = body(resource, [(a.path, a.after) for a in attributes])
        try:
            answer = self.client.create(resource, sent)
        except LostAnswer:
            answer = self._look_up(change) or self.client.create(resource, sent)
        self.ids[change.address] = answer["id"]
        entry: Entry = {**self.job.settled.baselines.get(change.address, {}), "id": answer["id"], "created": True}
        entry.setdefault("wanted", {})
        self.job.record.entries[change.address] = entry
        self._settle(change, attributes, self._whole(change, answer))

    def _generated(self, change: Change, attributes: Attributes) -> Attributes:
        """With the values that only an apply can make, journalled before they are sent."""
        made: dict[str, Any] = {}
        mapping = self.job.resolution.mapping(change.address)
        for slot in mapping.slots:
            if slot.expression is not None and slot.expression.generated:
                value = slot.expression.generate(getter(self.job.resolution, change.address), self.chance)
                made[slot.target] = coerce(slot, value)
        if made:
            self.journal({"address": change.address, "generated": made})
        return tuple([a._replace(after=made[a.path]) if a.generated else a for a in attributes])

    def _look_up(self, change: Change) -> Resource | None:
        """A POST whose answer was lost may have arrived: its matching attribute tells."""
        mapping = self.job.resolution.mapping(change.address)
        values = {a.path: a.after for a in change.attributes}
        for number in mapping.matching:
            slot = mapping.slots[number]
            want = values.get(slot.target)
            if isinstance(want, str):
                found = self.client.find(resource_of(change.address), slot.target, want)
                found = [r for r in found if same(slot, want, mapping.one(r)[slot.target])]
                if len(found) == 1:
                    return found[0]
        return None

    def _write(self, change: Change, attributes: Attributes) -> None:
        pairs = [(a.path, self._wire(a)) for a in attributes]
        live = self._fresh(change)
        resource, id = resource_of(change.address), live["id"]
        version = (live.get("meta") or {}).get("version")
        try:
            answer = self.client.patch(resource, id, self._operations(change, pairs, live), version)
        except PatchUnsupported:
            answer = self.client.replace(resource, id, merge(live, pairs), version)
        except LostAnswer:
            # Read first: what has taken effect must not be sent again.
            answer = self.client.get(resource, id)
            if answer is None or self._ignored(change, attributes, answer):
                answer = self.client.patch(resource, id, self._operations(change, pairs, live), version)
        whole = self._whole(change, answer)
        if change.action == "disable" and not whole:
            return self._deleted_by_disabling(change)
        return self._settle(change, attributes, whole)

    def _deleted_by_disabling(self, change: Change) -> None:
        """What a profile could have said: on this service nobody is inactive."""
        self._forget(change)
        self.notes[change.address] = ("the service deleted the account when `active` became false: say so in the profile, "
                                      "`deprovision: {inactive: deletes}`")  # fmt: skip

    def _operations(self, change: Change, pairs: list[tuple[str, Any]], live: Resource) -> list[Resource]:
        adds = {slot.target for slot in self.job.resolution.mapping(change.address).slots if slot.add_only}
        return operations(pairs, live, self.client.profile.patch, adds)

    def _fresh(self, change: Change) -> Resource:
        """The live object, if it is still as the plan saw it."""
        live = self.client.get(resource_of(change.address), self._id(change.address))
        if live is None:
            raise Failed("stale", "it is gone from the service since it was planned")
        if change.action == "create" or change.address in self.touched:
            return live
        values = self.job.resolution.mapping(change.address).one(live)
        if change.action == "disable":  # whose account counted as active where the service shows nothing
            values["active"] = str(live.get("active", True)).lower() == "true"
        for attribute in change.attributes:
            before = self.ids.get(attribute.before, attribute.before) if attribute.reference else attribute.before
            if canonical(values.get(attribute.path)) != canonical(before):
                raise Failed("stale", f"{attribute.path} has been changed on the service since it was planned")
        return live

    def _members(self, change: Change, add: list[str], remove: list[str]) -> None:
        """Members whose own account failed are left for the next run."""
        known = [m for m in add if m in self.ids and m not in self.failed]
        left = sorted(set(add) - set(known))
        id = self._id(change.address)
        chunks = member_operations([self.ids[m] for m in known], [self._id(m) for m in remove],
                                   self.client.profile.groups.membersPerPatch, self.client.profile.patch)  # fmt: skip
        try:
            for chunk in chunks:
                self.client.patch("Groups", id, chunk)
        except PatchUnsupported:
            self._replace_members(id, {self.ids[m] for m in known}, {self._id(m) for m in remove})
        entry = self._entry(change)
        entry["members"] = sorted((set(entry.get("members", ())) | set(known)) - set(remove) - set(left))
        for member in remove:
            if member in self.job.record.entries:
                self._roles(member, self.job.record.entries[member])
        if left:
            raise Failed("skipped", f"{', '.join(left)} could not be added, since that account failed")

    def _replace_members(self, id: str, add: set[str], remove: set[str]) -> None:
        """The group whole, for a service without PATCH; not where it does not show who is in it."""
        live = self.client.get("Groups", id)
        have = live.get("members") or [] if live is not None and self.client.profile.groups.membersReadable else None
        if live is None or have is None:
            raise Failed("failed", "the service does no PATCH, and does not show the members that a PUT must hold")
        ids = {member["value"] for member in have}
        members = [m for m in have if m["value"] not in remove] + [{"value": i} for i in sorted(add - ids)]
        self.client.replace("Groups", id, merge(live, [("members", members)]), (live.get("meta") or {}).get("version"))

    def _delete(self, change: Change) -> None:
        self.client.delete(resource_of(change.address), self._id(change.address))
        self._forget(change)

    def _forget(self, change: Change) -> None:
        self.job.record.entries.pop(change.address, None)
        self.job.settled.baselines.pop(change.address, None)

    # Values

    def _wire(self, attribute: AttributeChange) -> Any:
        """A reference goes out as the id of the account that it names."""
        if not attribute.reference or attribute.after is None:
            return attribute.after
        if attribute.after in self.failed:
            raise Failed("skipped", f"{attribute.path} could not be set, since {attribute.after} failed")
        id = self._id(attribute.after)
        return id if attribute.path.endswith(".value") else {"value": id}

    def _id(self, address: str) -> str:
        if address not in self.ids:
            raise Failed("skipped", f"{address} has no account")
        return self.ids[address]

    def _whole(self, change: Change, answer: Resource | None) -> Resource:
        """The object after a write: the answer, or read back where it holds no body."""
        if answer is not None and ("userName" in answer or "displayName" in answer):
            return answer
        return self.client.get(resource_of(change.address), self._id(change.address)) or {}

    def _ignored(self, change: Change, attributes: Attributes, live: Resource) -> dict[str, Any]:
        """What the service kept or made of it otherwise: path -> the value that it answers."""
        mapping = self.job.resolution.mapping(change.address)
        slots = {slot.target: slot for slot in mapping.slots}
        values = mapping.one(live)
        found = {}
        for a in attributes:
            want = self.ids.get(a.after, a.after) if a.reference else a.after
            if a.path in slots and not same(slots[a.path], want, values[a.path]):
                found[a.path] = values[a.path]
        return found

    # The record

    def _settle(self, change: Change, attributes: Attributes, live: Resource) -> None:
        ignored = self._ignored(change, attributes, live)
        entry = self._entry(change)
        wanted, answered = dict(entry.get("wanted", {})), dict(entry.get("answered", {}))
        for a in attributes:
            wanted[a.path] = a.after
            answered.pop(a.path, None)
        answered.update(ignored)
        entry["wanted"], entry["answered"] = wanted, answered
        self._roles(change.address, entry)
        if change.action == "disable":
            entry["disabledAt"] = self.now()
        elif change.action == "enable":
            entry.pop("disabledAt", None)
        if ignored:
            self.notes[change.address] = "the service ignored " + ", ".join(sorted(ignored))

    def _roles(self, address: str, entry: Entry) -> None:
        """The roles that a user has from now on, none where the account is out of scope; those that a group gives."""
        if address.startswith("Group/"):
            entry["roles"] = sorted(self.job.settled.giving.get(fold(address.partition("/")[2]), ()))
            return
        user = self.job.resolution.users.get(address) if address not in self.job.settled.revoked else None
        entry["roles"] = [role.key for role in user.roles] if user is not None else []

    def _entry(self, change: Change) -> Entry:
        """The entry that is being changed; at first the one that holds what needs no write."""
        entries, base = self.job.record.entries, self.job.settled.baselines.get(change.address)
        if change.address not in self.touched and change.action != "create" and base is not None:
            entries[change.address] = {**base}
        return entries.setdefault(change.address, {"id": self._id(change.address)})


def resource_of(address: str) -> str:
    """The resource type's endpoint."""
    return "Users" if address.startswith("User/") else "Groups"
