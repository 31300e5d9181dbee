"""Outcomes as records of the provisioning log, in the shape of Graph's provisioningObjectSummary. No I/O."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import replace
from typing import Any

from reconciler.apply.model import Job, Outcome
from reconciler.plan.change import Action, Change
from reconciler.plan.model import Skip

ACTIONS = {"enable": "update"}  # Graph knows no enable
KILLED = "done by a run that was killed before it could log it"
UNHEARD = "done by an earlier run, which got no answer: found by reading the service"
FOLDED = "NotEffectivelyEntitled"  # what Entra says of most of those who are left out (facts: provisioning.md §1.2)
ENTRA = {
    "OutOfScopingFilter": "EntrySynchronizationSkipped",
    "MatchingAttributeEmpty": "ImportSkipped",
    "DuplicateSource": "DuplicateSourceEntries",
}
Written = tuple[dict[str, Any], dict[str, Any] | None]  # the journal's lines of a step: before it, and of its outcome
Known = tuple[dict[str, Any], dict[str, Any]]
STATUSES = {"done": "success", "ignored": "warning", "skipped": "skipped"}


def log_lines(job: Job, outcome: Outcome, at: str, begun: Container[str]) -> list[dict[str, Any]]:
    """What was done to one object, `at` an ISO time, UTC; `begun` are the addresses of which a part, or all, was done.

    An account that was created is there: of a create that ended in part the rest is an update, as the next plan has it.
    """
    change = outcome.change
    ended = STATUSES.get(outcome.status, "failure") in ("success", "warning")
    if ended or change.action != "create" or change.address not in begun:
        return [_outcome_line(job, outcome, at)]
    wanted = job.record.entries.get(change.address, {}).get("wanted", {})
    rest = tuple(a for a in change.attributes if a.path not in wanted and not a.generated)
    made = replace(change, attributes=tuple(a for a in change.attributes if a not in rest))
    left = replace(change, action=Action.UPDATE, attributes=rest)
    line = _outcome_line(job, outcome._replace(change=left), at)
    return [_outcome_line(job, Outcome(made, "done"), at), line | {"id": f"{line['id']}/rest"}]


def _outcome_line(job: Job, outcome: Outcome, at: str) -> dict[str, Any]:
    change = outcome.change
    entry = job.record.entries.get(change.address)
    id = change.precondition.id if change.precondition else entry["id"] if entry else None
    properties = [(a.path, *a.shown()) for a in change.attributes]
    line = _line(job, change.address, change.action, STATUSES.get(outcome.status, "failure"), outcome.message, at, id, properties)
    skip, reasons = job.left_out.get(change.address), job.reasons.get(change.address, ())
    steps = [_step("EntrySynchronizationScoping", "scoping", skip)] if skip is not None else [_assigned(why) for why in reasons]
    return line | {"provisioningSteps": steps} if steps else line


def _assigned(reason: str) -> dict[str, Any]:
    """The reason that somebody gave for an assignment."""
    return {
        "name": "EntrySynchronizationScoping",
        "provisioningStepType": "scoping",
        "status": "success",
        "description": f"assigned: {reason}",
        "details": {"AssignmentReason": reason},
    }


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
    lines = []
    for change in held:
        id = change.precondition.id if change.precondition else None
        properties = [(a.path, *a.shown()) for a in change.attributes]
        lines.append(_line(job, change.address, "stageddelete", "skipped", why, at, id, properties))
    return [line | {"id": f"{line['id']}/staged"} for line in lines]


def _skipped(job: Job, skip: Skip, at: str) -> dict[str, Any]:
    entry = next((job.record.entries[name] for name in job.names(skip) if name in job.record.entries), None)
    line = _line(job, skip.address, "other", "skipped", skip.reason, at, entry["id"] if entry else None, ())
    line["provisioningStatusInfo"]["errorInformation"] |= {
        "errorCode": skip.code,
        "errorCategory": "nonServiceFailure",
        "recommendedAction": skip.remedy,
    }
    return line | {"provisioningSteps": [_step("EntrySynchronizationSkip", "export", skip)]}


def _step(name: str, kind: str, skip: Skip) -> dict[str, Any]:
    """Entra's code as its own log has it, and ours beside it."""
    return {
        "name": name,
        "provisioningStepType": kind,
        "status": "skipped",
        "description": skip.reason,
        "details": {"SkipReason": ENTRA.get(skip.code, FOLDED), "Code": skip.code},
    }


