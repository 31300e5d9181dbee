"""What an earlier run did and could not log, being killed or without an answer, as records of the log. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, cast

from reconciler.apply.log import STATUSES, roles_told, secret_targets
from reconciler.apply.log_shape import (
    READ_BACK,
    Export,
    Facts,
    modified,
    record_of,
)
from reconciler.apply.log_unwritten import declared_at
from reconciler.apply.model import Job
from reconciler.apply.origin import Origin
from reconciler.apply.steps import StepKind
from reconciler.declare.names import fold, is_group
from reconciler.plan.change import REDACTED, Action, Change
from reconciler.plan.role_names import named
from reconciler.record.entries import Entry

KILLED = "done by a run that was killed before it could log it"
UNHEARD = "done by an earlier run, which got no answer: found by reading the service"
LATE = "found by reading the service: an earlier run was about to do it; nobody knows whether it or somebody else did, nor when"
Written = tuple[dict[str, Any], dict[str, Any] | None]  # the journal's lines of a step: before it, and of its outcome
Known = tuple[dict[str, Any], dict[str, Any]]


def beginning(job: Job) -> dict[str, Any]:
    """What a run's first line in the journal says beside its own: what its records of the log say alike, and why things change.

    `causes` are those of most changes, `otherwise` those of each other one by its address; `declared` is the digest of the
    declarations.
    """
    origin, counted = job.origin, Counter(change.causes for change in job.changes)
    most = max(counted, key=counted.__getitem__, default=())
    said = {**origin.as_json(), "approvals": [dict(item) for item in origin.approvals], "pulls": dict(origin.pulls)}
    others = {change.address: list(change.causes) for change in job.changes if change.causes != most}
    alike = {name: value for name, value in said.items() if value}
    declared = job.resolution.declarations.digest
    return {"origin": alike, "causes": list(most), "otherwise": others, "declared": declared}


def recovered(job: Job, journal: Iterable[dict[str, Any]], now: str) -> list[dict[str, Any]]:
    """Records of what a killed run did and could not log: one an object, with the values that it wrote.

    A write whose outcome nobody heard counts as done where what is left to do for its object is not that write.
    """
    left = {change.address: change for change in job.changes}
    steps: dict[str, list[Written]] = {}
    journal = list(journal)
    begun_by = {line.get("cycle", ""): line for line in journal if "origin" in line}
    for line in journal:
        address = line.get("address", "")
        if "step" in line:
            steps.setdefault(address, []).append((line, None))
        elif line.get("outcome") not in (None, "moved") and address in steps:
            steps[address][-1] = (steps[address][-1][0], line)
    told = {
        address: [(begun, _heard(job, begun, ended, left.get(address), now)) for begun, ended in written]
        for address, written in steps.items()
    }
    known = {address: [(begun, ended) for begun, ended in written if ended] for address, written in told.items()}
    return [_recovered(job, address, written, KILLED, begun_by) for address, written in known.items() if written]


def heard(job: Job, but: Iterable[str], now: str) -> list[dict[str, Any]]:
    """Records of what an earlier run sent without an answer, and the service shows as done; `but` are known otherwise."""
    left = {change.address: change for change in job.changes}
    writes = {address: {"address": address, **write} for address, write in job.record.heard.items() if address not in set(but)}
    done = {address: _as_found(begun, now) for address, begun in writes.items() if _is_done(job, begun, left.get(address))}
    return [_recovered(job, address, [(writes[address], ended)], UNHEARD, {}, "heard") for address, ended in done.items()]


def _heard(job: Job, begun: dict[str, Any], ended: dict[str, Any] | None, left: Change | None, now: str) -> dict[str, Any] | None:
    """The outcome of a step, as far as it is known; what was not heard of is known by what is left."""
    if (ended is None or ended.get("unanswered")) and _is_done(job, begun, left):
        return _as_found(begun, now)
    return ended


def _as_found(begun: Mapping[str, Any], now: str) -> dict[str, Any]:
    """The outcome of a write that nobody heard of, as the service shows it; days later anybody may have done it, at any time."""
    at = begun.get("at", "")
    return {"outcome": "done", "at": at} if at[:10] >= now[:10] else {"outcome": "done", "at": now, "late": True}


def _is_done(job: Job, begun: dict[str, Any], left: Change | None) -> bool:
    """Whether a step was done whose outcome nobody heard: the service has been read since, and `left` is what remains."""
    if begun.get("step") == StepKind.CREATE:
        made = job.record.entries.get(begun.get("address", ""), {})
        return (left is None or left.action != Action.CREATE) and bool(made.get("created"))
    if left is None:
        return True
    match begun.get("step"):
        case StepKind.DELETE:
            return left.action == Action.CREATE
        case StepKind.MEMBERS_OUT:
            return left.action != Action.CREATE and not left.remove
        case StepKind.MEMBERS_IN:
            return left.action != Action.CREATE and not left.add
        case _:
            sent, before = begun.get("wanted", {}), {a.path: a.before for a in left.attributes}
            return left.action != Action.CREATE and all(
                path not in before or before[path] == value for path, value in sent.items()
            )


def _recovered(
    job: Job, address: str, written: list[Known], why: str, runs: Mapping[str, Mapping[str, Any]], part: str = ""
) -> dict[str, Any]:
    """`runs` are the journal's lines of the runs that did it, by cycle."""
    first, (begun, ended) = written[0][0], written[-1]
    secret = secret_targets(job, address)
    wanted = {path: value for line, _ in written for path, value in line.get("wanted", {}).items()}
    values = tuple(modified(path, None, REDACTED if path in secret else value) for path, value in wanted.items())
    before = None if first.get("roles") is None and first.get("step") != StepKind.CREATE else first.get("roles") or []
    entry = ended.get("entry") or _as_shown(job, address, job.record.entries.get(address, {}), wanted)
    run = runs.get(begun.get("cycle", ""), {})
    roles = roles_told(job, address, before, entry)
    moves = {address: (before, entry.get("roles", ()))} if before is not None and address in job.resolution.users else {}
    same = run.get("declared") == job.resolution.declarations.digest  # else the lines of today are not those of then
    rows = job.rows_of(moves) if same and job.rows_of is not None else {}
    return record_of(
        Facts(
            app=job.app,
            occasion=job.occasion if not begun.get("cycle") else "",
            origin=_origin(job, begun, run.get("origin", {})),
            at=ended.get("at") or begun.get("at", ""),
            address=address,
            action=first.get("action", "other"),
            status=STATUSES.get(ended["outcome"], "failure"),
            reason=LATE if ended.get("late") else why,
            id=first.get("id") or entry.get("id"),
            part=part,
            properties=(*values, *_members(written)),
            exports=tuple(Export(line["step"], STATUSES.get(end["outcome"], "failure")) for line, end in written),
            read_back=READ_BACK.get(ended["outcome"], "unknown"),
            roles=roles,
            rows=rows.get(address, ()),
            causes=tuple(run.get("otherwise", {}).get(address) or run.get("causes", ())),
            place=declared_at(job, address) if same else ("", 0),
            digest=first.get("digest", ""),
            found=bool(ended.get("late")),
        )
    )


