"""What the service shows of those who were put out, asked again. Reads the service."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from reconciler.apply.model import Outcome
from reconciler.cycle.session import Session
from reconciler.declare.names import is_group
from reconciler.plan.change import Cause
from reconciler.plan.live import project_users
from reconciler.scim.errors import ServiceError
from reconciler.service.failures import DONE

PUT_OUT = ("disable", "delete")


def read_back(
    session: Session, outcomes: Iterable[Outcome], clock: Callable[[], str], stopped: Callable[[], bool]
) -> tuple[str, list[Outcome]]:
    """(when the last of those whom the declaration put out was asked for again, all who are still active).

    Of whom the service says nothing, and of whom nobody asks since it was `stopped`, its answer to the write stands. Whose last
    day has come was put out by no commit.
    """
    at, active = "", []
    for outcome in filter(_is_out, outcomes):
        if stopped():
            break
        change = outcome.change
        if change.precondition and _is_active(session, change.precondition.id):
            active.append(outcome)
        at = clock() if Cause.CONFIG in change.causes else at
    return at, active


def put_out(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Those of whom the declaration put out."""
    return [outcome for outcome in filter(_is_out, outcomes) if Cause.CONFIG in outcome.change.causes]


def _is_out(outcome: Outcome) -> bool:
    change = outcome.change
    is_done = outcome.status in DONE and change.action in PUT_OUT and change.precondition is not None
    return is_done and not is_group(change.address)


def _is_active(session: Session, id: str) -> bool:
    try:
        shown = session.client.get("Users", id)
    except ServiceError:
        return False
    mapping = session.planned.context.resolution.user_mapping
    return shown is not None and bool(project_users(mapping, [shown])[0].active)
