"""What an apply leaves in escrow where a running service looks after the app, as a cycle does. Writes the record.

So the next cycle tries it again when it is due, also one for some causes alone: it was reviewed, or nobody would have applied it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.apply.model import Outcome, Result
from reconciler.cycle.session import Session
from reconciler.record.service import Service
from reconciler.service import figures
from reconciler.service.choice import declared_digest
from reconciler.service.failures import failure_of, has_failed
from reconciler.service.figures import Work


def enter_escrow(session: Session, result: Result, now: str) -> None:
    """After the apply's own changes to the record, under its lock. What it did not touch waits as it did. Raises RecordError."""
    record = session.record
    if record is None or "cycle" not in record.service:
        return
    before, resolution = record.service.get("escrows", {}), session.planned.context.resolution
    failed = tuple(failure_of(outcome) for outcome in result.outcomes if has_failed(outcome, result.interrupted))
    lacking = tuple(failure_of(outcome) for outcome in _lacking(result.outcomes, {failure.address for failure in failed}))
    failures = (*failed, *lacking)
    digests = {failure.address: declared_digest(resolution, failure.address) for failure in failures}
    work = Work(tuple(result.outcomes), failures, frozenset(before), digests)
    escrows = figures.escrows_after(before, work, now)
    for failure in lacking:  # it waits for the other object, not for a time
        escrows[failure.address]["next"] = now
    if escrows != before:
        service: Service = {**record.service}
        figures.put(service, "escrows", escrows)
        record.keep_service(service)
        session.store.save(record)


def _lacking(outcomes: Iterable[Outcome], failed: set[str]) -> Iterator[Outcome]:
    """What was left since it refers to somebody who failed: a group's new member, somebody's manager."""
    for outcome in outcomes:
        change = outcome.change
        if outcome.status == "skipped" and not failed.isdisjoint(
            (*change.add, *(a.after for a in change.attributes if a.reference))
        ):
            yield outcome
