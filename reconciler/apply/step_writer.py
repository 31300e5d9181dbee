"""One step of one change as requests, and the record's entry of that object kept true beside it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from reconciler.apply.attribute_writer import AttributeWriter
from reconciler.apply.gathered import Gathered
from reconciler.apply.ids import Ids
from reconciler.apply.inside import Inside
from reconciler.apply.model import Job
from reconciler.apply.pace import Baton, Pace
from reconciler.apply.quirks import Quirks
from reconciler.apply.recorded import Recorded
from reconciler.apply.right_account import Whose
from reconciler.apply.shared import OneStep, Shared
from reconciler.apply.step_create import Creation
from reconciler.apply.step_delete import delete_object
from reconciler.apply.step_members import lose_nobody, move_members
from reconciler.apply.step_roles import write_roles
from reconciler.apply.step_update import update
from reconciler.apply.steps import Step, StepKind
from reconciler.record.entry_changes import EntryChanges
from reconciler.resolve.expressions.functions import Chance
from reconciler.scim.client import ScimClient


def shared_of(job: Job, client: ScimClient, now: Callable[[], str], baton: Baton, pace: Pace) -> Shared:
    """What the steps of a run begin with."""
    inputs, ids = job.inputs, Ids(job.inputs.ids)
    references = job.resolution.user_mapping.references
    changes = EntryChanges(job.record, inputs.baselines, inputs.renamed, inputs.gone, references)
    recorded = Recorded(job, ids, changes, now)
    gathered = Gathered(client, {id: place for place, id in enumerate(inputs.live.users)}, baton)
    return Shared(
        job,
        client,
        ids,
        changes,
        Whose(job, ids),
        Quirks(job, client),
        Inside(job, client, ids),
        recorded,
        gathered,
        lambda: pace.alone(baton) if pace.may_collide() else None,
    )


class StepWriter:
    """Steps go side by side: what each has of its own is in its own `OneStep`."""

    def __init__(self, shared: Shared, journal: Callable[[dict[str, Any]], None], chance: Chance) -> None:
        self.shared, self.journal, self.chance = shared, journal, chance
        self.attributes = AttributeWriter(shared, partial(lose_nobody, shared))

    def do(self, step: Step, own: OneStep) -> None:
        """Raises Failed or ServiceError, for this object alone."""
        change = step.change
        match step.kind:
            case StepKind.WRITE:
                update(self.shared, own, self.attributes, change, step.attributes)
            case StepKind.CREATE:
                Creation(self.shared, own, self.attributes, self.journal, self.chance).do(change, step.attributes)
            case StepKind.MEMBERS_OUT:
                move_members(self.shared, own, change, [], list(change.remove))
            case StepKind.MEMBERS_IN:
                move_members(self.shared, own, change, list(change.add), [])
            case StepKind.ROLES_OUT | StepKind.ROLES_IN:
                write_roles(self.shared, own, change, step.attributes[0])
            case StepKind.DELETE:
                delete_object(self.shared, own, change)
        self.shared.changes.touched.add(change.address)
