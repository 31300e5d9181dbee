"""What a write makes of the record: a change and the object as it is after it in, its entry out, and what is to be said of it.

Changes the record; no other I/O.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from reconciler.apply.answers import kept_otherwise, undone_active, undone_roles
from reconciler.apply.beside import changed_beside
from reconciler.apply.ids import Ids
from reconciler.apply.model import Job
from reconciler.declare.names import is_group, row_key
from reconciler.plan.change import Action, AttributeChange, Change
from reconciler.plan.diff import same
from reconciler.plan.outstanding import given_and_lacking, is_in_vain, taken_and_there
from reconciler.record.entries import Entry
from reconciler.record.entry_changes import EntryChanges, disable, enable, give_roles, retain, tell

Resource = dict[str, Any]
Attributes = tuple[AttributeChange, ...]


class Recorded:
    """`notes` say what the service made of a change otherwise, `outstanding` what it was to take or give and did not.

    `carrying` are the targets that carry roles.
    """

    def __init__(self, job: Job, ids: Ids, changes: EntryChanges, now: Callable[[], str]) -> None:
        self.job, self.ids, self.changes, self.now = job, ids, changes, now
        self.carrying = {*job.record.carrying, *(s.target for s in job.resolution.user_mapping.slots if s.carries_roles)}
        self.notes: dict[str, str] = {}
        self.outstanding: dict[str, str] = {}

    def ends_access(self, attribute: AttributeChange) -> bool:
        """Whether access ends by it."""
        if attribute.path == "active":
            return attribute.after is False
        return attribute.path in self.carrying and bool(taken_and_there(attribute.replaced, attribute.after, attribute.replaced))

    def moves_access(self, attribute: AttributeChange) -> bool:
        """Whether access ends or begins by it. It is read back whatever the answer says: many echo what they got."""
        if attribute.path == "active":
            return True
        gives = attribute.path in self.job.shown_roles and bool(given_and_lacking(attribute.after, attribute.replaced))
        return gives or self.ends_access(attribute)

    def undone(self, attribute: AttributeChange, answered: Any) -> str:
        """What of an attribute that gives or takes access is not as it was told, in words; empty where nothing is."""
        if attribute.path == "active":
            return undone_active(attribute, answered)
        if attribute.path not in self.carrying:
            return ""
        # Of a service that shows nobody's roles nobody can tell which are lacking.
        lacking = given_and_lacking(attribute.after, answered) if attribute.path in self.job.shown_roles else []
        return undone_roles(taken_and_there(attribute.replaced, attribute.after, answered), lacking)

    def take(self, change: Change, attributes: Attributes, live: Resource, beside: set[str]) -> Entry:
        """The entry once these attributes were told to the service, which shows the object as `live`.

        `beside` grows by the address of an entry that is changed in place of the object's own.
        """
        hidden = {slot.target for slot in self.job.resolution.mapping(change.address).slots if slot.hidden}
        attributes = tuple([a for a in attributes if not (a.generated and a.path in hidden)])  # a secret that nobody needs again
        ignored = kept_otherwise(self.job.resolution.mapping(change.address), self.ids, attributes, live)
        entry = self._entry(change, beside, {a.path for a in change.attributes} - {a.path for a in attributes})
        tell(entry, {a.path: a.after for a in attributes}, ignored)
        told = {a.path for a in attributes}
        if not any(a.path in self.carrying and a.path not in told for a in change.attributes):
            self.give_roles(change.address, entry)
        there = [words for a in attributes if a.path in ignored and (words := self.undone(a, ignored[a.path]))]
        if there:
            self.outstanding[change.address] = f"the service answered, and {' and '.join(there)}"
        if replace(change, attributes=attributes).disables and not is_in_vain(entry):
            disable(entry, self.now())
            if change.address not in self.job.resolution.users and change.address not in self.job.inputs.revoked:
                retain(entry)
        elif change.action == Action.ENABLE and "active" in told:
            enable(entry)
        if ignored.keys() - hidden:
            self.notes[change.address] = "the service ignored " + ", ".join(sorted(ignored.keys() - hidden))
        return entry

    def _entry(self, change: Change, beside: set[str], untold: set[str]) -> Entry:
        """The entry to be changed; whoever could not be renamed is recorded as before, although other attributes were written."""
        mapping, old = self.job.resolution.mapping(change.address), self.changes.renamed.get(change.address)
        if old is None or untold.isdisjoint(mapping.slots[number].target for number in mapping.matching):
            return self.changes.entry(change, self.ids.own(change))
        beside.add(old)
        return self.changes.unmoved(change, old)

    def take_beside(self, change: Change, entry: Entry, before: Resource, after: Resource) -> None:
        """What the service has changed with the write, beside what it was told."""
        mapping = self.job.resolution.mapping(change.address)
        beside = changed_beside(mapping, change, before, after, self.carrying, self.ids.addresses)
        slots = {slot.target: slot for slot in mapping.slots}
        wanted = {path: value for path, value in entry.get("wanted", {}).items() if path in beside}
        tell(entry, wanted, {path: beside[path] for path in wanted if not same(slots[path], wanted[path], beside[path])})

    def give_roles(self, address: str, entry: Entry) -> None:
        """The roles that a user has from now on, none where the account is out of scope; those that a group gives."""
        if is_group(address):
            give_roles(entry, sorted(self.job.inputs.giving.get(row_key(address), ())))
            return
        user = self.job.resolution.users.get(address) if address not in self.job.inputs.revoked else None
        give_roles(entry, [role.key for role in user.roles] if user is not None else [])
