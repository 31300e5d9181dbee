"""One pass over one app up to its write: declarations, record and service in, a guarded plan out. Reads all three."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING

from reconciler.apply.quirks import as_learned
from reconciler.cycle import revoked_by_log
from reconciler.cycle.approval_origins import with_origins
from reconciler.cycle.clock import now, today
from reconciler.cycle.commit import revision
from reconciler.cycle.connection import connect
from reconciler.cycle.earlier_app import earlier_app
from reconciler.cycle.last_applied import cautions
from reconciler.cycle.listener import Listener
from reconciler.cycle.old_record import with_old_record
from reconciler.cycle.read import read_live
from reconciler.cycle.renamed_app import refuse_renamed
from reconciler.cycle.role_reading import NOBODY, Anew, asked_of, read_roles
from reconciler.cycle.role_source import role_source
from reconciler.declare.model import App, Declarations
from reconciler.plan.change import Change
from reconciler.plan.earlier import NOTHING, Earlier
from reconciler.plan.live import Live
from reconciler.plan.model import NO_CONFIG, Caution, Config, Plan, RecordHead
from reconciler.plan.not_listed import KINDS
from reconciler.plan.quirks import rests_on, without_refused
from reconciler.plan.selection import Selection
from reconciler.plan.unanswered import hear_unanswered
from reconciler.record.model import Record
from reconciler.record.open import recovered, store_of
from reconciler.record.store import Store
from reconciler.resolve.model import Resolution
from reconciler.resolve.resolution import resolve
from reconciler.rolesources.source import RoleSource
from reconciler.scim.client import ScimClient
from reconciler.scim.discovery import begin

if TYPE_CHECKING:
    from reconciler.plan.planner import Planned
    from reconciler.plan.safeguards.guard import Guarded

EVERYTHING = Selection()
Amend = Callable[[Record], None]
Read = Callable[[ScimClient, Resolution, Record | None], Live]


@dataclass(frozen=True)
class Session:
    """One app, read and planned; the client is still open. `guarded` is of what is to be written, by default all of the plan.

    `roles` is the API beside SCIM that holds the roles, where there is one.
    """

    client: ScimClient
    store: Store
    record: Record | None
    planned: Planned
    guarded: Guarded
    roles: RoleSource | None = None

    @property
    def app(self) -> App:
        """The app without what its service would ignore."""
        return self.planned.context.app

    def guard(self, changes: tuple[Change, ...], moment: str, reviewed: Iterable[Plan] = ()) -> Session:
        """The same, with the safeguards' verdict on other changes; `moment` is UTC, `reviewed` are the plans of saved files."""
        from reconciler.plan.safeguards.guard import guard

        return replace(self, guarded=guard(self.planned, self.record, moment, changes, reviewed))

    def after(self, done: Iterable[Change]) -> Session:
        """The same with the plan that is left once these changes are done, which is the next one; approvals are for that."""
        from reconciler.plan.safeguards.guard import asking_for, left_after

        plan = left_after(self.planned.plan, done)
        return replace(self, planned=replace(self.planned, plan=plan), guarded=asking_for(self.guarded, plan.digest))


@contextmanager
def read_and_plan(
    app: App, declarations: Declarations, listener: Listener, selection: Selection = EVERYTHING, store: Store | None = None,
    amend: Amend | None = None, read: Read | None = None, loaded: Record | None = None, anew: Anew = NOBODY,
) -> Iterator[Session]:  # fmt: skip
    """Read the service and plan one app. Raises RecordError, CredentialError and ServiceError.

    `store` is the one that holds the lock, where there is one, and `loaded` its record, if it was asked already; `amend` changes
    the record before it is planned with; `read` is what reads the service, if not all of it is. Of roles that an API beside
    SCIM holds those are read on which the plan rests, those of the selected addresses, and those that `anew` names.
    """
    app = with_origins(app, declarations.folder)
    # 1. The record of what was last applied, with what a killed run has left in its journal.
    store = store or store_of(app, declarations)
    known = recovered(store, loaded)
    record = known if amend is None else _amended(known or Record(app.name), amend)
    with connect(app, record, listener.waits, answered=listener.answered, paged=listener.paged) as client:
        if known is None:
            refuse_renamed(app, declarations, client.base_url)
        # 2. What the declarations come to today, and what they said before, while the service says what it can do; until it has
        # said so there is time to import what makes the plan.
        begin(client)
        import_module("reconciler.plan.planner")
        from reconciler.plan.safeguards.guard import guard, with_verdicts

        resolution = resolve(app, declarations, today())
        earlier = earlier_app(app, declarations, record)
        differing = cautions(app, declarations, record)
        # 3. What is there, and the changes that lead from there to what is declared.
        config = Config(declarations.digest, *revision(declarations.folder))
        source = role_source(app, client, record)
        live = (read or read_live)(client, resolution, record)
        anew = anew._replace(addresses=(*anew.addresses, *selection.only))
        live = read_roles(source, resolution, record, live, asked_of(client, listener, anew, amend is not None))
        planned = plan_with(live, resolution, client, record, selection, config, earlier)
        # 4. What a reviewer should know beside the changes.
        planned = planned if known else with_old_record(planned, store)
        more = (*differing, *revoked_by_log.cautions(planned, store))
        planned = _with_head(_with_cautions(planned, more), store)
        # 5. Whether the safeguards let it be written.
        verdict = guard(planned, record, now())
        collect_again()
        yield Session(client, store, record, with_verdicts(planned, verdict), verdict, source)


def plan_with(
    live: Live, resolution: Resolution, client: ScimClient, record: Record | None, selection: Selection = EVERYTHING,
    config: Config = NO_CONFIG, earlier: Earlier = NOTHING,
) -> Planned:  # fmt: skip
    """The plan, once `record` has heard from what is there of what an earlier run asked without an answer. No I/O.

    From then on it says since when those are disabled who are to be out.
    """
    from reconciler.plan.planner import make_plan
    from reconciler.plan.removed import hear_disabled

    app, profile = resolution.limited.app, client.profile
    if record is not None:
        profile = as_learned(profile, record.known(rests_on(app)))
        resolution = without_refused(resolution, record)
        hear_unanswered(record, live, resolution, KINDS if app.groups.enabled and client.profile.groups.supported else KINDS[:1])
    planned = make_plan(app, resolution, live, record, selection, client.shown_url, config, profile.limits(), earlier)
    if record is not None:
        hear_disabled(planned.context, record)
    return planned


def _amended(record: Record, amend: Amend) -> Record:
    amend(record)
    return record


def _with_cautions(planned: Planned, more: Iterable[Caution]) -> Planned:
    return replace(planned, plan=replace(planned.plan, cautions=(*planned.plan.cautions, *more)))


def _with_head(planned: Planned, store: Store) -> Planned:
    """The plan with the version of the record that it was made with."""
    head, tree = store.head()
    version = RecordHead(head, tree or None) if head else RecordHead(None, None, *store.log_head())
    return replace(planned, plan=replace(planned.plan, record=version))


def collect_again() -> None:
    """What an apply makes dies young; what a plan has made lives on, and is not looked through any more."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
