"""What a safeguard holds back of a cycle: a guarded session and what would be written in, what may be and what waits out."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.apply.log_unwritten import staged_lines
from reconciler.apply.model import Job
from reconciler.cycle.audited import tell_blocked
from reconciler.cycle.session import Session
from reconciler.plan.change import Cause, Change
from reconciler.service.choice import Choice

Changes = tuple[Change, ...]


def allowed(session: Session, choice: Choice) -> tuple[Changes, Changes]:
    """(what is written, what a safeguard holds back)."""
    if not session.guarded.blocking:
        return choice.write, ()
    goes_on = session.app.safeguards.onBlocked == "continue" or session.planned.plan.selected_causes == (Cause.TIME,)
    passing = session.guarded.passing if goes_on else ()
    digests = {change.digest for change in passing}
    return passing, tuple(change for change in choice.write if change.digest not in digests)


def log_held(session: Session, fresh: Iterable[Change], job: Job, cycle: str, now: str) -> None:
    """What is held back anew, once; `cycle` is the id of the cycle. Writes the log."""
    tell_blocked(session, session.guarded.blocking, cycle)
    why = "; ".join(f"held back by {item.name}: {item.detail}" for item in session.guarded.blocking)
    session.store.log(staged_lines(job, fresh, why, now))
