"""What happened that is no object, told in the log: applied plans, approvals, safeguards, revocations, locks, commands.

Writes the log. A record here is of a deed or a refusal; a look at something is none.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from reconciler.apply.model import Job, Result
from reconciler.cycle.clock import now
from reconciler.cycle.origin import starter
from reconciler.cycle.session import Session
from reconciler.declare.model import App, Approval
from reconciler.declare.names import STRANGER, is_user, user_address
from reconciler.declare.wording import plural
from reconciler.plan.safeguards.model import NEVER_LIFTED, Safeguard
from reconciler.record.entries import Entry, is_active
from reconciler.record.log.audit import Kind, audit_record
from reconciler.record.log.chain import Link
from reconciler.record.store import Store

REVOKE = "revoke: "  # how the occasion of a revocation begins; the reason follows


class Told(NamedTuple):
    """A record to be: `result` is empty where its kind says it."""

    kind: Kind
    reason: str
    details: Mapping[str, Any]
    result: str = ""


def tell(
    store: Store, kind: Kind, reason: str, details: Mapping[str, Any] | None = None, *, cycle: str = "", result: str = ""
) -> None:
    """One record more in the app's log, begun by whoever began this process. Raises RecordError."""
    began = starter(os.environ)
    store.log([audit_record(kind, store.app, now(), reason, starter=began, cycle=cycle, result=result, details=details)])


class Settings(NamedTuple):
    """Keys of the configuration that are others than at the last write; of roles that were renamed what each was before."""

    keys: list[str]
    renamed: Mapping[str, str]


def tell_write(
    store: Store, job: Job, result: Result, asked: Iterable[str], before: Collection[str], settings: Settings, at: str
) -> None:
    """What a write came to, beside its objects.

    `asked` are the addresses that were asked for, if not all, `before` those who were revoked before it; `at` is when it ended,
    UTC. Raises RecordError.
    """
    what = [*_of_write(job, result, before, asked if job.occasion.startswith(REVOKE) else ())]
    if keys := settings.keys:
        number = "1 key is" if len(keys) == 1 else f"{len(keys)} keys are"
        details = {"keys": keys, **({"renamedRoles": dict(settings.renamed)} if settings.renamed else {})}
        what = [Told(Kind.CONFIGURATION_CHANGED, f"{number} other than before", details), *what]
    origin = job.origin
    store.log(
        [
            audit_record(
                item.kind, job.app, at, item.reason, starter=origin.starter, cycle=origin.cycle, result=item.result,
                details=item.details, more=origin.as_json(),
            )
            for item in what
        ]
    )  # fmt: skip


def _of_write(job: Job, result: Result, before: Collection[str], out: Iterable[str]) -> Iterator[Told]:
    reason = job.occasion.removeprefix(REVOKE)
    called = {change.address: user_address(change.name) for change in job.changes if change.address.startswith(STRANGER)}
    for who in out:
        account = {"account": called[who]} if who in called else {}
        yield Told(Kind.REVOKED, f"{who}: {reason}", {"address": who, **account, "reason": reason})
    for who in sorted(_lifted(job, before)):
        yield Told(Kind.REVOCATION_LIFTED, f"{who}: the declaration agrees now", {"address": who})
    if result.outcomes or result.adopted:
        for item in job.origin.approvals:
            yield Told(Kind.APPROVAL_USED, f"{item['safeguard']}: {item['reason']}", item)
        yield _applied(job, result)


def _applied(job: Job, result: Result) -> Told:
    done = _counted(job, result)
    words = [f"{count} {status}" for status, count in done["outcomes"].items()]
    words += [f"{len(result.adopted)} adopted"] if result.adopted else []
    return Told(Kind.PLAN_APPLIED, ", ".join(words), done, "success" if result.complete else "failure")


def _lifted(job: Job, before: Collection[str]) -> set[str]:
    renamed = {old for new, old in job.inputs.renamed.items() if new in job.record.revoked}
    return {address for address in before if address not in job.record.revoked} - renamed


def _counted(job: Job, result: Result) -> dict[str, Any]:
    pulls = sorted({job.origin.pulls[c.digest] for c in job.changes if c.digest in job.origin.pulls})
    counts = Counter(outcome.status for outcome in result.outcomes)
    found = {"occasion": job.occasion, "outcomes": dict(sorted(counts.items())), "adopted": len(result.adopted)}
    return {**found, "interrupted": result.interrupted, **({"pullRequests": pulls} if pulls else {})}


