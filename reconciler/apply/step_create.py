"""A create as requests: a new account or group, or one that was there and is the declared one, into the record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reconciler.apply.already_there import TAKEN, in_the_way, look_up, managed, may_be_taken, still_to_write
from reconciler.apply.answers import kept_otherwise
from reconciler.apply.attribute_writer import AttributeWriter, Sent
from reconciler.apply.generated import generated
from reconciler.apply.ids import resource_of
from reconciler.apply.model import Failed
from reconciler.apply.refusals import settle_refused
from reconciler.apply.shared import OneStep, Resource, Shared
from reconciler.plan.model import AttributeChange, Change
from reconciler.resolve.expressions.functions import Chance
from reconciler.scim.errors import LostAnswer, ServiceError
from reconciler.scim.patch import body
from reconciler.scim.sender import ATTEMPTS

Attributes = tuple[AttributeChange, ...]
Journal = Callable[[dict[str, Any]], None]


class Creation:
    """One step; what it makes itself is journalled before it is sent."""

    def __init__(self, shared: Shared, step: OneStep, attributes: AttributeWriter, journal: Journal, chance: Chance) -> None:
        self.shared, self.step, self.attributes = shared, step, attributes
        self.journal, self.chance = journal, chance

    def do(self, change: Change, attributes: Attributes) -> None:
        """Raises Failed or ServiceError."""
        job = self.shared.job
        attributes, self.step.made = generated(job, change, attributes, self.chance)
        if self.step.made:
            self.journal({"address": change.address, "generated": self.step.made})
        sent = {a.path: a.after for a in attributes}
        try:
            answer = self._post(change, sent)
        except ServiceError as error:
            if error.status != TAKEN or (there := in_the_way(job, self.shared.client, change, sent)) is None:
                raise
            self._take_over(change, there, error)
            return
        self._created(change, attributes, answer)

    def _created(self, change: Change, attributes: Attributes, answer: Resource) -> None:
        shared = self.shared
        self.step.uncertain = False
        if another := shared.whose.of_create(change, answer):
            raise Failed("failed", f"{another}; nothing was recorded")
        shared.ids.learn(change.address, answer["id"])
        shared.changes.create(change.address, answer["id"])
        shared.recorded.settle(change, attributes, self._whole(change, attributes, answer) or {}, self.step.beside)

    def _take_over(self, change: Change, there: Resource, error: ServiceError) -> None:
        """The account that is in the way of a create is the declared one, unless it is known as another's."""
        shared = self.shared
        if shared.whose.of_create(change, there):
            raise error
        may_be_taken(shared.job, change, there)
        shared.ids.learn(change.address, there["id"])
        shared.changes.take_over(change.address, there["id"])
        shared.adopted[change.address] = f"adopted the account {there['id'][:80]}, which was there and which no list showed"
        left = still_to_write(shared.job, change, there)
        sent, answer = Sent(None, {}), there
        if left:
            with self.step.writing():
                sent = self.attributes.write(change, left, there)
                answer = shared.after(change, sent.answer) or {}
            self.step.uncertain = False
        taken = tuple([a for a in managed(shared.job, change) if a.path not in sent.refused])
        shared.recorded.settle(change, taken, answer, self.step.beside)
        settle_refused(shared, self.step, change, left, sent.refused, answer)

    def _post(self, change: Change, sent: dict[str, Any], attempt: int = 1) -> Resource:
        """A POST that may have been done is looked up before it is sent again."""
        job, client, resource = self.shared.job, self.shared.client, resource_of(change.address)
        try:
            return client.create(resource, body(resource, sent.items()))
        except ServiceError as error:
            if not error.uncertain:
                raise
            self.step.uncertain = True
            if isinstance(error, LostAnswer):
                client.sender.rest(error, attempt)
            found = look_up(job, client, change, sent)
            if found is not None:
                return found
            if not isinstance(error, LostAnswer) or attempt == ATTEMPTS:
                raise
        return self._post(change, sent, attempt + 1)

    def _whole(self, change: Change, attributes: Attributes, answer: Resource) -> Resource | None:
        """The new object, read back where the answer shows less access than was given: it may leave out what is there."""
        shared = self.shared
        whole = shared.after(change, answer)
        otherwise = kept_otherwise(shared.mapping(change), shared.ids, attributes, whole or {})
        lacking = any(shared.recorded.undone(a, otherwise[a.path]) for a in attributes if a.path in otherwise)
        return shared.after(change, None) if lacking and whole is answer else whole
