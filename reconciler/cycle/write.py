"""One app under its lock, and the write of changes to it: changes in, their outcomes out. Writes the service and the record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from reconciler.apply.model import Job, Outcome, Result
from reconciler.cycle.audited import Settings, tell, tell_write
from reconciler.cycle.clock import now
from reconciler.cycle.configuration import changed, configuration, renamed_roles
from reconciler.cycle.last_applied import declared
from reconciler.cycle.listener import Listener
from reconciler.cycle.origin import origin_of
from reconciler.cycle.read import read_live
from reconciler.cycle.role_reading import NOBODY, Anew
from reconciler.cycle.session import EVERYTHING, Amend, Read, Session, read_and_plan
from reconciler.declare.model import App, Declarations
from reconciler.plan.access.rows import regiven
from reconciler.plan.apply_inputs import apply_inputs
from reconciler.plan.change import Change
from reconciler.plan.roles_beside import memory
from reconciler.plan.safeguards.facts import Extent
from reconciler.plan.safeguards.memory import prepare
from reconciler.plan.selection import Selection
from reconciler.record.log.audit import Kind
from reconciler.record.model import Record
from reconciler.record.open import store_of
from reconciler.record.store import RecordError, Store
from reconciler.record.unfinished import Unfinished
from reconciler.resolve.expressions.functions import Chance

if TYPE_CHECKING:
    from reconciler.plan.live import Live
    from reconciler.resolve.model import Resolution
    from reconciler.scim.client import ScimClient


class Lock(NamedTuple):
    """For which command it is taken, and how many seconds to wait for it."""

    command: str
    timeout: float


class Request(NamedTuple):
    """What was asked for, in words for the log; `only` are the addresses whose record may change, if not all; `digest` is that
    of the plan that was asked for by its digest; `pulls` are the pull requests in which changes were reviewed, by their digests;
    `cycle` is the id of the pass, where it has one already.
    """

    occasion: str = "apply"
    only: tuple[str, ...] = ()
    digest: str | None = None
    pulls: Mapping[str, int] | None = None
    cycle: str = ""


@contextmanager
def lock_and_plan(
    app: App, declarations: Declarations, listener: Listener, lock: Lock, selection: Selection = EVERYTHING,
    amend: Amend | None = None, read: Read = read_live, anew: Anew = NOBODY,
) -> Iterator[Session]:  # fmt: skip
    """An app under its lock, read and planned. Raises what `read_and_plan` raises, and Locked."""

    def reading(client: ScimClient, resolution: Resolution, known: Record | None) -> Live:
        import_module("reconciler.apply.execute")  # while the service says what it can do
        return read(client, resolution, known)

    with (
        locked(app, declarations, listener, lock) as store,
        read_and_plan(app, declarations, listener, selection, store, amend, reading, anew=anew) as session,
    ):
        yield session


@contextmanager
def locked(app: App, declarations: Declarations, listener: Listener, lock: Lock) -> Iterator[Store]:
    """An app under its lock. Raises Locked and RecordError."""
    store = store_of(app, declarations)
    with held(store, app.name, listener, lock):
        yield store


@contextmanager
def held(store: Store, app: str, listener: Listener, lock: Lock) -> Iterator[None]:
    """The store of an app under its lock, whether the app is declared or not. Raises Locked and RecordError."""
    with store.lock(lock.command, now(), lock.timeout) as notice:
        if notice:
            listener.says(notice)
            tell(store, Kind.LOCK_BROKEN, notice)
        yield
    if head := store.head()[0]:
        listener.notes(f"{app}: the record is at {head} now")


def write(
    session: Session, changes: tuple[Change, ...], request: Request, clock: Callable[[], str], chance: Chance,
    tell: Callable[[Outcome], None], stopped: Callable[[], bool],
) -> Result:  # fmt: skip
    """Write changes to one app that is locked; `tell` hears of each as it ends, `stopped` is asked before each write."""
    from reconciler.apply.execute import execute

    job, store = job_of(session, changes, request, clock()), session.store
    settings, before = configuration(session.app), list(job.record.revoked)
    keys, renamed = changed(job.record.configuration, settings), renamed_roles(job.record.configuration, settings)
    job.record.configure(settings)
    result = execute(job, session.client, store, clock, tell, chance, lambda: stopped() or store.lost)
    if not (store.lost or result.unkept):
        try:
            tell_write(store, job, result, request.only, before, Settings(keys, renamed), clock())
        except RecordError as error:
            result.unkept = error
    return result


def job_of(session: Session, changes: tuple[Change, ...], request: Request, started: str) -> Job:
    """All that the apply is given; what the record must hold before the first write is in there. `started` is now, UTC."""
    plan, context = session.planned.plan, session.planned.context
    record = session.record or Record(plan.app)
    record.describe(session.client.shown_url, declared(session.app, context.resolution.declarations.record))
    if any(group.members or group.inside for group in context.live.groups.values() if group.id not in context.live.not_listed):
        record.show_members()
    keep_roles(session, record)
    inputs = apply_inputs(context, request.only)
    removals = prepare(
        record, session.guarded, Extent.PART if request.only or plan.selected_causes or plan.part else Extent.WHOLE
    )
    if request.digest is not None:
        Unfinished(record).ask(request.digest, plan.only, plan.selected_causes, plan.changes)
    asked = Selection(request.only)
    skipped = tuple(skip for skip in plan.skipped if asked.names(skip.address))
    return Job(
        plan.app,
        changes,
        inputs,
        record,
        context.resolution,
        request.occasion,
        _commit(session, changes),
        (plan.config.commit or "") if not plan.config.dirty else "",
        removals,
        session.planned.everything,
        skipped,
        origin_of(session, started, request.pulls or {}, request.cycle),
        session.roles,
        partial(regiven, context) if record.heard or session.store.read_journal() else None,
    )


def keep_roles(session: Session, record: Record) -> None:
    """Whose roles were read over an API beside SCIM is known from now on, whether anything is written or not."""
    live = session.planned.context.live
    if session.roles is not None and not live.roles.why:
        record.know_roles(memory(live, record.entries, record.role_api))


def _commit(session: Session, changes: tuple[Change, ...]) -> str | None:
    """The commit that is applied, unless a declared change may be left to do after these, or files differ from it.

    Where only what was named was read, nobody knows of the others.
    """
    written = {change.digest for change in changes}  # a part of a group's change leaves the rest of it
    left = any("config" in change.causes for change in session.planned.everything if change.digest not in written)
    config, live = session.planned.plan.config, session.planned.context.live
    left = left or bool(live.unknown) or (live.part is not None and not live.part.since)
    return None if left or config.dirty else config.commit
