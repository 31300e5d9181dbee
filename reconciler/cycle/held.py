"""One app in, who has what on its service out: read as for a plan, or by the record alone. Reads record and service."""

from __future__ import annotations

from itertools import chain
from typing import NamedTuple

from reconciler.cycle.clock import now, today
from reconciler.cycle.had import past_in
from reconciler.cycle.listener import Listener
from reconciler.cycle.session import read_and_plan
from reconciler.declare.model import App, Declarations
from reconciler.plan.access.held import Held, by_record, dated, held, staying
from reconciler.plan.context import UNKNOWN, Context
from reconciler.record.model import Record
from reconciler.record.open import recovered, store_of
from reconciler.record.store import Store
from reconciler.resolve.resolution import resolve


class Now(NamedTuple):
    """Who has what, and how many accounts the service showed; `people` are all who are known there, also those who have nothing:
    by userName, by address and, of accounts that nobody declared, by `#ID`.
    """

    rows: tuple[Held, ...]
    counts: dict[str, int]
    people: frozenset[str]


def held_now(app: App, declarations: Declarations, listener: Listener) -> Now:
    """As the service shows it. Raises RecordError, CredentialError and ServiceError."""
    with read_and_plan(app, declarations, listener) as session:
        context = session.planned.context
        past = past_in(app, declarations, session.store, session.record)
    people = chain(context.entries, *((live.name, UNKNOWN + live.id) for live in context.live.users.values()))
    return Now(dated(held(context), past, now()), counts_of(context), frozenset(people))


def counts_of(context: Context) -> dict[str, int]:
    """How many accounts a service showed: all, those that are somebody's, and the others."""
    accounts = len(context.live.users)
    matched = sum(id in context.matching.addresses for id in context.live.users)
    return {"accounts": accounts, "matched": matched, "unmanaged": accounts - matched}


def held_when_applied(app: App, declarations: Declarations) -> Now | None:
    """As it was last applied, without counts; None where there is no record. Raises RecordError."""
    store = store_of(app, declarations)
    record = recovered(store)
    rows = held_by(app, declarations, store, record)
    return None if rows is None or record is None else Now(rows, {}, frozenset(record.entries))


def held_by(app: App, declarations: Declarations, store: Store, record: Record | None) -> tuple[Held, ...] | None:
    """The same where the record was read already. Raises RecordError."""
    if record is None:
        return None
    rows = by_record(app, resolve(app, declarations, today()), record)
    past, at = past_in(app, declarations, store, record), now()
    return staying(dated(rows, past, at), past, at)
