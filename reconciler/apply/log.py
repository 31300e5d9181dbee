"""Outcomes as records of the provisioning log (log_shape.py). No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NamedTuple

from reconciler.apply.log_shape import (
    READ_BACK,
    SCOPING,
    Export,
    Facts,
    Roles,
    Step,
    members,
    properties,
    record_of,
    step,
    steps_before,
)
from reconciler.apply.model import Job, Outcome
from reconciler.apply.steps import StepKind
from reconciler.declare.names import STRANGER, is_group, user_address
from reconciler.plan.change import REDACTED, Action, AttributeChange, Change
from reconciler.plan.model import Access, Skip
from reconciler.record.entries import Entry, is_active

SECRET = "RandomString("  # of the functions whose values only an apply makes the one that makes passwords
FOLDED = "NotEffectivelyEntitled"  # what Entra says of most of those who are left out (facts: provisioning.md §1.2)
ENTRA = {
    "OutOfScopingFilter": "EntrySynchronizationSkipped",
    "MatchingAttributeEmpty": "ImportSkipped",
    "DuplicateSource": "DuplicateSourceEntries",
}
STATUSES = {"done": "success", "ignored": "warning", "skipped": "skipped"}


class Went(NamedTuple):
    """How one object's change went: when it ended, an ISO time, UTC; whether a part of it was done, whatever came of the rest;
    whether something was sent of which nobody knows; the writes; and the keys of the roles that it had before, None if unknown.
    """

    at: str
    begun: bool = False
    uncertain: bool = False
    exports: tuple[Export, ...] = ()
    roles_before: tuple[str, ...] | None = None


def log_lines(job: Job, outcome: Outcome, went: Went) -> list[dict[str, Any]]:
    """What was done to one object.

    An account that was created is there: of a create that ended in part the rest is an update, as the next plan has it.
    """
    change = outcome.change
    ended = STATUSES.get(outcome.status, "failure") in ("success", "warning")
    if ended or change.action != Action.CREATE or not went.begun:
        return [_outcome_line(job, outcome, went)]
    wanted = job.record.entries.get(change.address, {}).get("wanted", {})
    rest = tuple(a for a in change.attributes if a.path not in wanted and not a.generated)
    made = replace(change, attributes=tuple(a for a in change.attributes if a not in rest), add=())
    left = replace(change, action=Action.UPDATE, attributes=rest)
    sent = tuple(export for export in went.exports if export.kind == StepKind.CREATE)
    later = went._replace(exports=tuple(export for export in went.exports if export not in sent))
    return [
        _outcome_line(job, Outcome(made, "done"), went._replace(exports=sent)),
        _outcome_line(job, outcome._replace(change=left), later, "rest"),
    ]


def _outcome_line(job: Job, outcome: Outcome, went: Went, part: str = "") -> dict[str, Any]:
    change = outcome.change
    entry = job.record.entries.get(change.address)
    id = change.precondition.id if change.precondition else entry["id"] if entry else None
    stranger = change.address.startswith(STRANGER)
    # Rows name an account that nobody declared as the service does.
    rows = tuple(job.origin.access_by_change.get(user_address(change.name) if stranger else change.address, ()))
    held = _held(job, change.address, rows) if change.adopts and entry is not None else ()
    roles = _roles_written(job, change.address, went, entry) if not stranger else _of_stranger(rows, outcome)
    read_back = READ_BACK.get(outcome.status, "unknown" if went.uncertain else "notWritten")
    return record_of(
        Facts(
            app=job.app,
            occasion=job.occasion,
            origin=job.origin,
            at=went.at,
            address=change.address,
            action=change.action,
            status=STATUSES.get(outcome.status, "failure"),
            reason=outcome.message,
            id=id,
            part=part,
            name=change.name,
            properties=(*properties(_with_generated(job, change, entry)), *members(change)),
            before=steps_before(change, scoping(job, change.address)),
            exports=went.exports,
            read_back=read_back,
            roles=_with_held(roles, held),
            rows=rows,
            held=held,
            inside=_inside(job, change) if held and is_group(change.address) else (),
            causes=change.causes,
            place=(change.file, change.line),
            digest=change.digest,
            adopts=change.adopts,
        )
    )


def _held(job: Job, address: str, rows: Iterable[Access]) -> tuple[Access, ...]:
    """What was there before it was adopted, without what is gained by the same change: all of it, where that is the account."""
    gained = {(row.address, row.kind, row.what) for row in rows if row.gains}
    if any(kind == "account" for _, kind, _ in gained):
        return ()
    return tuple(row for row in job.inputs.held.get(address, ()) if (row.address, row.kind, row.what) not in gained)


def _inside(job: Job, change: Change) -> tuple[str, ...]:
    """Who was in a group already that is adopted with a change."""
    return tuple(name for name in job.inputs.baselines.get(change.address, {}).get("members", ()) if name not in change.add)


def _with_held(roles: Roles, held: Iterable[Access]) -> Roles:
    """The record knows nothing of what an account had before it was adopted, the service does."""
    had = [row.what for row in held if row.kind == "role"]
    return roles if roles.before is None else roles._replace(before=[*dict.fromkeys([*roles.before, *had])])


def _of_stranger(rows: Iterable[Access], outcome: Outcome) -> Roles:
    """The roles of an account that nobody declared, of which the record knows none: those that the service showed."""
    before = [row.what for row in rows if row.kind == "role" and not row.gains]
    return Roles(before, [] if outcome.status in ("done", "ignored") else before)


def _with_generated(job: Job, change: Change, entry: Entry | None) -> Iterable[AttributeChange]:
    """Values that only an apply makes, as it made them; those that the log must not show are redacted."""
    hidden, wanted = secret_targets(job, change.address), (entry or {}).get("wanted", {})
    for item in change.attributes:
        if item.generated and item.path in hidden:
            yield item._replace(after=REDACTED)
        else:
            yield item._replace(after=wanted.get(item.path)) if item.generated else item


def secret_targets(job: Job, address: str) -> set[str]:
    """The targets whose values the log does not show: passwords, what is under Redact(), what a service is given as a secret."""
    slots = job.resolution.mapping(address).slots
    return {s.target for s in slots if s.hidden or s.redacts or (s.expression and SECRET in s.expression.text)}


def _roles_written(job: Job, address: str, went: Went, entry: Entry | None) -> Roles:
    """With those which the service showed and the record did not have."""
    before, shown = went.roles_before, job.inputs.shown.get(address, ())
    # One that has another name by now is none that was met.
    told = () if before is None or not is_declared(job, before) else (entry or {}).get("roles", ())
    met = [key for key in told if key in shown and key not in (before or ())]
    return roles_told(job, address, before, entry)._replace(met=tuple(_named(job, met)))


def is_declared(job: Job, roles: Iterable[str]) -> bool:
    """Whether all of these roles, by their keys, are declared under the name that they had."""
    return job.resolution.limited.app.roles.keys() >= set(roles)


def roles_told(job: Job, address: str, before: Iterable[str] | None, entry: Entry | None) -> Roles:
    """The names of the roles that somebody had, and has, assigned or not; a group has none, it gives some."""
    if is_group(address):
        return Roles()
    after = None if entry is None and before is None else list((entry or {}).get("roles", ()))
    staying = job.inputs.left.get(address, ()) if entry is not None and after is not None and is_active(entry) else ()
    known = None if before is None else _named(job, before)
    return Roles(known, None if after is None else _named(job, dict.fromkeys((*after, *staying))), tuple(_named(job, staying)))


def _named(job: Job, keys: Iterable[str]) -> list[str]:
    known = job.resolution.limited.app.roles
    return [known[key].displayName if key in known else key for key in keys]


def scoping(job: Job, address: str) -> tuple[Step, ...]:
    """Why somebody is left out; else the reasons that somebody gave for the assignments."""
    if (skip := job.left_out.get(address)) is not None:
        return (skip_step(SCOPING, "scoping", skip),)
    reasons = job.origin.reasons.get(address, ())
    return tuple(step(SCOPING, "scoping", "success", f"assigned: {why}", {"AssignmentReason": why}) for why in reasons)


def skip_step(name: str, kind: str, skip: Skip) -> Step:
    """Entra's code as its own log has it, and ours beside it."""
    return step(name, kind, "skipped", skip.reason, {"SkipReason": ENTRA.get(skip.code, FOLDED), "Code": skip.code})
