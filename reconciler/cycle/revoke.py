"""One person in, put out of one app: the record says so first, then the plan of it alone. Reads and writes as a session does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from reconciler.apply.vanished import listed_anywhere
from reconciler.cycle.clock import now
from reconciler.cycle.listener import Listener
from reconciler.cycle.read_person import read_with_person
from reconciler.cycle.session import EVERYTHING, Session
from reconciler.cycle.write import Lock, Request, lock_and_plan
from reconciler.declare.model import App, Declarations
from reconciler.declare.names import STRANGER, fold, is_user, user_address
from reconciler.declare.warned import Warned
from reconciler.plan.access.rows import access
from reconciler.plan.change import Change
from reconciler.plan.cost import estimate
from reconciler.plan.live import Live, LiveObject, project_users
from reconciler.plan.matching.match import NOT_ANSWERED
from reconciler.plan.model import Plan
from reconciler.plan.outstanding import told_nothing
from reconciler.plan.revoked import accounts_of
from reconciler.plan.safeguards.model import NEVER_LIFTED, Safeguard
from reconciler.plan.selection import Selection, select
from reconciler.record.entries import Entry
from reconciler.record.model import Record
from reconciler.resolve.model import Resolution
from reconciler.scim.client import ScimClient


@contextmanager
def lock_and_plan_without(
    app: App, declarations: Declarations, listener: Listener, timeout: float, address: str, reason: str | None
) -> Iterator[tuple[Session, tuple[Change, ...], list[Warned]]]:
    """An app under its lock, planned as if the person had been revoked before; the changes of that, what they leave out."""

    def amend(record: Record) -> None:
        if reason is not None or address not in record.revoked:
            record.revoke(address, now(), reason or "no reason given")
        if (entry := record.entries.get(address)) is not None:
            record.keep(address, told_nothing(entry))
        elif address.startswith(STRANGER):
            record.keep(address, Entry(id=id_of(address), wanted={}))

    def read(client: ScimClient, resolution: Resolution, record: Record | None) -> Live:
        return read_with_person(client, resolution, record, address)

    with lock_and_plan(app, declarations, listener, Lock("reconcile revoke", timeout), EVERYTHING, amend, read) as session:
        session = _of_concern(session, address)
        yield session, *select(session.planned.context, session.planned.everything, Selection((address,)))


def _of_concern(session: Session, address: str) -> Session:
    """Without the errors of all the others of whom nobody asked."""
    plan = session.planned.plan
    errors = tuple(error for error in plan.errors if error.code != NOT_ANSWERED or fold(error.address) == fold(address))
    return replace(session, planned=replace(session.planned, plan=replace(plan, errors=errors)))


def unanswered(session: Session, address: str) -> str | None:
    """Why nobody knows whether the person has an account; None where it is known."""
    errors = (error for error in session.planned.plan.errors if error.code == NOT_ANSWERED)
    return next((error.reason for error in errors if fold(error.address) == fold(address)), None)


def forbidding(session: Session) -> list[Safeguard]:
    """The safeguards that block even a revocation."""
    return [verdict for verdict in session.guarded.blocking if verdict.name in NEVER_LIFTED]


def name_in_use(session: Session, address: str) -> str | None:
    """The name under which the person's account still is, since another one bears today's; None where that is not so."""
    recorded = session.planned.context.matching.refused.get(address)
    return None if recorded is None else recorded.removeprefix("User/")


def plan_of(session: Session, changes: tuple[Change, ...]) -> Plan:
    """The plan of these changes alone, with the safeguards that hold for them."""
    verdicts = tuple(verdict.as_json() for verdict in session.guarded.verdicts if verdict.name in NEVER_LIFTED)
    return replace(
        session.planned.plan,
        changes=changes,
        access=access(session.planned.context, changes),
        safeguards=verdicts,
        requests=estimate(changes, session.client.profile.limits()),
    )


def request_of(session: Session, address: str) -> Request:
    """What is asked of the write, with the reason for the log."""
    assert session.record is not None
    return Request(f"revoke: {session.record.revoked[address]['reason']}", (address,))


def accounts_before(session: Session, address: str) -> list[LiveObject]:
    """What the person has there before anything is written: a write that deletes an account drops it from the record."""
    return accounts_of(session.planned.context, address)


def still_active(session: Session, accounts: list[LiveObject]) -> Iterator[tuple[LiveObject, bool]]:
    """Each of a person's accounts that the service, asked again, shows as active, and whether it is managed here.

    One that answers 404 by its id is gone only where no filter and no list shows it. Raises ServiceError where nobody can tell.
    """
    context, client = session.planned.context, session.client
    mapping = context.resolution.user_mapping
    for account in accounts:
        resource = client.get("Users", account.id)
        if resource is None:
            resource = listed_anywhere(client, "Users", mapping, account.id, account.values)
        if resource is not None and project_users(mapping, [resource])[0].active:
            yield account, account.id in context.matching.addresses


def address_by_id(id: str) -> str:
    """The address of an account that nobody declared."""
    return STRANGER + id


def id_of(address: str) -> str:
    """The service's id in the address of an account that nobody declared."""
    return address.removeprefix(STRANGER)


def owner_of(session: Session, address: str) -> str | None:
    """Whose an account is after all that was named by its id; None where it is nobody's."""
    if not address.startswith(STRANGER):
        return None
    context = session.planned.context
    recorded = (a for a, id in context.entries.ids().items() if id == id_of(address) and a != address)
    return context.today.get(address) or next((context.today.get(old, old) for old in recorded if is_user(old)), None)


def address_of(user: str, declarations: Declarations) -> str:
    """The address as it is declared; of somebody who is no longer declared as it was typed."""
    name = user.removeprefix("User/")
    row = declarations.users.index.get(fold(name))
    return user_address(name if row is None else str(declarations.users.columns["userPrincipalName"][row]))


def is_known(session: Session, address: str) -> bool:
    """Whether the person is declared, recorded, or has an account there."""
    context = session.planned.context
    if address.startswith(STRANGER):
        return context.account(address) is not None
    declared = fold(address.removeprefix("User/")) in context.resolution.declarations.users.index
    return declared or fold(address) in map(fold, context.entries) or bool(accounts_of(context, address))
