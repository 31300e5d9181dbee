"""An update, enabling or disabling as requests: read, compared with the plan, written, and into the record."""

from __future__ import annotations

from reconciler.apply.attribute_writer import AttributeWriter, Sent
from reconciler.apply.ids import version_of
from reconciler.apply.model import Failed, Stale
from reconciler.apply.refusals import settle_refused
from reconciler.apply.shared import OneStep, Resource, Shared
from reconciler.apply.unread import read_ahead, unread
from reconciler.plan.change import Action, AttributeChange, Change

Attributes = tuple[AttributeChange, ...]
DELETES_INACTIVE = (
    "the service deleted the account when `active` became false: set this in the profile: `deprovision: {inactive: deletes}`"
)


def update(shared: Shared, step: OneStep, writer: AttributeWriter, change: Change, attributes: Attributes) -> None:
    """Raises Failed or ServiceError."""
    is_trial = shared.quirks.tries_versions(change)
    seen = None if is_trial else unread(shared, change, attributes) or read_ahead(shared, change, attributes)
    live = seen or shared.fresh(change)
    with step.writing():
        live, sent = writer.as_seen(change, attributes, seen) if seen else (live, writer.write(change, attributes, live))
    taken = tuple([a for a in attributes if a.path not in sent.refused])
    whole = _written(shared, step, change, taken, live, sent) if taken else live
    if sent.stale is not None:
        _end_stale(shared, step, change, taken, sent.stale)
    if taken and change.address in shared.recorded.outstanding and (alone := shared.alone()) is not None:
        with alone as went_well:
            whole = _again(shared, step, writer, change, taken, whole)
            if change.address not in shared.recorded.outstanding:
                went_well()
    settle_refused(shared, step, change, attributes, sent.refused, whole)


def _again(shared: Shared, step: OneStep, writer: AttributeWriter, change: Change, taken: Attributes, live: Resource) -> Resource:
    """What gives or takes access and is not shown, though the service has accepted it: it may have lost it beside others."""
    del shared.recorded.outstanding[change.address]
    with step.writing():
        sent = writer.write(change, taken, live)
    return _written(shared, step, change, taken, live, sent)


def _end_stale(shared: Shared, step: OneStep, change: Change, taken: Attributes, stale: Failed) -> None:
    """Raises Stale: what was written before the object was not as planned any more is in the record."""
    shared.changes.touched.add(change.address)
    step.uncertain, step.took = stale.uncertain, any(map(shared.recorded.ends_access, taken))
    raise stale


def _written(shared: Shared, step: OneStep, change: Change, taken: Attributes, live: Resource, sent: Sent) -> Resource:
    """What the service took of a change, into the record; the object as it is after it."""
    another = shared.whose.of_write(change, sent.answer)
    whole = shared.after(change, None if any(map(shared.recorded.moves_access, taken)) else sent.answer)
    if whole:
        shared.quirks.saw_version(version_of(live), version_of(whole))
        entry = shared.recorded.take(change, taken, whole, step.beside)
        shared.recorded.take_beside(change, entry, live, whole)
    elif change.action == Action.DISABLE:
        shared.changes.drop(change.address)
        shared.recorded.notes[change.address] = DELETES_INACTIVE
    else:
        raise Stale("it is gone from the service since it was written")
    if another:
        step.uncertain = False  # it has been read back
        raise Failed("failed", f"{another}; whether that one was written to is not known")
    return whole or {}
