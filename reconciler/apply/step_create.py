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
from reconciler.apply.partial_create import may_hold_less, portions
from reconciler.apply.refusals import settle_refused
from reconciler.apply.shared import OneStep, Resource, Shared
from reconciler.plan.change import AttributeChange, Change
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
        self.found = False  # the account was looked up, since its POST had no answer

    def do(self, change: Change, attributes: Attributes) -> None:
        """Raises Failed or ServiceError."""
        job = self.shared.job
        attributes, self.step.made = generated(job, change, attributes, self.chance)
        if self.step.made:
            self.journal({"address": change.address, "generated": self.step.made})
        held = tuple([a for a in attributes if not self.shared.quirks.is_not_at_create(change, a.path)])
        try:
            answer = self._post(change, _values(held))
        except ServiceError as error:
            if error.status == TAKEN and (there := in_the_way(job, self.shared.client, change, _values(attributes))) is not None:
                self._take_over(change, there, error)
                return
            held, answer = self._with_less(change, held, error)
        left = {a.path: a for a in attributes if a not in held}
        if self.found:  # as somebody may have edited it since: nobody has heard what the service made of what it was sent
            left = {a.path: a for a in still_to_write(job, change, answer) if not a.generated} | left
        live = self._created(change, tuple([a for a in held if a.path not in left]), answer)
        if left:
            self._add(change, attributes, tuple(left.values()), live)

    def _with_less(self, change: Change, attributes: Attributes, error: ServiceError) -> tuple[Attributes, Resource]:
        """What the service takes of a create that it has refused, and its answer. Raises the refusal where that is nothing."""
        quirks = self.shared.quirks
        if not may_hold_less(error) or not quirks.may_try_less:
            raise error
        before, refusals = quirks.writes, [error]
        for held in portions(change, self.shared.mapping(change), attributes, refusals):
            try:
                answer = self._post(change, _values(held))
            except ServiceError as again:
                if not may_hold_less(again):
                    raise
                refusals.append(again)
            else:
                quirks.found_less({a.path for a in attributes if a not in held}, change, before)
                return held, answer
        quirks.found_nothing_less()
        raise error

    def _add(self, change: Change, attributes: Attributes, left: Attributes, live: Resource) -> None:
        """What a create could not hold, into the account that it has made; who is there is there, whatever comes of that."""
        shared = self.shared
        shared.changes.touched.add(change.address)
        with self.step.writing():
            sent = self.attributes.write(change, left, live)
            whole = shared.after(change, sent.answer) or {}
        taken = tuple([a for a in left if a.path not in sent.refused])
        shared.recorded.take(change, taken, whole, self.step.beside)
        shared.quirks.found_not_at_create(change, [a.path for a in taken])
        settle_refused(shared, self.step, change, attributes, sent.refused, whole)

    def _created(self, change: Change, attributes: Attributes, answer: Resource) -> Resource:
        """The account as it is in the record from now on."""
        shared = self.shared
        self.step.uncertain = bool(another := shared.whose.of_create(change, answer))
        if another:  # what became of the create nobody has heard
            raise Failed("failed", f"{another}; nothing was recorded")
        shared.ids.learn(change.address, answer["id"])
        shared.changes.create(change.address, answer["id"])
        whole = self._whole(change, attributes, answer) or {}
        shared.recorded.take(change, attributes, whole, self.step.beside)
        return whole

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
        shared.recorded.take(change, taken, answer, self.step.beside)
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
                self.found = True
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


def _values(attributes: Attributes) -> dict[str, Any]:
    return {a.path: a.after for a in attributes}
