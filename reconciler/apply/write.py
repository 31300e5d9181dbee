"""One step of one change as requests, and the record's entry of that object kept true beside it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from copy import copy
from typing import Any

from reconciler.apply.ids import Ids, member_ids, resource_of, version_of
from reconciler.apply.members import write_members
from reconciler.apply.model import Failed, Job
from reconciler.apply.preconditions import unchanged, values_unchanged
from reconciler.apply.right_account import Whose
from reconciler.apply.steps import Step
from reconciler.declare.names import fold
from reconciler.plan.diff import same
from reconciler.plan.model import AttributeChange, Change
from reconciler.plan.outstanding import is_in_vain, taken_and_there
from reconciler.plan.unanswered import is_as_sent
from reconciler.record.entries import Entry
from reconciler.record.entry_changes import (
    EntryChanges,
    change_members,
    disable,
    enable,
    give_roles,
    keep_members,
    retain,
    tell,
)
from reconciler.resolve.expressions.functions import Chance
from reconciler.resolve.mapping import coerce
from reconciler.resolve.resolution import getter
from reconciler.scim.client import ATTEMPTS, ScimClient
from reconciler.scim.errors import LostAnswer, PatchUnsupported, ServiceError
from reconciler.scim.patch import body, merge, operations

Resource = dict[str, Any]
Attributes = tuple[AttributeChange, ...]


class Writer:
    """`notes` say what the service made of a change otherwise, `outstanding` what it was to take and left.

    Of the last step: `uncertain` says that a write was sent which may have been done even where the step failed, `made` are
    values made for it.
    """

    def __init__(
        self, job: Job, client: ScimClient, now: Callable[[], str], journal: Callable[[dict[str, Any]], None], chance: Chance
    ) -> None:
        self.job, self.client, self.now = job, client, now
        self.journal, self.chance = journal, chance
        self.ids = Ids(job.settled.ids)
        self.changes = EntryChanges(
            job.record, job.settled.baselines, job.settled.renamed, job.settled.gone, job.resolution.user_mapping.references
        )
        self.whose = Whose(job, self.ids)
        self.carrying = {*job.record.carrying, *(s.target for s in job.resolution.user_mapping.slots if s.carries_roles)}
        self.notes: dict[str, str] = {}
        self.outstanding: dict[str, str] = {}
        self.made: dict[str, Any] = {}
        self.beside: set[str] = set()  # entries that the last step changed beside its own
        self.uncertain = False
        self.looked: set[str] = set()  # lists that were read to see whether the service shows members

    def for_a_step(self) -> Writer:
        """One that knows what all know, and has of its own what it says of the last step: steps go side by side."""
        other = copy(self)
        other.uncertain, other.made, other.beside = False, {}, set()
        return other

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
        self.changes.touched.add(change.address)

    # Requests

    def _create(self, change: Change, attributes: Attributes) -> None:
        attributes = self._generated(change, attributes)
        answer = self._post(change, {a.path: a.after for a in attributes})
        self.uncertain = False
        if another := self.whose.of_create(change, answer):
            raise Failed("failed", f"{another}; nothing was recorded")
        self.ids.learn(change.address, answer["id"])
        self.changes.create(change.address, answer["id"])
        self._settle(change, attributes, self._whole(change, answer))

    def _post(self, change: Change, sent: dict[str, Any], attempt: int = 1) -> Resource:
        """A POST that may have been done is looked up before it is sent again."""
        resource = resource_of(change.address)
        try:
            return self.client.create(resource, body(resource, sent.items()))
        except ServiceError as error:
            if not error.uncertain:
                raise
            self.uncertain = True
            if isinstance(error, LostAnswer):
                self.client.rest(error, attempt)
            found = self._look_up(change, sent)
            if found is not None:
                return found
            if not isinstance(error, LostAnswer) or attempt == ATTEMPTS:
                raise
        return self._post(change, sent, attempt + 1)

    def _generated(self, change: Change, attributes: Attributes) -> Attributes:
        """With the values that only an apply can make, journalled before they are sent, but for a password."""
        made: dict[str, Any] = {}
        mapping = self.job.resolution.mapping(change.address)
        for slot in mapping.slots:
            if slot.expression is not None and slot.expression.generated:
                value = slot.expression.generate(getter(self.job.resolution, change.address), self.chance)
                made[slot.target] = coerce(slot, value)
                if not slot.hidden:
                    self.made[slot.target] = made[slot.target]
        if self.made:
            self.journal({"address": change.address, "generated": self.made})
        return tuple([a._replace(after=made[a.path]) if a.generated else a for a in attributes])

    def _look_up(self, change: Change, sent: dict[str, Any]) -> Resource | None:
        """A POST whose answer was lost may have arrived: its matching attribute tells. Raises Failed where another's did."""
        mapping = self.job.resolution.mapping(change.address)
        for number in mapping.matching:
            slot = mapping.slots[number]
            want = sent.get(slot.target)
            if isinstance(want, str):
                found = self.client.find(resource_of(change.address), slot.target, want)
                found = [r for r in found if same(slot, want, mapping.one(r)[slot.target])]
                if len(found) == 1 and not is_as_sent(mapping, sent, mapping.project(found)[0]):
                    raise Failed("stale", "an account that matches has come into being since it was planned")
                if len(found) == 1:
                    return found[0]
        return None

    def _write(self, change: Change, attributes: Attributes) -> None:
        live = self._fresh(change)
        self.uncertain = True
        answer = self._patch(change, attributes, live)
        another = self.whose.of_write(change, answer)
        whole = self._whole(change, None if self._takes(change, attributes) else answer)
        if change.action == "disable" and not whole:
            self._deleted_by_disabling(change)
        elif not whole:
            raise Failed("stale", "it is gone from the service since it was written")
        else:
            self._settle(change, attributes, whole)
        if another:
            self.uncertain = False  # it has been read back
            raise Failed("failed", f"{another}; whether that one was written to is not known")

    def _takes(self, change: Change, attributes: Attributes) -> bool:
        """Whether access ends by a write. It is read back whatever the answer says: many echo what they got."""
        roles = [a for a in attributes if a.path in self.carrying and taken_and_there(a.before, a.after, a.before)]
        return bool(roles) or any(a.path == "active" and a.after is False for a in attributes)

    def _patch(self, change: Change, attributes: Attributes, live: Resource, attempt: int = 1) -> Resource | None:
        """A PATCH that may have been done: read first, what has taken effect must not be sent again."""
        pairs = [(a.path, self.ids.wire(a)) for a in attributes]
        resource, id, version = resource_of(change.address), self.ids.own(change), version_of(live)
        try:
            return self.client.patch(resource, id, self._operations(change, pairs, live), version)
        except PatchUnsupported:
            self._all_shown(change, live)
            return self.client.replace(resource, id, merge(live, pairs), version)
        except LostAnswer as error:
            self.client.rest(error, attempt)
            answer = self.client.get(resource, id)
            if answer is not None and not self._ignored(change, attributes, answer):
                return answer
            if attempt == ATTEMPTS:
                raise
        return self._patch(change, attributes, live, attempt + 1)

    def _all_shown(self, change: Change, live: Resource) -> None:
        """A PUT takes what it does not hold. Raises Failed where a value that was planned to stay is not shown any more."""
        settled, own = self.job.settled.live, self.ids.own(change)
        planned = (settled.users if change.address.startswith("User/") else settled.groups).get(own)
        mapping, changing = self.job.resolution.mapping(change.address), {a.path for a in change.attributes}
        rows = zip(mapping.slots, planned.values if planned else (), mapping.project([live])[0], strict=False)
        gone = [slot.target for slot, had, has in rows if had is not None and has is None and slot.target not in changing]
        if gone:
            self.uncertain = False
            raise Failed("stale", f"the service no longer shows {gone[0]}, and a PUT would take it away")

    def _deleted_by_disabling(self, change: Change) -> None:
        """What a profile could have said: on this service nobody is inactive."""
        self.changes.drop(change.address)
        self.notes[change.address] = (
            "the service deleted the account when `active` became false: say so in the profile, "
            "`deprovision: {inactive: deletes}`"
        )

    def _operations(self, change: Change, pairs: list[tuple[str, Any]], live: Resource) -> list[Resource]:
        adds = {slot.target for slot in self.job.resolution.mapping(change.address).slots if slot.add_only}
        return operations(pairs, live, self.client.profile.patch, adds)

    def _fresh(self, change: Change) -> Resource:
        """The live object, if it is still as the plan saw it."""
        live = self.client.get(resource_of(change.address), self.ids.own(change))
        if live is None:
            raise Failed("stale", "it is gone from the service since it was planned")
        if change.action == "create" or change.address in self.changes.touched:
            return live
        values_unchanged(change, live, self.job.resolution.mapping(change.address), self.ids)
        return live

    def _members(self, change: Change, add: list[str], remove: list[str]) -> None:
        """Members who have no account, since it failed, are left for the next run."""
        known = [m for m in add if m in self.ids]
        left = sorted(set(add) - set(known))
        id = self.ids.own(change)
        live: Resource = {} if change.action == "create" else self._fresh(change)
        write_members(self.client, id, live, [self.ids.of(m) for m in known], [self.ids.of(m) for m in remove])
        entry = self.changes.entry(change, id)
        change_members(entry, known, remove)
        if remove:
            self._look_who_stayed(change, entry, remove)
        for member in remove:
            if member in self.job.record.entries:
                self._roles(member, self.job.record.entries[member])
                self.beside.add(member)
        if known:
            self._look_for_members(change)
        if left:
            self.changes.touched.update([change.address] if known or remove else [])
            raise Failed("skipped", f"{', '.join(left)} could not be added: there is no account")

    def _look_who_stayed(self, change: Change, entry: Entry, remove: list[str]) -> None:
        """Who was to leave a group and did not; a service that shows no members tells nobody."""
        readable = self.client.profile.groups.membersReadable
        inside = member_ids(self.client.get("Groups", self.ids.own(change)) or {}) if readable else None
        stayed = {member for member in remove if self.ids.of(member) in (inside or ())}
        keep_members(entry, remove, stayed)
        if stayed:
            self.outstanding[change.address] = f"the service answered, and did not take out {', '.join(sorted(stayed))}"

    def _look_for_members(self, change: Change) -> None:
        """A service that lists who is in some group does so of every group: one that it lists without members has none."""
        if "Groups" in self.looked or self.client.profile.groups.membersReadable != "seen":
            return
        self.looked.add("Groups")
        with suppress(ServiceError):
            listed = self.client.first("Groups")
            if any(group.get("members") for group in listed):
                self.job.record.show_members()
            elif any(group["id"] == self.ids.own(change) for group in listed):
                self.job.record.show_no_members()

    def _delete(self, change: Change) -> None:
        resource, id = resource_of(change.address), self.ids.own(change)
        live = self.client.get(resource, id)
        if live is not None:
            unchanged(change, live, self.job.resolution.mapping(change.address), self.ids)
            self.uncertain = True
            self.client.delete(resource, id, version_of(live))
            self._look_whether_gone(change)
        self.changes.drop(change.address)

    def _look_whether_gone(self, change: Change) -> None:
        """An account that the service keeps, and of which it says that it is inactive, is out. Raises Failed for any other."""
        kept = self.client.get(resource_of(change.address), self.ids.own(change))
        if kept is None:
            return
        if change.address.startswith("Group/") or str(kept.get("active", True)).lower() != "false":
            self.uncertain = False
            raise Failed("failed", "the service answered, and did not delete it")
        if self.job.resolution.limited.capabilities.delete == "removes":
            self.notes[change.address] = (
                "the service keeps the account, deactivated: say so in the profile, `deprovision: {delete: deactivates}`"
            )

    def _whole(self, change: Change, answer: Resource | None) -> Resource:
        """The object after a write: the answer, or read back where that is not of it, or does not say so."""
        named = answer is not None and "id" in answer and ("userName" in answer or "displayName" in answer)
        if answer is not None and named and not self.whose.of_write(change, answer):
            return answer
        return self.client.get(resource_of(change.address), self.ids.own(change)) or {}

    def _ignored(self, change: Change, attributes: Attributes, live: Resource) -> dict[str, Any]:
        """What the service kept or made of it otherwise: path -> the value that it answers."""
        mapping = self.job.resolution.mapping(change.address)
        slots = {slot.target: slot for slot in mapping.slots}
        values = mapping.one(live)
        found = {}
        for a in attributes:
            if a.path in slots and not same(slots[a.path], self.ids.live(a, a.after), values[a.path]):
                found[a.path] = self.ids.planned(a, values[a.path])
        return found

    def _left(self, attribute: AttributeChange, answered: Any) -> str:
        """What an attribute was to take and is there all the same; empty where nothing is."""
        if attribute.path == "active" and attribute.after is False and answered is not None:
            return "the account is still active"
        if attribute.path not in self.carrying:
            return ""
        kept = taken_and_there(attribute.before, attribute.after, answered)
        return f"{'the role' if len(kept) == 1 else 'the roles'} {', '.join(kept)} stayed" if kept else ""

    # The record

    def _settle(self, change: Change, attributes: Attributes, live: Resource) -> None:
        hidden = {slot.target for slot in self.job.resolution.mapping(change.address).slots if slot.hidden}
        attributes = tuple([a for a in attributes if not (a.generated and a.path in hidden)])  # a secret that nobody needs again
        ignored = self._ignored(change, attributes, live)
        entry = self.changes.entry(change, self.ids.own(change))
        tell(entry, {a.path: a.after for a in attributes}, ignored)
        self._roles(change.address, entry)
        left = [words for a in attributes if a.path in ignored and (words := self._left(a, ignored[a.path]))]
        if left:
            self.outstanding[change.address] = f"the service answered, and {' and '.join(left)}"
        if change.disables and not is_in_vain(entry):
            disable(entry, self.now())
            if change.address not in self.job.resolution.users and change.address not in self.job.settled.revoked:
                retain(entry)
        elif change.action == "enable":
            enable(entry)
        if ignored.keys() - hidden:
            self.notes[change.address] = "the service ignored " + ", ".join(sorted(ignored.keys() - hidden))

    def _roles(self, address: str, entry: Entry) -> None:
        """The roles that a user has from now on, none where the account is out of scope; those that a group gives."""
        if address.startswith("Group/"):
            give_roles(entry, sorted(self.job.settled.giving.get(fold(address.partition("/")[2]), ())))
            return
        user = self.job.resolution.users.get(address) if address not in self.job.settled.revoked else None
        give_roles(entry, [role.key for role in user.roles] if user is not None else [])
