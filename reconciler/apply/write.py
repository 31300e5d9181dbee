"""One step of one change as requests, and the record's entry of that object kept true beside it."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import partial
from typing import Any

from reconciler.apply.answers import kept_otherwise
from reconciler.apply.conflict import TAKEN, in_the_way, look_up, managed, may_be_taken, still_to_write
from reconciler.apply.deletion import delete
from reconciler.apply.forms import Forms
from reconciler.apply.generated import generated
from reconciler.apply.ids import Ids, resource_of, version_of
from reconciler.apply.inside import Inside
from reconciler.apply.learning import Learning
from reconciler.apply.members import Form, write_members
from reconciler.apply.model import Failed, Job
from reconciler.apply.preconditions import unchanged, values_unchanged
from reconciler.apply.recorded import Recorded
from reconciler.apply.refusals import advised, failures, left
from reconciler.apply.right_account import Whose
from reconciler.apply.steps import Step
from reconciler.apply.vanished import still_listed
from reconciler.declare.names import is_group
from reconciler.plan.model import AttributeChange, Change
from reconciler.record.entry_changes import (
    EntryChanges,
    change_members,
)
from reconciler.resolve.expressions.functions import Chance
from reconciler.scim.client import ATTEMPTS, ScimClient
from reconciler.scim.errors import LostAnswer, ServiceError
from reconciler.scim.forms import PUT
from reconciler.scim.patch import body

Resource = dict[str, Any]
Attributes = tuple[AttributeChange, ...]


class Writer:
    """`recorded` says what became of each change, `adopted` which account was taken for a new one.

    Of the last step: `uncertain` says that a write was sent which may have been done even where the step failed, `made` are
    values made for it.
    """

    def __init__(
        self, job: Job, client: ScimClient, now: Callable[[], str], journal: Callable[[dict[str, Any]], None], chance: Chance
    ) -> None:
        self.job, self.client = job, client
        self.journal, self.chance = journal, chance
        self.ids = Ids(job.settled.ids)
        self.changes = EntryChanges(
            job.record, job.settled.baselines, job.settled.renamed, job.settled.gone, job.resolution.user_mapping.references
        )
        self.whose, self.learning = Whose(job, self.ids), Learning(job, client)
        self.inside, self.recorded = Inside(job, client, self.ids), Recorded(job, self.ids, self.changes, now)
        self.forms = Forms(job, client, self.ids, self.learning, self._fresh, self.recorded.ends_access, self._lose_nobody)
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
        attributes, self.made = generated(self.job, change, attributes, self.chance)
        if self.made:
            self.journal({"address": change.address, "generated": self.made})  # before they are sent
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
        self.recorded.settle(change, attributes, self._whole_of_create(change, attributes, answer) or {}, self.beside)

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
        taken = tuple([a for a in managed(self.job, change) if a.path not in refused])
        self.recorded.settle(change, taken, answer, self.beside)
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
            found = look_up(self.job, self.client, change, sent)
            if found is not None:
                return found
            if not isinstance(error, LostAnswer) or attempt == ATTEMPTS:
                raise
        return self._post(change, sent, attempt + 1)

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
        whole = self._whole(change, None if any(map(self.recorded.moves_access, taken)) else sent.answer)
        mapping = self.job.resolution.mapping(change.address)
        whole = whole or still_listed(self.client, resource_of(change.address), mapping, live)
        if change.action == "disable" and not whole:
            self._deleted_by_disabling(change)
        elif not whole:
            raise Failed("stale", "it is gone from the service since it was written")
        else:
            entry = self.recorded.settle(change, taken, whole, self.beside)
            self.recorded.take_beside(change, entry, live, whole)
        if another:
            self.uncertain = False  # it has been read back
            raise Failed("failed", f"{another}; whether that one was written to is not known")
        if sent.refused:
            self._refused(change, attributes, sent.refused, whole or {})

    def _refused(self, change: Change, attributes: Attributes, refused: dict[str, ServiceError], live: Resource) -> None:
        """What the service takes in no form is left, and told no more. Raises Failed where it must not be left so."""
        self.uncertain = any(error.uncertain for error in refused.values())
        failed = failures(change, refused, self.job.resolution.mapping(change.address), self.recorded.carrying, self.learning)
        gone = {path: error for path, error in refused.items() if path not in failed}
        once = [a for a in attributes if a.path in gone and not self.learning.refuse(change, a.path, gone[a.path])]
        if once:
            self.recorded.settle(change, tuple(once), live, self.beside)
        if gone:
            self.recorded.notes[change.address] = left(gone)
        if failed:
            if len(refused) < len(attributes):
                self.changes.touched.add(change.address)
                self.took = any(self.recorded.ends_access(a) for a in attributes if a.path not in refused)
            http = next((error.status for _, error in sorted(failed.items())), None)
            raise Failed("failed", advised(change, failed, self.learning), http)

    def _deleted_by_disabling(self, change: Change) -> None:
        """What a profile could have said: on this service nobody is inactive."""
        self.changes.drop(change.address)
        self.recorded.notes[change.address] = (
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
            before = [self.recorded.outstanding[change.address]] if change.address in self.recorded.outstanding else []
            self.recorded.outstanding[change.address] = "; ".join([*before, f"the service answered, and {' and '.join(undone)}"])
        elif note:
            self.recorded.notes[change.address] = note
        for member in remove:
            if member in self.job.record.entries:
                self.recorded.give_roles(member, self.job.record.entries[member])
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
                self.recorded.notes[change.address] = (
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

    def _whole_of_create(self, change: Change, attributes: Attributes, answer: Resource) -> Resource | None:
        """The new object, read back where the answer shows less access than was given: it may leave out what is there."""
        whole = self._whole(change, answer)
        otherwise = kept_otherwise(self.job.resolution.mapping(change.address), self.ids, attributes, whole or {})
        if whole is not answer or not any(self.recorded.undone(a, otherwise[a.path]) for a in attributes if a.path in otherwise):
            return whole
        return self._whole(change, None)