def tell_blocked(session: Session, verdicts: Iterable[Safeguard], cycle: str = "") -> None:
    """Which safeguards held back what was to be written, and which approvals did not help. Raises RecordError."""
    plan, today, began = session.planned.plan, now()[:10], starter(os.environ)
    told = [item for verdict in verdicts for item in _of_verdict(session, verdict, today)]
    more = {"planDigest": plan.digest}
    session.store.log(
        [
            audit_record(item.kind, plan.app, now(), item.reason, starter=began, cycle=cycle, details=item.details, more=more)
            for item in told
        ]
    )


def _of_verdict(session: Session, verdict: Safeguard, today: str) -> Iterator[Told]:
    details = {"safeguard": verdict.name, "detail": verdict.detail, "changes": len(session.planned.plan.changes)}
    yield Told(Kind.SAFEGUARD_BLOCKED, f"{verdict.name}: {verdict.detail}", details)
    for item, why in _refused(session.app, verdict.name, today):
        place = {"file": item.place.file, "line": item.place.line}
        what = {"safeguard": item.safeguard, "plan": item.plan, "reason": item.reason, "why": why, **place}
        words = f"the approval of {item.safeguard} at {item.place.file}:{item.place.line} did nothing: {why}"
        yield Told(Kind.APPROVAL_REFUSED, words, what)


def _refused(app: App, safeguard: str, today: str) -> Iterator[tuple[Approval, str]]:
    for item in app.approvals:
        if item.safeguard == safeguard:
            yield item, _why(item, app, today)


def _why(item: Approval, app: App, today: str) -> str:
    if item.safeguard in NEVER_LIFTED:
        return "no approval lifts it"
    if item.expires is not None and item.expires < today:
        return f"it expired on {item.expires}"
    if app.safeguards.separate and item.came != "alone":
        return "it did not come in a change of its own"
    return "it is for another plan, or not for all of this one"


def tell_command(store: Store, command: str, words: str, details: Mapping[str, Any] | None = None) -> None:
    """`command` is one of `reconcile record`, without that. Raises RecordError."""
    tell(store, Kind.RECORD_COMMAND, words, {"command": command, **(details or {})})


def tell_forgotten(store: Store, address: str, entry: Entry) -> None:
    """An object was taken out of the record; who was kept out without a declaration no longer is. Raises RecordError.

    What the record knew of access goes into the log, which may tell less of it: it can be pruned.
    """
    inside = [*entry.get("members", ()), *entry.get("kept", ())]
    known = {"id": entry["id"], "roles": entry.get("roles", []), "members": inside}
    held: dict[str, Any] = {name: value for name, value in known.items() if value}
    if is_user(address) and ("disabledAt" in entry or not entry.get("retained")):  # of who was left as they were nobody knows
        held["active"] = is_active(entry)
    tell_command(store, "forget", f"{address} was taken out of the record", {"address": address, "held": held})
    if address.startswith(STRANGER):
        tell(store, Kind.REVOCATION_LIFTED, f"{address}: it was taken out of the record", {"address": address})


def tell_trusted(store: Store, head: str, lost: Collection[str] = ()) -> None:
    """A head was accepted although it is not signed as it should be, or lacks these that were known. Raises RecordError."""
    words = f"{head} was accepted as it is, although history is lost or it is not signed as it should be"
    tell_command(store, "trust", words, {"head": head, **({"insteadOf": list(lost)} if lost else {})})


def prune_log(store: Store, month: str) -> int:
    """Cut the log before that month (YYYY-MM), leaving a record of what was cut; returns how many records. Raises RecordError."""
    began = starter(os.environ)

    def summary(count: int, last: Link) -> dict[str, Any]:
        details = {"records": count, "number": last.number, "hash": last.hash, "before": month}
        words = f"{plural(count, 'record')} from before {month} cut, up to number {last.number}"
        return audit_record(Kind.PRUNED, store.app, now(), words, starter=began, details=details)

    with store.lock("reconcile record prune", now()):
        return store.prune_log(month, summary)
