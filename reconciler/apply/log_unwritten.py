"""Objects to which nothing was written in, records of the provisioning log out (log_shape.py). No I/O.

They were there before and are ours now, were found as they should be, have other roles, are left out, or are held back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from reconciler.apply.log import is_declared, roles_told, scoping, skip_step
from reconciler.apply.log_shape import (
    IMPORT,
    SCOPING,
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
from reconciler.apply.model import Job
from reconciler.declare.names import is_group, is_user
from reconciler.plan.change import Cause, Change
from reconciler.plan.model import Skip
from reconciler.record.entries import Entry, is_active

SKIP = "EntrySynchronizationSkip"


def adopted_lines(job: Job, addresses: Iterable[str], at: str) -> list[dict[str, Any]]:
    """Records of accounts and groups that were there, and are ours from now on without having been written to."""
    return [_adopted(job, address, at) for address in addresses]


def _adopted(job: Job, address: str, at: str) -> dict[str, Any]:
    entry = job.record.entries[address]
    inside = (modified("members", [], list(entry["members"])),) if entry.get("members") else ()
    roles = roles_told(job, address, (), entry)
    reason = "matched an account that was there; nothing was written"
    place = declared_at(job, address)
    steps = steps_unwritten(place[0], scoping(job, address), f"matched {entry['id']}", "adopt")
    facts = Facts(job.app, job.occasion, job.origin, at, address, "adopt", "success", reason, entry["id"], "adopted")
    held = job.inputs.held.get(address, ())
    return record_of(replace(facts, properties=inside, before=steps, roles=roles, held=held, place=place))


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
    left_out = scoping(job, address) or (step(SCOPING, "scoping", "success", "no longer wanted"),)
    steps = steps_unwritten(declared_at(job, address)[0], left_out, f"found {what}: {entry['id']}", action)
    return record_of(replace(facts, before=steps, roles=roles, found=True, read_back="asWritten", causes=(Cause.DRIFT,)))


def regiven_lines(job: Job, before: Mapping[str, list[str]], at: str) -> list[dict[str, Any]]:
    """Records of people whose roles are others than `before` (keys), though nothing was written to their account."""
    found = ((address, job.record.entries.get(address), roles) for address, roles in before.items())
    return [
        _regiven(job, a, entry, roles, at) for a, entry, roles in found if entry and set(entry.get("roles", ())) != set(roles)
    ]


def _regiven(job: Job, address: str, entry: Entry, before: list[str], at: str) -> dict[str, Any]:
    roles = roles_told(job, address, dict.fromkeys((*before, *job.inputs.left.get(address, ()))), entry)
    rows = tuple(row for row in job.inputs.regiven.get(address, ()) if row.gains or row.what not in roles.staying)
    reason = "other roles by the declaration; nothing had to be written to the account"
    if stay := [row.what for row in job.inputs.regiven.get(address, ()) if row not in rows]:
        reason += f": {', '.join(stay)} not assigned any more, and stays, as the mapping only adds"
    facts = Facts(job.app, job.occasion, job.origin, at, address, "update", "success", reason, entry["id"], "roles")
    # Where the service shows roles it has shown these: nobody knows since when. A role with a new name is the same one.
    found = bool(job.shown_roles) and is_declared(job, before)
    causes, place = _causes(job, address, {*before} ^ {*entry.get("roles", ())}), declared_at(job, address)
    steps = steps_unwritten(place[0], scoping(job, address), f"matched {entry['id']}", "update")
    return record_of(replace(facts, before=steps, roles=roles, rows=rows, causes=causes, place=place, found=found))


def _causes(job: Job, address: str, moved: Iterable[str]) -> tuple[Cause, ...]:
    """Why roles, by their keys, came or went: `time` where an assignment expired, else the declaration."""
    user = job.resolution.users.get(address)
    lapsed = {role.key for role in user.lapsed} if user is not None else set()
    found = {Cause.TIME if key in lapsed else Cause.CONFIG for key in moved}
    return tuple(cause for cause in Cause if cause in found)


def declared_at(job: Job, address: str) -> tuple[str, int]:
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
            before=steps_before(change, scoping(job, change.address)),
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
    return record_of(replace(facts, before=(*_left_out(skip), skip_step(SKIP, "export", skip)), information=information))


def _left_out(skip: Skip) -> tuple[Step, ...]:
    """The steps of who is left out until that was known: without a matching value nobody asks whether they are in scope."""
    if skip.code == "MatchingAttributeEmpty":
        return (skip_step(IMPORT, "import", skip),)
    read = step(IMPORT, "import", "success", "declared")
    if skip.code == "DuplicateSource":
        return read, step(SCOPING, "scoping", "success", "in scope"), skip_step(IMPORT, "matching", skip)
    return read, skip_step(SCOPING, "scoping", skip)
