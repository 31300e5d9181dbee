"""What the steps of one run know together, what one of them has of its own, and the reads before and after a write.

Reads the service; changes the record through `changes`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from reconciler.apply.as_planned import values_unchanged
from reconciler.apply.gathered import Gathered
from reconciler.apply.ids import Ids, resource_of
from reconciler.apply.inside import Inside
from reconciler.apply.model import Failed, Job, Stale
from reconciler.apply.quirks import Quirks
from reconciler.apply.recorded import Recorded
from reconciler.apply.right_account import Whose
from reconciler.apply.vanished import by_id_or_filter
from reconciler.declare.names import fold
from reconciler.plan.change import Action, Change
from reconciler.record.entry_changes import EntryChanges
from reconciler.resolve.mapping import CompiledMapping
from reconciler.rolesources.source import RoleSource
from reconciler.scim.client import ScimClient
from reconciler.scim.sender import Alone

Resource = dict[str, Any]


@dataclass
class OneStep:
    """What a step has done so far, whatever ends it.

    `uncertain`: a write was sent that may have been done even where the step failed; `took`: a step that failed has taken
    something all the same; `made` are values made for it, `beside` the addresses of entries that it changed beside its own.
    """

    uncertain: bool = False
    took: bool = False
    made: dict[str, Any] = field(default_factory=dict)
    beside: set[str] = field(default_factory=set)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """While something is sent that may be done, whatever is answered; Failed says itself whether it may have been."""
        self.uncertain = True
        try:
            yield
        except Failed as failed:
            self.uncertain = failed.uncertain
            raise


@dataclass(frozen=True)
class Shared:
    """`ids` knows whose account has which id, `changes` the record's entries, `quirks` how the service behaves.

    `adopted` says which account was taken for a new one, by address; `listed` is whom the API of roles has listed, `role_writes`
    are the addresses to whom it was told something.
    """

    job: Job
    client: ScimClient
    ids: Ids
    changes: EntryChanges
    whose: Whose
    quirks: Quirks
    inside: Inside
    recorded: Recorded
    gathered: Gathered
    alone: Callable[[], Alone | None]
    adopted: dict[str, str] = field(default_factory=dict)
    listed: dict[str, str] = field(default_factory=dict)
    role_writes: set[str] = field(default_factory=set)

    def people(self, source: RoleSource, fresh: bool) -> dict[str, str]:
        """Folded e-mail address -> id of everybody whom the API of roles lists, asked for once unless it is to be `fresh`."""
        if fresh:
            self.listed.update({fold(person.email): person.id for person in source.people()})
        return self.listed

    def mapping(self, change: Change) -> CompiledMapping:
        return self.job.resolution.mapping(change.address)

    def fresh(self, change: Change) -> Resource:
        """The live object. Raises Stale where it is not as the plan saw it."""
        return self.as_planned(change, self.shown(change))

    def as_planned(self, change: Change, live: Resource | None) -> Resource:
        """An object as it was read right now. Raises Stale where it is not as the plan saw it."""
        if live is None:
            raise Stale("it is gone from the service since it was planned")
        if change.action == Action.CREATE or change.address in self.changes.touched:
            return live
        values_unchanged(change, live, self.mapping(change), self.ids)
        return live

    def after(self, change: Change, answer: Resource | None) -> Resource | None:
        """The object after a write: the answer, or read back where that is not of it, or does not say so; None: it is gone."""
        named = answer is not None and "id" in answer and ("userName" in answer or "displayName" in answer)
        if answer is not None and named and not self.whose.of_write(change, answer):
            return answer
        return self.shown(change)

    def shown(self, change: Change) -> Resource | None:
        """The object as the service shows it now; by filter where it answers 404 for its id, since the plan has seen it there."""
        resource, id = resource_of(change.address), self.ids.own(change)
        planned = self.job.inputs.live.of(change.address).get(id)
        if planned is None:
            return self.client.get(resource, id)
        return by_id_or_filter(self.client, resource, self.mapping(change), id, planned.values)