def _origin(job: Job, begun: Mapping[str, Any], said: Mapping[str, Any]) -> Origin:
    """Of the run that did it, as far as its journal says so."""
    now = job.origin
    return Origin(
        begun.get("cycle", ""),
        starter=said.get("startedBy", {}),
        plan=said.get("planDigest", ""),
        commit=said.get("commit"),
        dirty=said.get("dirty", False),
        display_name=now.display_name,
        base_url=now.base_url,
        profile=now.profile,
        approvals=tuple(said.get("approvals", ())),
        pulls=said.get("pulls", {}),
        tenant=now.tenant,
    )


def _as_shown(job: Job, address: str, entry: Mapping[str, Any], wanted: Mapping[str, Any]) -> Entry:
    """The entry with the roles that the writes have told the service, or that it has shown since: the record has them only once
    the run that looks has ended.
    """
    account = job.inputs.live.of(address).get(entry.get("id", ""))
    slots = job.resolution.mapping(address).slots
    carrying = [(number, slot.target) for number, slot in enumerate(slots) if slot.carries_roles]
    if is_group(address) or account is None or not account.active or not carrying:
        return cast(Entry, entry)
    values = (wanted.get(target, account.values[number]) for number, target in carrying)
    names = {name: text for value in values for name, text in named(value).items()}
    known = {fold(role.value): key for key, role in job.resolution.limited.app.roles.items()}
    return cast(Entry, {**entry, "roles": [known.get(name, text) for name, text in names.items()]})


def _members(written: Iterable[Known]) -> tuple[dict[str, Any], ...]:
    """Those who were taken out and those who were put in by the steps that were done."""
    done = [line for line, ended in written if STATUSES.get(ended["outcome"]) in ("success", "warning")]
    out, into = ([member for line in done for member in line.get(side, ())] for side in ("removed", "added"))
    return (modified("members", out, into),) if out or into else ()
