"""Outcomes as records of the provisioning log (log_shape.py). No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from reconciler.apply.log_shape import (
    IMPORT,
    READ_BACK,
    SCOPING,
    Export,
    Facts,
    Step,
    members,
    modified,
    properties,
    record_of,
    step,
    steps_before,
    steps_unwritten,
)
from reconciler.apply.model import Job, Outcome
from reconciler.apply.steps import StepKind
from reconciler.declare.names import STRANGER, is_group, is_user, user_address
from reconciler.plan.change import REDACTED, Action, AttributeChange, Cause, Change
from reconciler.plan.model import Access, Skip
from reconciler.record.entries import Entry, is_active

SECRET = "RandomString("  # of the functions whose values only an apply makes the one that makes passwords
FOLDED = "NotEffectivelyEntitled"  # what Entra says of most of those who are left out (facts: provisioning.md §1.2)
ENTRA = {
    "OutOfScopingFilter": "EntrySynchronizationSkipped",
    "MatchingAttributeEmpty": "ImportSkipped",
    "DuplicateSource": "DuplicateSourceEntries",
}
SKIP = "EntrySynchronizationSkip"
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
            before=steps_before(change, _scoping(job, change.address)),
            exports=went.exports,
            read_back=read_back,
            roles=roles_told(job, change.address, went.roles_before, entry) if not stranger else _of_stranger(rows, outcome),
            rows=rows,
            causes=change.causes,
            place=(change.file, change.line),
            digest=change.digest,
            adopts=change.adopts,
        )
    )


def _of_stranger(rows: Iterable[Access], outcome: Outcome) -> tuple[list[str] | None, list[str] | None]:
    """The roles of an account that nobody declared, of which the record knows none: those that the service showed."""
    before = [row.what for row in rows if row.kind == "role" and not row.gains]
    return before, [] if outcome.status in ("done", "ignored") else before


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


def roles_told(
    job: Job, address: str, before: Iterable[str] | None, entry: Entry | None
) -> tuple[list[str] | None, list[str] | None]:
    """The names of the roles that somebody had, and has; a group has none, it gives some."""
    if is_group(address):
        return None, None
    after = None if entry is None and before is None else list((entry or {}).get("roles", ()))
    return None if before is None else _named(job, before), None if after is None else _named(job, after)


def _named(job: Job, keys: Iterable[str]) -> list[str]:
    known = job.resolution.limited.app.roles
    return [known[key].displayName if key in known else key for key in keys]


def _scoping(job: Job, address: str) -> tuple[Step, ...]:
    """Why somebody is left out; else the reasons that somebody gave for the assignments."""
    if (skip := job.left_out.get(address)) is not None:
        return (_step(SCOPING, "scoping", skip),)
    reasons = job.origin.reasons.get(address, ())
    return tuple(step(SCOPING, "scoping", "success", f"assigned: {why}", {"AssignmentReason": why}) for why in reasons)


def adopted_lines(job: Job, addresses: Iterable[str], at: str) -> list[dict[str, Any]]:
    """Records of accounts and groups that were there, and are ours from now on without having been written to."""
    return [_adopted(job, address, at) for address in addresses]


def _adopted(job: Job, address: str, at: str) -> dict[str, Any]:
    entry = job.record.entries[address]
    inside = (modified("members", [], list(entry["members"])),) if entry.get("members") else ()
    roles = roles_told(job, address, (), entry)
    reason = "matched an account that was there; nothing was written"
    place = _declared_at(job, address)
    steps = steps_unwritten(place[0], _scoping(job, address), f"matched {entry['id']}", "adopt")
    facts = Facts(job.app, job.occasion, job.origin, at, address, "adopt", "success", reason, entry["id"], "adopted")
    return record_of(replace(facts, properties=inside, before=steps, roles=roles, place=place))


def found_out(job: Job) -> dict[str, Entry]:
    """Who was to go and is found disabled or deleted by hand, and what the record says of them until now."""
    inputs, live = job.inputs, job.inputs.live
    released = (a for a, base in inputs.baselines.items() if base.get("retained"))
    known = ((a, job.record.entries.get(inputs.renamed.get(a, a))) for a in released if live.knows(a) and a not in live.unknown)
    return {a: Entry(**entry) for a, entry in known if entry is not None and is_active(entry) and not _is_there(job, a, entry)}


def _is_there(job: Job, address: str, entry: Entry) -> bool:
    """Whether the service shows it, and as active."""
    account = job.inputs.live.of(address).get(entry["id"])
    return account is not None and (is_group(address) or account.active)


def found_lines(job: Job, before: Mapping[str, Entry], at: str) -> list[dict[str, Any]]:
    """Records of them; nothing was written, and since when it is so nobody knows."""
    return [_found(job, address, entry, at) for address, entry in before.items()]


def _found(job: Job, address: str, entry: Entry, at: str) -> dict[str, Any]:
    action, what = ("disable", "disabled") if entry["id"] in job.inputs.live.of(address) else ("delete", "deleted")
    reason = f"no longer wanted, and found {what} on the service: somebody did it by hand; nothing was written"
    facts = Facts(job.app, job.occasion, job.origin, at, address, action, "success", reason, entry["id"], "found")
    roles = roles_told(job, address, entry.get("roles", ()), Entry(id=entry["id"]))
    left_out = _scoping(job, address) or (step(SCOPING, "scoping", "skipped", "no longer wanted"),)
    steps = steps_unwritten(_declared_at(job, address)[0], left_out, f"found {what}: {entry['id']}", action)
    return record_of(replace(facts, before=steps, roles=roles, found=True, read_back="asWritten", causes=(Cause.DRIFT,)))


def regiven_lines(job: Job, before: Mapping[str, list[str]], at: str) -> list[dict[str, Any]]:
    """Records of people whose roles are others than `before` (keys), though nothing was written to their account."""
    found = ((address, job.record.entries.get(address), roles) for address, roles in before.items())
    return [
        _regiven(job, a, entry, roles, at) for a, entry, roles in found if entry and set(entry.get("roles", ())) != set(roles)
    ]


def _regiven(job: Job, address: str, entry: Entry, before: list[str], at: str) -> dict[str, Any]:
    reason = "other roles by the declaration; nothing had to be written to the account"
    facts = Facts(job.app, job.occasion, job.origin, at, address, "update", "success", reason, entry["id"], "roles")
    rows = job.inputs.regiven.get(address, ())
    roles = roles_told(job, address, before, entry)
    causes, place = _causes(job, address, {*before} ^ {*entry.get("roles", ())}), _declared_at(job, address)
    steps = steps_unwritten(place[0], _scoping(job, address), f"matched {entry['id']}", "update")
    return record_of(replace(facts, before=steps, roles=roles, rows=rows, causes=causes, place=place))


def _causes(job: Job, address: str, moved: Iterable[str]) -> tuple[Cause, ...]:
    """Why roles, by their keys, came or went: `time` where an assignment expired, else the declaration."""
    user = job.resolution.users.get(address)
    lapsed = {role.key for role in user.lapsed} if user is not None else set()
    found = {Cause.TIME if key in lapsed else Cause.CONFIG for key in moved}
    return tuple(cause for cause in Cause if cause in found)


def _declared_at(job: Job, address: str) -> tuple[str, int]:
    """The file and the line that declare a user or a group."""
    declared = job.resolution.users if is_user(address) else job.resolution.groups
    if (item := declared.get(address)) is None:
        return "", 0
    table = job.resolution.table(address)
    return table.files[item.row], table.lines[item.row]


def new_skips(job: Job) -> list[Skip]:
    """Who is left out and has no record of it yet, with this code.

    Of those who are not assigned only the ones that we have provisioned: of others Entra hears nothing either.
    """
    record = job.record
    return [
        skip
        for skip in job.skipped
        if record.skips.get(skip.address) != skip.code
        and (skip.code != "NotAssigned" or skip.address in record.skips or job.names(skip) & record.entries.keys())
    ]


def skip_lines(job: Job, skips: Iterable[Skip], at: str) -> list[dict[str, Any]]:
    """Records of who is left out; whoever is in the changes has a record of that."""
    changing = {change.address for change in job.changes}
    return [_skipped(job, skip, at) for skip in skips if not changing & job.names(skip)]


def staged_lines(job: Job, held: Iterable[Change], why: str, at: str) -> list[dict[str, Any]]:
    """Records of what a safeguard holds back, as Graph calls it; `why` says which and how it is let through."""
    return [_staged(job, change, why, at) for change in held]


def _staged(job: Job, change: Change, why: str, at: str) -> dict[str, Any]:
    id = change.precondition.id if change.precondition else None
    facts = Facts(job.app, job.occasion, job.origin, at, change.address, "stageddelete", "skipped", why, id, "staged")
    return record_of(
        replace(
            facts,
            name=change.name,
            properties=(*properties(change.attributes), *members(change)),
            before=steps_before(change, _scoping(job, change.address)),
            causes=change.causes,
            place=(change.file, change.line),
            digest=change.digest,
            read_back="notWritten",
        )
    )


def _skipped(job: Job, skip: Skip, at: str) -> dict[str, Any]:
    entry = next((job.record.entries[name] for name in job.names(skip) if name in job.record.entries), None)
    id = entry["id"] if entry else None
    facts = Facts(job.app, job.occasion, job.origin, at, skip.address, "skip", "skipped", skip.reason, id, "skipped")
    information = {"errorCode": skip.code, "errorCategory": "nonServiceFailure", "recommendedAction": skip.remedy}
    return record_of(replace(facts, before=(*_left_out(skip), _step(SKIP, "export", skip)), information=information))


def _left_out(skip: Skip) -> tuple[Step, ...]:
    """The steps of who is left out until that was known: without a matching value nobody asks whether they are in scope."""
    if skip.code == "MatchingAttributeEmpty":
        return (_step(IMPORT, "import", skip),)
    read = step(IMPORT, "import", "success", "declared")
    if skip.code == "DuplicateSource":
        return read, step(SCOPING, "scoping", "success", "in scope"), _step(IMPORT, "matching", skip)
    return read, _step(SCOPING, "scoping", skip)


def _step(name: str, kind: str, skip: Skip) -> Step:
    """Entra's code as its own log has it, and ours beside it."""
    return step(name, kind, "skipped", skip.reason, {"SkipReason": ENTRA.get(skip.code, FOLDED), "Code": skip.code})
