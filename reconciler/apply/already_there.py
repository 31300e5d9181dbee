"""A create that may be there already: what a lost POST has made, or the one account in its way, and whether it may be taken over.

Reads the service.
"""

from __future__ import annotations

from typing import Any

from reconciler.apply.ids import resource_of
from reconciler.apply.model import Failed, Job, Stale
from reconciler.declare.names import kind_of
from reconciler.plan.change import AttributeChange, Change
from reconciler.plan.diff import same
from reconciler.plan.unanswered import is_as_sent
from reconciler.scim.client import ScimClient
from reconciler.scim.errors import ServiceError

Resource = dict[str, Any]
TAKEN = 409
NEXT = "plan again to see what its adoption would change"


def in_the_way(job: Job, client: ScimClient, change: Change, sent: dict[str, Any]) -> Resource | None:
    """The one that bears the first matching attribute that anybody bears; None where a filter shows none, or several."""
    mapping, resource = job.resolution.mapping(change.address), resource_of(change.address)
    for slot in (mapping.slots[number] for number in mapping.matching):
        want = sent.get(slot.target)
        if isinstance(want, str) and client.profile.filters_on(slot.target):
            try:
                found = client.filtered(resource, slot.target, want)[0]
            except ServiceError:  # the refusal of the create says more
                return None
            bearing = {r["id"]: r for r in found if same(slot, want, mapping.one(r)[slot.target])}
            if bearing:
                exact = [r for r in bearing.values() if mapping.one(r)[slot.target] == want]
                return (exact if len(exact) == 1 else [*bearing.values()])[0] if 1 in (len(exact), len(bearing)) else None
    return None


def may_be_taken(job: Job, change: Change, there: Resource) -> None:
    """Raises Failed for what nobody has seen in a plan: an active account, or a group, that the record does not know.

    Where the record has just begun, it may be one that replaces a lost one: an inactive account may have been revoked then. The
    next plan finds what is left to it, since it looks for new ones by filter from now on.
    """
    ours = job.record.entries.get(job.inputs.renamed.get(change.address, change.address), {})
    if ours.get("id") == there["id"]:
        return
    kind = kind_of(change.address)
    active = str(there.get("active", True)).lower() != "false"
    if kind == "Group" or active or job.record.runs <= 1:
        job.record.list_in_part({*job.record.incomplete, kind})
        what = "a group" if kind == "Group" else "an active account" if active else "an inactive account"
        raise Stale(f"{what} that no list showed has this name already ({there['id'][:80]}): nothing was written to it", NEXT)
    if "update" not in job.resolution.mapping(change.address).mapping.targetObjectActions:
        raise Failed("failed", "an account that no list showed has this name already, and the mapping does not update")


def managed(job: Job, change: Change) -> tuple[AttributeChange, ...]:
    """What of a create is for accounts that are there as well."""
    mapping = job.resolution.mapping(change.address)
    updates = {mapping.slots[i].target for i in mapping.updates}
    return tuple([a for a in change.attributes if a.path in updates and not a.reference and not a.apart])


def still_to_write(job: Job, change: Change, there: Resource) -> tuple[AttributeChange, ...]:
    """What of that differs from the account that is there."""
    mapping = job.resolution.mapping(change.address)
    slots, have = {slot.target: slot for slot in mapping.slots}, mapping.one(there)
    wanted = managed(job, change)
    return tuple([a._replace(before=have[a.path]) for a in wanted if not same(slots[a.path], a.after, have[a.path])])


def look_up(job: Job, client: ScimClient, change: Change, sent: dict[str, Any]) -> Resource | None:
    """A POST whose answer was lost may have arrived: its matching attribute tells. Raises Failed where another's did."""
    mapping = job.resolution.mapping(change.address)
    for number in mapping.matching:
        slot = mapping.slots[number]
        want = sent.get(slot.target)
        if isinstance(want, str):
            found = client.find(resource_of(change.address), slot.target, want)
            found = [r for r in found if same(slot, want, mapping.one(r)[slot.target])]
            if len(found) == 1 and not is_as_sent(mapping, sent, mapping.project(found)[0]):
                raise Stale("an account that matches has come into being since it was planned")
            if len(found) == 1:
                return found[0]
    return None
