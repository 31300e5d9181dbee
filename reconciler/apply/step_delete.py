"""A deletion as requests: read, compared with the plan, deleted, and out of the record."""

from __future__ import annotations

from reconciler.apply.as_planned import unchanged
from reconciler.apply.deletion import delete
from reconciler.apply.ids import resource_of, version_of
from reconciler.apply.shared import OneStep, Resource, Shared
from reconciler.declare.names import is_user
from reconciler.plan.change import Change

DEACTIVATES = "the service keeps the account, disabled: set this in the profile: `deprovision: {delete: deactivates}`"


def delete_object(shared: Shared, step: OneStep, change: Change) -> None:
    """Raises Failed and ServiceError."""
    resource, id = resource_of(change.address), shared.ids.own(change)
    live = (shared.gathered.seen(id) if is_user(change.address) else None) or shared.shown(change)
    if live is not None:
        _as_planned(shared, change, live)
        with step.writing():
            kept = delete(shared.client, resource, id, live, lambda: _as_planned(shared, change, shared.fresh(change)))
        if kept is not None and shared.job.resolution.limited.capabilities.delete == "removes":
            shared.recorded.notes[change.address] = DEACTIVATES
    shared.changes.drop(change.address)


def _as_planned(shared: Shared, change: Change, live: Resource) -> str | None:
    """The version of an object that is to be deleted. Raises Stale where it is not as the plan saw it."""
    unchanged(change, live, shared.mapping(change), shared.ids)
    return version_of(live)
