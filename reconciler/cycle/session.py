"""One app in one run: its record, its service and its plan, with the client that an apply goes on with."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from reconciler.cycle.clock import now, today
from reconciler.declare.model import App, Declarations
from reconciler.record.open import recovered, store_of

if TYPE_CHECKING:
    from reconciler.plan.live import Live
    from reconciler.plan.model import Caution
    from reconciler.plan.planner import Planned
    from reconciler.plan.safeguards.guard import Guarded
    from reconciler.record.model import Record
    from reconciler.record.store import Store
    from reconciler.resolve.model import Resolution
    from reconciler.scim.client import ScimClient


@dataclass
class Session:
    """One app, read and planned; the client is still open."""

    app: App
    client: ScimClient
    store: Store
    record: Record | None
    resolution: Resolution
    planned: Planned
    guarded: Guarded


@contextmanager
def session(
    app: App, declarations: Declarations, only: tuple[str, ...], causes: tuple[str, ...], store: Store | None = None,
    amend: Callable[[Record], None] | None = None,
) -> Iterator[Session]:  # fmt: skip
    """Read the service and plan one app.

    `store` is the one that holds the lock, where there is one; `amend` changes the record before it is planned with.
    """
    from reconciler.cli.only import warn_unknown
    from reconciler.cycle.approval_origins import with_origins
    from reconciler.cycle.commit import revision
    from reconciler.cycle.last_applied import cautions
    from reconciler.cycle.old_record import with_old_record
    from reconciler.cycle.renamed_app import refuse_renamed
    from reconciler.plan.model import Config, RecordHead
    from reconciler.plan.planner import make_plan
    from reconciler.plan.safeguards.guard import guard, shown
    from reconciler.plan.selection import Selection
    from reconciler.plan.unanswered import settle_unanswered
    from reconciler.record.model import Record
    from reconciler.resolve.resolution import resolve

    app = with_origins(app, declarations.folder)
    store = store or store_of(app, declarations)
    record = recovered(store)
    known = record is not None
    if amend is not None:
        record = record or Record(app.name)
        amend(record)
    resolution = resolve(app, declarations, today())
    with connect(app, record) as client:
        if not known:
            refuse_renamed(app, declarations, client.base_url)
        live = read_live(client, resolution, record)
        if record is not None:
            settle_unanswered(record, live, resolution, app.groups.enabled and client.profile.groups.supported)
        config = Config(declarations.digest, *revision(declarations.folder))
        planned = make_plan(app, resolution, live, record, Selection(only, causes), client.shown_url, config,
                            client.profile.limits())  # fmt: skip
        planned = planned if known else with_old_record(planned, store)
        planned = _cautioned(planned, cautions(app, declarations, record))
        warn_unknown(only, app, declarations, record)
        head, tree = store.head()
        planned = replace(planned, plan=replace(planned.plan, record=RecordHead(head or None, tree or None)))
        verdict = guard(planned, record, now())
        collect_again()
        yield Session(app, client, store, record, resolution, shown(planned, verdict), verdict)


def _cautioned(planned: Planned, found: tuple[Caution, ...]) -> Planned:
    return replace(planned, plan=replace(planned.plan, cautions=(*planned.plan.cautions, *found)))


@contextmanager
def connect(app: App, record: Record | None, but: frozenset[int] = frozenset()) -> Iterator[ScimClient]:
    """A client for the app, once the rule of allowed origins has been kept; a status in `but` is final at once.

    What ends the work on the app names it.
    """
    from reconciler.scim.client import AGAIN, ScimClient
    from reconciler.scim.credentials import resolve
    from reconciler.scim.errors import ServiceError
    from reconciler.scim.profile import profile_of

    found = resolve(app, os.environ, record.base_url if record else None)
    try:
        with ScimClient(found.base_url, found.token, profile_of(app), again=AGAIN - but, tell=_waiting,
                        shown=found.shown) as client:
            if record is not None and record.base_url == found.base_url:  # of a version that kept the URL itself
                record.describe(found.shown, record.declared)
            yield client
    except ServiceError as error:
        error.service = f"{app.displayName} ({found.shown})"
        raise


def _waiting(words: str) -> None:
    """A wait for a service is said, from whichever thread begins it."""
    from reconciler.report.safe import plain

    click.echo(plain(words), err=True)


def read_live(client: ScimClient, resolution: Resolution, record: Record | None) -> Live:
    """Everything that is there, and what the service says of itself."""
    from reconciler.cycle import read

    return read.read_live(client, resolution, record is not None and record.members_shown)


def collect_again() -> None:
    """What an apply makes dies young; what a plan has made lives on, and is not looked through any more."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
