"""An update that needs no read of its own before it: a change in, the object as the plan or a read of many saw it out.

A service that keeps ETags (RFC 7644 §3.14) refuses a PATCH whose version is not the object's any more, so the version that a
list has shown, sent as If-Match, says that what the change rests on is as it was planned.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.apply.ids import version_of
from reconciler.apply.shared import Resource, Shared
from reconciler.declare.names import is_user
from reconciler.plan.change import Action, AttributeChange, Change
from reconciler.resolve.paths import place_value
from reconciler.scim.patch import PATH
from reconciler.scim.spelling import path_of


def unread(shared: Shared, change: Change, attributes: Iterable[AttributeChange]) -> Resource | None:
    """The object as far as it is managed, with its id and version; None where it must be read."""
    rests_on, etag = change.precondition, shared.client.profile.etag
    if rests_on is None or change.address in shared.changes.touched:
        return None
    if not (etag.announces() and etag.enforced and shared.quirks.versions_move and shared.client.profile.patch.supported):
        return None
    if change.action == Action.CREATE or not all(_is_told_by_the_plan(shared, change, a) for a in attributes):
        return None
    planned = shared.job.inputs.live.of(change.address).get(rests_on.id)
    if planned is None:
        return None
    found: Resource = {"id": rests_on.id, "meta": {"version": rests_on.version}}
    for slot, value in zip(shared.mapping(change).slots, planned.values, strict=True):
        if value is not None and not isinstance(value, list):
            place_value(found, path_of(slot.target), value)
    return found if version_of(found) is not None else None


def read_ahead(shared: Shared, change: Change, attributes: Iterable[AttributeChange]) -> Resource | None:
    """An account as a read shows it that serves others too; None where it must be read alone. Raises Stale."""
    is_first = change.precondition is not None and change.action != Action.CREATE and change.address not in shared.changes.touched
    if not (is_first and is_user(change.address) and shared.client.profile.patch.supported):
        return None
    if any(shared.quirks.form_of(change, a.path) != PATH for a in attributes):
        return None
    live = shared.gathered.seen(shared.ids.own(change))
    return live if live is None else shared.as_planned(change, live)


def _is_told_by_the_plan(shared: Shared, change: Change, a: AttributeChange) -> bool:
    """Whether the request depends on nothing else of the object: on other values behind a path, on what is in an element."""
    adds = {slot.target for slot in shared.mapping(change).slots if slot.add_only}
    if a.beside or a.path in adds or shared.quirks.form_of(change, a.path) != PATH:
        return False
    if "[" in a.path:
        return shared.client.profile.patch.valueFilters and a.before is not None and a.after is not None
    return True
