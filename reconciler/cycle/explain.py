"""One object of one app in, its explanation out: with the service read as for a plan, or without. Reads record and service."""

from __future__ import annotations

from reconciler.cycle.clock import today
from reconciler.cycle.listener import Listener
from reconciler.cycle.randomness import SystemChance
from reconciler.cycle.session import Read, read_and_plan
from reconciler.declare.model import App, Declarations
from reconciler.declare.names import user_address
from reconciler.declare.wording import plural
from reconciler.plan.explain.model import ExplainedStep, Explanation
from reconciler.plan.explain.steps import explain, offline
from reconciler.record.model import Record
from reconciler.record.store import Store
from reconciler.resolve.one_object import find
from reconciler.resolve.resolution import resolve
from reconciler.scim.errors import CredentialError, ServiceError

LEFT_OUT = ExplainedStep("connection", "skipped", "--offline leaves the service out")


def address_of(text: str, declarations: Declarations, record: Record | None) -> str | None:
    """The address of the declared object that is meant, else of the recorded one; None where there is neither."""
    address = find(declarations, text)
    return address or (record.written(text) or record.written(user_address(text)) if record is not None else None)


def explain_offline(
    app: App, declarations: Declarations, record: Record | None, address: str, connection: ExplainedStep = LEFT_OUT
) -> Explanation:
    """What is known without the service; `connection` says why it was not read."""
    context = offline(app, resolve(app, declarations, today()), record)
    return explain(context, address, connection, None, SystemChance())


def explain_online(
    app: App, declarations: Declarations, record: Record | None, address: str, store: Store, listener: Listener,
    read: Read | None = None,
) -> Explanation:  # fmt: skip
    """As a plan reads it, or as `read` does; where the service cannot be read, that is the first verdict, and the rest goes on
    without it.

    Raises RecordError.
    """
    try:
        with read_and_plan(app, declarations, listener, store=store, read=read) as session:
            live = session.planned.context.live
            words = (
                f"{plural(len(live.users), 'user')} and {plural(len(live.groups), 'group')} read from {session.client.shown_url}"
            )
            connection = ExplainedStep("connection", "success", words)
            return explain(session.planned.context, address, connection, session.planned, SystemChance())
    except (CredentialError, ServiceError) as error:
        failed = ExplainedStep("connection", "failure", str(error), (), error.remedy or "", error.code)
        return explain_offline(app, declarations, record, address, failed)
