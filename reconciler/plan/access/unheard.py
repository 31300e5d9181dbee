"""Writes whose outcome nobody has heard yet in, what they leave in doubt out: a run was killed, or is under way. Pure.

The next run reads what came of them from the service, and its log tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.declare.names import is_user
from reconciler.plan.access.keys import Thing
from reconciler.plan.access.past import OPEN, Gap, Moment
from reconciler.plan.access.told import Told
from reconciler.plan.change import Action
from reconciler.record.model import Record
from reconciler.record.values import Unanswered

LOST = "a run has begun, and is under way or was lost with its machine: the next one reads what it wrote"


def unheard(told: Told, record: Record, now: Mapping[Thing, bool | None]) -> Iterator[Gap]:
    """Tell `told` of each, by the journal; of a run that left none here, nothing is known of anybody since it began."""
    for address, write in record.unanswered.items():
        if write.get("intended"):
            continue
        for thing in _in_doubt(told, record, address, write):
            moments = told.moments[thing]
            before = moments[-1].after if moments else now.get(thing, False)
            at = max(write.get("at", ""), moments[-1].at if moments else "")
            by = {"activityDateTime": at, "provisioningAction": write.get("action", ""), "reconcile": {}}
            moments.append(Moment(at, before, None, True, by))
    if record.running:
        yield Gap(record.running, OPEN, LOST)


def _in_doubt(told: Told, record: Record, address: str, write: Unanswered) -> Iterator[Thing]:
    """The account of a person, whatever of their access it is; of a group those who were to come or go."""
    at, id = write.get("at", ""), write.get("id") or record.entries.get(address, {}).get("id")
    if is_user(address):
        if write.get("action") != Action.UPDATE or not write.get("wanted", {}).keys().isdisjoint(record.carrying):
            yield Thing(told.names.key(address, id, at), "account")
        return
    group = told.groups.key(address, id, at)
    if write.get("action") == Action.DELETE:
        yield from [thing for thing in told.moments if thing.kind == "group" and thing.what == group]
    for member in (*write.get("added", ()), *write.get("removed", ())):
        if is_user(member):
            yield Thing(told.names.member(member, at), "group", group)
