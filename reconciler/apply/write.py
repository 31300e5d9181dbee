"""One step of one change as requests, and the record's entry of that object kept true beside it."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import replace
from functools import partial
from typing import Any

from reconciler.apply.answers import kept_otherwise, undone_active, undone_roles
from reconciler.apply.beside import changed_beside
from reconciler.apply.conflict import TAKEN, in_the_way, managed, may_be_taken, still_to_write
from reconciler.apply.deletion import delete
from reconciler.apply.forms import Forms
from reconciler.apply.ids import Ids, resource_of, version_of
from reconciler.apply.inside import Inside
from reconciler.apply.learning import Learning
from reconciler.apply.members import Form, write_members
from reconciler.apply.model import Failed, Job
from reconciler.apply.preconditions import unchanged, values_unchanged
from reconciler.apply.refusals import advised, failures, left
from reconciler.apply.right_account import Whose
from reconciler.apply.steps import Step
from reconciler.apply.vanished import still_listed
from reconciler.declare.names import fold, is_group
from reconciler.plan.diff import same
from reconciler.plan.model import AttributeChange, Change
from reconciler.plan.outstanding import given_and_lacking, is_in_vain, taken_and_there
from reconciler.plan.unanswered import is_as_sent
from reconciler.record.entries import Entry
from reconciler.record.entry_changes import (
    EntryChanges,
    change_members,
    disable,
    enable,
    give_roles,
    retain,
    tell,
)
from reconciler.resolve.expressions.functions import Chance
from reconciler.resolve.mapping import coerce
from reconciler.resolve.resolution import getter
from reconciler.scim.client import ATTEMPTS, ScimClient
from reconciler.scim.errors import LostAnswer, ServiceError
from reconciler.scim.forms import PUT
from reconciler.scim.patch import body

Resource = dict[str, Any]
Attributes = tuple[AttributeChange, ...]


class Writer:
    """`notes` say what the service made of a change otherwise, `outstanding` what it was told of access and did not do,
    `adopted` which account was taken for a new one.

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
        self.whose, self.learning = Whose(job, self.ids), Learning(job, client)
        self.inside = Inside(job, client, self.ids)
        self.forms = Forms(job, client, self.ids, self.learning, self._fresh, self._ends_access, self._lose_nobody)
        self.carrying = {*job.record.carrying, *(s.target for s in job.resolution.user_mapping.slots if s.carries_roles)}
        self.notes: dict[str, str] = {}
        self.outstanding: dict[str, str] = {}
        self.adopted: dict[str, str] = {}
        self.made: dict[str, Any] = {}
        self.beside: set[str] = set()  # entries that the last step changed beside its own
        self.uncertain = False
        self.took = False  # whether a step that failed has taken something all the same

    def for_a_step(self) -> Writer:
        """One that knows what all know, and has of its own what it says of the last step: steps go side by side."""
        other = copy(self)
        other.uncertain, other.took, other.made, other.beside = False, False, {}, set()
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
        sent = {a.path: a.after for a in attributes}
        try:
            answer = self._post(change, sent)
        except ServiceError as error:
            if error.status != TAKEN or (there := in_the_way(self.job, self.client, change, sent)) is None:
                raise
            self._take_over(change, there, error)
            return
        self.uncertain = False
        if another := self.whose.of_create(change, answer):
            raise Failed("failed", f"{another}; nothing was recorded")
        self.ids.learn(change.address, answer["id"])
        self.changes.create(change.address, answer["id"])
        self._settle(change, attributes, self._whole_of_create(change, attributes, answer) or {})

    def _take_over(self, change: Change, there: Resource, error: ServiceError) -> None:
        """The account that is in the way of a create is the declared one, unless it is known as another's."""
        if self.whose.of_create(change, there):
            raise error
        may_be_taken(self.job, change, there)
        self.ids.learn(change.address, there["id"])
        self.changes.take_over(change.address, there["id"])
        self.adopted[change.address] = f"adopted the account {there['id'][:80]}, which was there and which no list showed"
        left = still_to_write(self.job, change, there)
        answer, refused = there, dict[str, ServiceError]()
        if left:
            self.uncertain = True
            sent = self.forms.write(change, left, there)
            answer, refused = self._whole(change, sent.answer) or {}, sent.refused
            self.uncertain = False
        self._settle(change, tuple([a for a in managed(self.job, change) if a.path not in refused]), answer)
        if refused:
            self._refused(change, left, refused, answer)

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
        try:
            sent = self.forms.write(change, attributes, live)
        except Failed:
            self.uncertain = False
            raise
        taken = tuple([a for a in attributes if a.path not in sent.refused])
        if not taken:
            self._refused(change, attributes, sent.refused, live)
            return
        another = self.whose.of_write(change, sent.answer)
        whole = self._whole(change, None if any(map(self._moves_access, taken)) else sent.answer)
        mapping = self.job.resolution.mapping(change.address)
        whole = whole or still_listed(self.client, resource_of(change.address), mapping, live)
        if change.action == "disable" and not whole:
            self._deleted_by_disabling(change)
        elif not whole:
            raise Failed("stale", "it is gone from the service since it was written")
        else:
            entry = self._settle(change, taken, whole)
            self._take_beside(change, entry, live, whole)
        if another:
            self.uncertain = False  # it has been read back
            raise Failed("failed", f"{another}; whether that one was written to is not known")
        if sent.refused:
            self._refused(change, attributes, sent.refused, whole or {})

    def _ends_access(self, attribute: AttributeChange) -> bool:
        """Whether access ends by it."""
        if attribute.path == "active":
            return attribute.after is False
        return attribute.path in self.carrying and bool(taken_and_there(attribute.replaced, attribute.after, attribute.replaced))

    def _moves_access(self, attribute: AttributeChange) -> bool:
        """Whether access ends or begins by it. It is read back whatever the answer says: many echo what they got."""
        if attribute.path == "active":
            return True
        gives = attribute.path in self.job.shown_roles and bool(given_and_lacking(attribute.after, attribute.replaced))
        return gives or self._ends_access(attribute)

    def _refused(self, change: Change, attributes: Attributes, refused: dict[str, ServiceError], live: Resource) -> None:
        """What the service takes in no form is left, and told no more. Raises Failed where it must not be left so."""
        self.uncertain = any(error.uncertain for error in refused.values())
        failed = failures(change, refused, self.job.resolution.mapping(change.address), self.carrying, self.learning)
        gone = {path: error for path, error in refused.items() if path not in failed}
        once = [a for a in attributes if a.path in gone and not self.learning.refuse(change, a.path, gone[a.path])]
        if once:
            self._settle(change, tuple(once), live)
        if gone:
            self.notes[change.address] = left(gone)
        if failed:
            if len(refused) < len(attributes):
                self.changes.touched.add(change.address)
                self.took = any(self._ends_access(a) for a in attributes if a.path not in refused)
            raise Failed("failed", advised(change, failed, self.learning))

    def _deleted_by_disabling(self, change: Change) -> None:
        """What a profile could have said: on this service nobody is inactive."""
        self.changes.drop(change.address)
        self.notes[change.address] = (
            "the service deleted the account when `active` became false: say so in the profile, "
            "`deprovision: {inactive: deletes}`"
        )

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
        lacking = sorted(set(add) - set(known))
        id = self.ids.own(change)
        live: Resource = {} if change.action == "create" else self._fresh(change)
        moves = self.inside.moves(change, known, remove)
        form = Form(
            self.learning.form(change, "members"),
            partial(self.learning.take, change, "members", PUT),
            partial(self._lose_nobody, change),
        )
        write_members(self.client, id, live, moves, form)
        entry = self.changes.entry(change, id)
        change_members(entry, known, remove)
        undone, note = self.inside.look(id, entry, known, remove)
        if undone:
            before = [self.outstanding[change.address]] if change.address in self.outstanding else []
            self.outstanding[change.address] = "; ".join([*before, f"the service answered, and {' and '.join(undone)}"])
        elif note:
            self.notes[change.address] = note
        for member in remove:
            if member in self.job.record.entries:
                self._roles(member, self.job.record.entries[member])
                self.beside.add(member)
        if lacking:
            self.changes.touched.update([change.address] if known or remove else [])
            raise Failed("skipped", f"{', '.join(lacking)} could not be added: there is no account")

    def _gone(self) -> set[str]:
        """Who has been put out by now: a service may take them out of their groups."""
        return {c.address for c in self.job.changes if c.address in self.changes.touched and (c.disables or c.action == "delete")}

    def _lose_nobody(self, change: Change, group: Resource) -> None:
        """Raises Failed where a PUT of a group as it is shown would lose members."""
        if is_group(change.address):
            self.inside.refuse_loss(change, group, self._gone())

    def _delete(self, change: Change) -> None:
        resource, id = resource_of(change.address), self.ids.own(change)
        live = self.client.get(resource, id)
        if live is not None:
            self._unchanged(change, live)
            self.uncertain = True
            kept = self._deleted(change, id, live)
            if kept is not None and self.job.resolution.limited.capabilities.delete == "removes":
                self.notes[change.address] = (
                    "the service keeps the account, deactivated: say so in the profile, `deprovision: {delete: deactivates}`"
                )
        self.changes.drop(change.address)

    def _unchanged(self, change: Change, live: Resource) -> str | None:
        """The version of an object that is to be deleted. Raises Failed where it is not as the plan saw it."""
        unchanged(change, live, self.job.resolution.mapping(change.address), self.ids)
        return version_of(live)

    def _deleted(self, change: Change, id: str, live: Resource) -> Resource | None:
        """What the service keeps of a deleted object. Raises Failed and ServiceError."""
        try:
            return delete(
                self.client, resource_of(change.address), id, live, lambda: self._unchanged(change, self._fresh(change))
            )
        except Failed:
            self.uncertain = False  # it has been read back
            raise

    def _whole(self, change: Change, answer: Resource | None) -> Resource | None:
        """The object after a write: the answer, or read back where that is not of it, or does not say so; None: it is gone."""
        named = answer is not None and "id" in answer and ("userName" in answer or "displayName" in answer)
        if answer is not None and named and not self.whose.of_write(change, answer):
            return answer
        return self.client.get(resource_of(change.address), self.ids.own(change))

    def _undone(self, attribute: AttributeChange, answered: Any) -> str:
        if attribute.path == "active":
            return undone_active(attribute, answered)
        if attribute.path not in self.carrying:
            return ""
        return undone_roles(attribute, answered, attribute.path in self.job.shown_roles)

    def _whole_of_create(self, change: Change, attributes: Attributes, answer: Resource) -> Resource | None:
        """The new object, read back where the answer shows less access than was given: it may leave out what is there."""
        whole = self._whole(change, answer)
        otherwise = kept_otherwise(self.job.resolution.mapping(change.address), self.ids, attributes, whole or {})
        if whole is not answer or not any(self._undone(a, otherwise[a.path]) for a in attributes if a.path in otherwise):
            return whole
        return self._whole(change, None)

    # The record

    def _settle(self, change: Change, attributes: Attributes, live: Resource) -> Entry:
        hidden = {slot.target for slot in self.job.resolution.mapping(change.address).slots if slot.hidden}
        attributes = tuple([a for a in attributes if not (a.generated and a.path in hidden)])  # a secret that nobody needs again
        ignored = kept_otherwise(self.job.resolution.mapping(change.address), self.ids, attributes, live)
        entry = self._entry(change, {a.path for a in change.attributes} - {a.path for a in attributes})
        tell(entry, {a.path: a.after for a in attributes}, ignored)
        told = {a.path for a in attributes}
        if not any(a.path in self.carrying and a.path not in told for a in change.attributes):
            self._roles(change.address, entry)
        there = [words for a in attributes if a.path in ignored and (words := self._undone(a, ignored[a.path]))]
        if there:
            self.outstanding[change.address] = f"the service answered, and {' and '.join(there)}"
        if replace(change, attributes=attributes).disables and not is_in_vain(entry):
            disable(entry, self.now())
            if change.address not in self.job.resolution.users and change.address not in self.job.settled.revoked:
                retain(entry)
        elif change.action == "enable" and "active" in told:
            enable(entry)
        if ignored.keys() - hidden:
            self.notes[change.address] = "the service ignored " + ", ".join(sorted(ignored.keys() - hidden))
        return entry

    def _entry(self, change: Change, untold: set[str]) -> Entry:
        """The entry to be changed; whoever could not be renamed is recorded as before, although other attributes were written."""
        mapping, old = self.job.resolution.mapping(change.address), self.changes.renamed.get(change.address)
        if old is None or untold.isdisjoint(mapping.slots[number].target for number in mapping.matching):
            return self.changes.entry(change, self.ids.own(change))
        self.beside.add(old)
        return self.changes.unmoved(change, old)

    def _take_beside(self, change: Change, entry: Entry, before: Resource, after: Resource) -> None:
        mapping = self.job.resolution.mapping(change.address)
        beside = changed_beside(mapping, change, before, after, self.carrying, self.ids.addresses)
        slots = {slot.target: slot for slot in mapping.slots}
        wanted = {path: value for path, value in entry.get("wanted", {}).items() if path in beside}
        tell(entry, wanted, {path: beside[path] for path in wanted if not same(slots[path], wanted[path], beside[path])})

    def _roles(self, address: str, entry: Entry) -> None:
        """The roles that a user has from now on, none where the account is out of scope; those that a group gives."""
        if address.startswith("Group/"):
            give_roles(entry, sorted(self.job.settled.giving.get(fold(address.partition("/")[2]), ())))
            return
        user = self.job.resolution.users.get(address) if address not in self.job.settled.revoked else None
        give_roles(entry, [role.key for role in user.roles] if user is not None else [])
