"""Reviewed plans and an app read anew in, what is left to be written of them out. Asks the store whether the record descends."""

from __future__ import annotations

from typing import NamedTuple

from reconciler.cycle.minimal import minimal_read
from reconciler.cycle.read import read_live
from reconciler.cycle.session import Read, Session
from reconciler.cycle.trusted import is_trusted_instead
from reconciler.declare.warned import Warned
from reconciler.plan.access.rows import access
from reconciler.plan.change import Change
from reconciler.plan.model import Plan
from reconciler.plan.reviewed.compare import Moved, compare, unseen
from reconciler.plan.selection import Selection
from reconciler.record.log.chain import Link
from reconciler.record.log.known import LOST
from reconciler.record.model import Record
from reconciler.record.store import RecordError, Store
from reconciler.record.unfinished import Unfinished


class Left(NamedTuple):
    """What reviewed plans of one app leave to be done, unless something `moved`; `beyond` was in none of them.

    `warnings` are those of the fresh plan beside what safeguards say.
    """

    moved: list[Moved]
    todo: tuple[Change, ...] = ()
    done: tuple[str, ...] = ()
    beyond: tuple[Change, ...] = ()
    warnings: tuple[Warned, ...] = ()


def left_of(session: Session, reviewed: list[Plan]) -> Left:
    """Compare the plans of one app with what is planned now. Raises RecordError where the record was rewritten since."""
    plan, record = session.planned.plan, session.record
    elsewhere = {item.base_url for item in reviewed} - {plan.base_url}
    if elsewhere:
        how = [f"tenantUrl was {url} and is now {plan.base_url}" for url in sorted(elsewhere)]
        return Left([moved("App/" + plan.app, *how)])
    for item in reviewed:
        known_record(session.store, item)
    begun = Unfinished(record or Record(plan.app)).is_begun

    def part(item: Plan) -> tuple[Change, ...]:
        return session.planned.part(Selection(item.only, item.selected_causes))

    result = compare(reviewed, plan, session.planned.is_done, part, begun)
    differing = result.moved or unseen(reviewed, access(session.planned.context, result.todo))
    warnings = tuple(item for item in plan.warnings if item not in session.guarded.warnings)
    return Left(differing, tuple(result.todo), tuple(result.done), tuple(result.beyond), warnings)


def read_for(reviewed: list[Plan]) -> Read:
    """What reads a service for these plans of one app: as much as they were made with, so that nothing is taken for gone."""
    if not all(plan.part for plan in reviewed):
        return read_live
    named, addresses = all(plan.part and not plan.part.since for plan in reviewed), about(reviewed)
    return minimal_read(only=addresses) if named and addresses else minimal_read(also=addresses)


def about(reviewed: list[Plan]) -> tuple[str, ...]:
    """Every address that these plans select or change."""
    return tuple(address for plan in reviewed for address in (*plan.only, *(change.address for change in plan.changes)))


def undeclared(plans: list[Plan], declared: frozenset[str]) -> dict[str, list[Moved]]:
    """Of each app that has changes in the plans, and is no longer declared, that it is so."""
    gone = sorted({plan.app for plan in plans if plan.changes} - declared)
    return {name: [moved("App/" + name, "this app is no longer declared")] for name in gone}


def moved(address: str, *how: str) -> Moved:
    """What the declaration has moved since a plan was made."""
    return Moved(address, None, None, ("declaration",), how)


def selected(reviewed: list[Plan]) -> tuple[str, ...]:
    """The addresses that the reviewed plans are about; none where one of them is about everything."""
    return tuple(address for plan in reviewed for address in plan.only) if all(plan.only for plan in reviewed) else ()


def is_rest(session: Session, digest: str) -> bool:
    """Whether all that is planned is what an apply of the plan of this digest has left."""
    record, plan = session.record, session.planned.plan
    if record is None or record.base_url != plan.base_url:
        return False
    return Unfinished(record).is_rest(digest, plan.only, plan.selected_causes, plan.changes)


def known_record(store: Store, plan: Plan) -> bool:
    """Whether the record of a saved plan is an earlier version of the one that is there now.

    False where it is not, and `record trust` says that what is there is right without it. Raises RecordError where nobody does.
    """
    head, tree, number, hash = plan.record
    if head and not store.follows(head, tree or ""):
        if is_trusted_instead(store, head):
            return False
        there = store.head()[0]
        raise RecordError(
            f"the plan of {plan.app} was made with the record at {head}, from which what is there now, "
            f"{there or 'nothing'}, does not descend: it was rewritten, or its history cut",
            f"find out who changed the ref, and set it back; {_trust(plan.app, there, head)}",
            LOST,
        )
    if hash and (why := store.log_lacks(Link(number, hash))):
        if is_trusted_instead(store, hash):
            return False
        raise RecordError(
            f"the plan of {plan.app} was made when its log ended with record {number}, {hash}; the log in {store.where()} does "
            f"not go on from that: {why}",
            f"find out who changed the record, and restore it; {_trust(plan.app, store.log_head().hash, hash)}",
            LOST,
        )
    return True


def _trust(app: str, there: str, known: str) -> str:
    return f"if it is right, accept it: `reconcile record trust {there or 'none'} --instead-of {known} --app {app}`"