def recovered(job: Job, journal: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Records of what a killed run did and could not log: one an object, with the values that it wrote.

    A write whose outcome nobody heard counts as done where what is left to do for its object is not that write.
    """
    left = {change.address: change for change in job.changes}
    steps: dict[str, list[Written]] = {}
    for line in journal:
        address = line.get("address", "")
        if "step" in line:
            steps.setdefault(address, []).append((line, None))
        elif line.get("outcome") not in (None, "moved") and address in steps:
            steps[address][-1] = (steps[address][-1][0], line)
    told = {
        address: [(begun, _heard(job, begun, ended, left.get(address))) for begun, ended in written]
        for address, written in steps.items()
    }
    known = {address: [(begun, ended) for begun, ended in written if ended] for address, written in told.items()}
    return [_recovered(job, address, written, KILLED) for address, written in known.items() if written]


def heard(job: Job, but: Iterable[str]) -> list[dict[str, Any]]:
    """Records of what an earlier run sent without an answer, and the service shows as done; `but` are known otherwise."""
    left = {change.address: change for change in job.changes}
    writes = {address: {"address": address, **write} for address, write in job.record.heard.items() if address not in set(but)}
    done = {
        address: {"outcome": "done", "at": begun.get("at", "")}
        for address, begun in writes.items()
        if _is_done(job, begun, left.get(address))
    }
    lines = [_recovered(job, address, [(writes[address], ended)], UNHEARD) for address, ended in done.items()]
    return [line | {"id": f"{line['id']}/heard"} for line in lines]  # the failure of the same second has its own


def _heard(job: Job, begun: dict[str, Any], ended: dict[str, Any] | None, left: Change | None) -> dict[str, Any] | None:
    """The outcome of a step, as far as it is known; what was not heard of is known by what is left."""
    if (ended is None or ended.get("unanswered")) and _is_done(job, begun, left):
        return {"outcome": "done", "at": begun.get("at", "")}
    return ended


def _is_done(job: Job, begun: dict[str, Any], left: Change | None) -> bool:
    """Whether a step was done whose outcome nobody heard: the service has been read since, and `left` is what remains."""
    if begun.get("step") == "create":
        made = job.record.entries.get(begun.get("address", ""), {})
        return (left is None or left.action != "create") and bool(made.get("created"))
    if left is None:
        return True
    match begun.get("step"):
        case "delete":
            return left.action == "create"
        case "members out":
            return left.action != "create" and not left.remove
        case "members in":
            return left.action != "create" and not left.add
        case _:
            sent, before = begun.get("wanted", {}), {a.path: a.before for a in left.attributes}
            return left.action != "create" and all(path not in before or before[path] == value for path, value in sent.items())


def _recovered(job: Job, address: str, written: list[Known], why: str) -> dict[str, Any]:
    first, (begun, ended) = written[0][0], written[-1]
    secret = {slot.target for slot in job.resolution.mapping(address).slots if slot.hidden or slot.redacts}
    wanted = {path: value for line, _ in written for path, value in line.get("wanted", {}).items()}
    properties = [(path, None, "[Redact]" if path in secret else value) for path, value in wanted.items()]
    entry = ended.get("entry") or job.record.entries.get(address, {})
    status = STATUSES.get(ended["outcome"], "failure")
    return _line(
        job,
        address,
        first.get("action", "other"),
        status,
        why,
        ended.get("at") or begun.get("at", ""),
        first.get("id") or entry.get("id"),
        properties,
    )


def _line(
    job: Job, address: str, action: str, status: str, reason: str, at: str, id: str | None,
    properties: Iterable[tuple[str, Any, Any]],
) -> dict[str, Any]:  # fmt: skip
    return {
        "id": f"{at}/{address}",
        "activityDateTime": at,
        "provisioningAction": ACTIONS.get(action, action),
        "provisioningStatusInfo": {"status": status, "errorInformation": {"reason": reason}},
        "sourceIdentity": {"displayName": address},
        "targetIdentity": {"id": id},
        "targetSystem": {"displayName": job.app},
        "initiatedBy": {"displayName": job.occasion, "initiatorType": "system"},
        "modifiedProperties": [{"displayName": path, "oldValue": old, "newValue": new} for path, old, new in properties],
    }
