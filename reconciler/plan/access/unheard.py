"""Writes whose outcome nobody has heard yet in, what they leave in doubt out: a run was killed, or is under way. Pure.

The next run reads what came of them from the service, and its log tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.declare.names import fold, is_user
from reconciler.plan.access.keys import Thing
from reconciler.plan.access.past import OPEN, Gap, Moment
from reconciler.plan.access.told import Told
from reconciler.plan.change import Action
from reconciler.plan.role_names import named
from reconciler.record.model import Record
from reconciler.record.values import Unanswered

LOST = "a run has begun, and is under way or was lost with its machine: the next one reads what it wrote"


def unheard(told: Told, record: Record, now: Mapping[Thing, bool | None], names: Mapping[str, str]) -> Iterator[Gap]:
    """Tell `told` of each, by the journal; of a run that left none here, nothing is known of anybody since it began.

    `names` are what the roles are called, by key.
    """
    for address, write in record.unanswered.items():
        if write.get("intended"):
            continue
        for thing in _in_doubt(told, record, address, write, names):
            moments = told.moments[thing]
            before = moments[-1].after if moments else now.get(thing, False)
            at = max(write.get("at", ""), moments[-1].at if moments else "")
            by = {"activityDateTime": at, "provisioningAction": write.get("action", ""), "reconcile": {}}
            moments.append(Moment(at, before, None, True, by))
    if record.running:
        yield Gap(record.running, OPEN, LOST)


def _in_doubt(told: Told, record: Record, address: str, write: Unanswered, names: Mapping[str, str]) -> Iterator[Thing]:
    """The account of a person, whatever of their access it is, and the roles to come; of a group those who were to come or go."""
    at, id = write.get("at", ""), write.get("id") or record.entries.get(address, {}).get("id")
    if is_user(address):
        carried = [value for path, value in write.get("wanted", {}).items() if path in record.carrying]
        if write.get("action") != Action.UPDATE or carried:
            key = told.names.key(address, id, at)
            yield Thing(key, "account")
            for role in (role for value in carried for role in named(value).values()):
                shown = names.get(role, names.get(fold(role), role))
                told.spelled.setdefault(fold(shown), shown)
                yield Thing(key, "role", fold(shown))
        return
    group = told.groups.key(address, id, at)
    if write.get("action") == Action.DELETE:
        yield from [thing for thing in told.moments if thing.kind == "group" and thing.what == group]
    for member in (*write.get("added", ()), *write.get("removed", ())):
        if is_user(member):
            yield Thing(told.names.member(member, at), "group", group)
