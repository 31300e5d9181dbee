"""The changes of one object's attributes as requests, each in a form that the service takes. Reads the object again in between.

One request says it all where the service takes it. One that it refuses is taken apart, what ends access first: then one refused
attribute holds back no other, and is tried in the other forms that RFC 7644 allows.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from reconciler.apply.answers import kept_otherwise
from reconciler.apply.ids import resource_of, version_of
from reconciler.apply.model import Failed, Stale
from reconciler.apply.precondition_failed import conditionally, with_planned_version
from reconciler.apply.shared import Resource, Shared
from reconciler.apply.version_try import trying
from reconciler.declare.names import is_user
from reconciler.plan.change import AttributeChange, Change
from reconciler.record.values import IN_NO_FORM
from reconciler.resolve.paths import parse_path
from reconciler.resolve.several import addressed
from reconciler.scim.attribute_forms import PUT, alternatives, is_of_form, is_refusal
from reconciler.scim.errors import LostAnswer, NotSent, PatchUnsupported, ServiceError
from reconciler.scim.patch import PATH, merge, operations
from reconciler.scim.sender import ATTEMPTS

Attributes = tuple[AttributeChange, ...]


class Sent(NamedTuple):
    """What came of a write: the answer, None where nobody knows it, and path -> error of each attribute that is not taken.

    `stale` says why the rest was not written, where one attribute was and then the object was not as planned any more.
    """

    answer: Resource | None
    refused: dict[str, ServiceError]
    stale: Failed | None = None


class AttributeWriter:
    """`check` raises Failed where a PUT of an object as it is shown would lose something."""

    def __init__(self, shared: Shared, check: Callable[[Change, Resource], None]) -> None:
        self.shared = shared
        self.job, self.client, self.ids, self.quirks = shared.job, shared.client, shared.ids, shared.quirks
        self.fresh, self.ends_access, self.check = shared.fresh, shared.recorded.ends_access, check

    def write(self, change: Change, attributes: Attributes, live: Resource, attempt: int = 1) -> Sent:
        """Raises Failed or ServiceError where nothing is known to be done; LostAnswer where a part may have been."""
        refused = {a.path: self.quirks.refusal_of(change, a.path) for a in attributes if self._form(change, a) == IN_NO_FORM}
        left = tuple([a for a in attributes if a.path not in refused])
        if not left:
            return Sent(None, refused)
        try:
            return Sent(self._send(change, left, live, {a.path: self._form(change, a) for a in left}, attempt), refused)
        except ServiceError as error:
            return self._otherwise(change, left, live, Sent(None, refused), error)

    def _otherwise(self, change: Change, attributes: Attributes, live: Resource, sent: Sent, error: ServiceError) -> Sent:
        """After a refusal of all of them together; raises it where nothing else is worth a try."""
        if isinstance(error, PatchUnsupported):
            pairs = [(_target(a), self.ids.wire(a)) for a in attributes]
            return sent._replace(answer=self._put(change, pairs, live))
        if is_refusal(error) or (error.status == 500 and len(attributes) > 1 and any(map(self.ends_access, attributes))):
            return self._apart(change, attributes, live, sent, error)
        raise error

    def as_seen(self, change: Change, attributes: Attributes, live: Resource) -> tuple[Resource, Sent]:
        """One PATCH of an object as it was seen before, not read alone: the object before it, and what came of it.

        Raises Failed or ServiceError.
        """
        resource, id, version = resource_of(change.address), self.ids.own(change), version_of(live)
        pairs = [(_target(a), self.ids.wire(a)) for a in attributes]
        request = operations(pairs, live, self.client.profile.patch, self._adds(change))
        send = partial(self.client.patch, resource, id, request)
        try:
            answer = with_planned_version(self.client, version, send, lambda: version_of(self.fresh(change)))
        except LostAnswer as error:
            return live, self._after_lost(change, attributes, error)
        except ServiceError as error:
            live = self.fresh(change)
            return live, self._otherwise(change, attributes, live, Sent(None, {}), error)
        self.quirks.writes += 1
        return live, Sent(answer, {})

    def _after_lost(self, change: Change, attributes: Attributes, error: LostAnswer) -> Sent:
        """Read first: what has taken effect must not be sent again."""
        self.client.sender.rest(error, 1)
        answer = self.client.get(resource_of(change.address), self.ids.own(change))
        if answer is not None and not kept_otherwise(self.shared.mapping(change), self.ids, attributes, answer):
            return Sent(answer, {})
        try:
            return self.write(change, attributes, self.fresh(change), attempt=2)
        except Failed as failed:
            failed.uncertain = True
            raise

    def _apart(self, change: Change, attributes: Attributes, live: Resource, sent: Sent, error: ServiceError) -> Sent:
        """Each attribute for itself; `error` is of all of them together, `sent` what is known before."""
        writes = self.quirks.writes
        if len(attributes) == 1:
            found, stale = self._in_turn(change, attributes[0], live, error), None
        else:
            found, stale = self._each(change, sorted(attributes, key=lambda a: not self.ends_access(a)))
        for path in found:
            self.quirks.found_doubtful(change, path, writes)
        return Sent(None, sent.refused | found, stale)

    def _each(self, change: Change, attributes: list[AttributeChange]) -> tuple[dict[str, ServiceError], Failed | None]:
        """Path -> error of those that the service does not take, and why it was stopped before the last. Raises Stale."""
        refused: dict[str, ServiceError] = {}
        for number, attribute in enumerate(attributes):
            try:
                refused |= self._in_turn(change, attribute, self._read(change), None)
            except Stale as stale:
                if number == len(refused):  # nothing has been written
                    raise
                return refused | {a.path: NotSent(stale.message) for a in attributes[number:]}, stale
            except Failed as failed:
                refused[attribute.path] = NotSent(failed.message)
        return refused, None

    def _in_turn(self, change: Change, a: AttributeChange, live: Resource, error: ServiceError | None) -> dict[str, ServiceError]:
        """One attribute, in one form after the other; `error` is the refusal of the form in which it has been sent before."""
        known = self._form(change, a)
        forms = alternatives(_target(a), self.ids.wire(a), live, self.client.profile.patch, self._adds(change))
        first = error
        for form in [*([known] if error is None else []), *(form for form in forms if form != known)]:
            if error is not None and not is_of_form(error, form):
                break
            try:
                self._send(change, (a,), live, {a.path: form})
            except Stale:
                raise
            except Failed:  # a PUT that would take something away
                if first is None:
                    raise
                break
            except ServiceError as again:
                if not (is_refusal(again) or is_of_form(again, form) or again.status == 500):
                    raise
                error, first = again, first or again
            else:
                if first is not None:
                    self.quirks.found_form(change, a.path, form, first)
                return {}
        assert first is not None
        return {a.path: first if error is None or is_of_form(error, PUT) else error}

    def _form(self, change: Change, attribute: AttributeChange) -> str:
        return self.quirks.form_of(change, attribute.path)

    def _read(self, change: Change) -> Resource:
        """Ours as it is by now: a part of the change has been written. Raises Failed."""
        live = self.client.get(resource_of(change.address), self.ids.own(change))
        if live is None:
            raise Stale("it is gone from the service since it was written")
        return live

    # One request

    def _send(
        self, change: Change, attributes: Attributes, live: Resource, forms: dict[str, str], attempt: int = 1
    ) -> Resource | None:
        """A write that may have been done: read first, what has taken effect must not be sent again."""
        targets = {a.path: _target(a) for a in attributes}
        pairs = [(targets[a.path], self.ids.wire(a)) for a in attributes]
        resource, id, profile = resource_of(change.address), self.ids.own(change), self.client.profile
        try:
            if PUT in forms.values():
                return self._put(change, pairs, live)
            other = {targets[path]: form for path, form in forms.items() if form != PATH}
            request = operations(pairs, live, profile.patch, self._adds(change), other)
            return self._conditionally(change, live, partial(self.client.patch, resource, id, request))
        except PatchUnsupported:
            return self._put(change, pairs, live)
        except LostAnswer as error:
            self.client.sender.rest(error, attempt)
            answer, mapping = self.client.get(resource, id), self.job.resolution.mapping(change.address)
            if answer is not None and not kept_otherwise(mapping, self.ids, attributes, answer):
                return answer
            if attempt == ATTEMPTS:
                raise
        except Failed as failed:
            failed.uncertain = attempt > 1
            raise
        return self._send(change, attributes, live, forms, attempt + 1)

    def _put(self, change: Change, pairs: list[tuple[str, Any]], live: Resource) -> Resource | None:
        self._all_shown(change, live)
        self.check(change, live)
        send = partial(self.client.replace, resource_of(change.address), self.ids.own(change), merge(live, pairs))
        return self._conditionally(change, live, send)

    def _conditionally(self, change: Change, live: Resource, send: Callable[[str | None], Resource | None]) -> Resource | None:
        version, look = version_of(live), lambda: version_of(self.fresh(change))
        answer = trying(self.quirks, change, version, send, lambda: conditionally(self.client, version, send, look))
        self.quirks.writes += 1
        return answer

    def _adds(self, change: Change) -> set[str]:
        return {slot.target for slot in self.job.resolution.mapping(change.address).slots if slot.add_only}

    def _all_shown(self, change: Change, live: Resource) -> None:
        """A PUT takes what it does not hold. Raises Failed where a value that was planned to stay is not shown any more."""
        planned_on, own = self.job.inputs.live, self.ids.own(change)
        planned = (planned_on.users if is_user(change.address) else planned_on.groups).get(own)
        mapping, changing = self.job.resolution.mapping(change.address), {a.path for a in change.attributes}
        rows = zip(mapping.slots, planned.values if planned else (), mapping.project([live])[0], strict=False)
        gone = [slot.target for slot, had, has in rows if had is not None and has is None and slot.target not in changing]
        if gone:
            raise Failed("stale", f"the service no longer shows {gone[0]}, and a PUT would take it away; plan again")


def _target(attribute: AttributeChange) -> str:
    """What is written to: of several values behind a path the one that was meant."""
    if not attribute.beside:
        return attribute.path
    return addressed(attribute.path, parse_path(attribute.path), attribute.replaced)
