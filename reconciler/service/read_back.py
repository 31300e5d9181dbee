"""What the service shows of those who were put out, asked again; and when that was declared. Reads the service, asks git."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from reconciler.apply.model import Outcome
from reconciler.cycle.commit import revision
from reconciler.cycle.session import Session
from reconciler.declare.names import is_group
from reconciler.plan.live import project_users
from reconciler.record.here import ask
from reconciler.record.moments import FORM
from reconciler.scim.errors import ServiceError
from reconciler.service.failures import DONE

PUT_OUT = ("disable", "delete")


def read_back(session: Session, outcomes: Iterable[Outcome], clock: Callable[[], str]) -> tuple[str, list[Outcome]]:
    """(when the last of those who were put out was asked for again, those who are still active); empty where nobody was.

    Of whom the service says nothing, its answer to the write stands.
    """
    at, active = "", []
    for outcome in outcomes:
        change = outcome.change
        if outcome.status in DONE and change.action in PUT_OUT and change.precondition and not is_group(change.address):
            if _is_active(session, change.precondition.id):
                active.append(outcome)
            at = clock()
    return at, active


def _is_active(session: Session, id: str) -> bool:
    try:
        shown = session.client.get("Users", id)
    except ServiceError:
        return False
    mapping = session.planned.context.resolution.user_mapping
    return shown is not None and bool(project_users(mapping, [shown])[0].active)


def commit_of(folder: str) -> tuple[str, str]:
    """The commit that a folder's files come from, and its date, UTC; empty outside of a repository, or where files differ."""
    commit, dirty = revision(folder)
    if commit is None or dirty:
        return "", ""
    said = (ask("show", "--no-patch", "--format=%ct", commit) or "").strip()
    return commit, datetime.fromtimestamp(int(said), UTC).strftime(FORM) if said.isdigit() else ""
