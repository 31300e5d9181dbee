"""One app under its lock, and all that an apply of it is given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.cli.output import report_lines, say
from reconciler.cycle.clock import now
from reconciler.cycle.last_applied import declared
from reconciler.cycle.session import Session, session
from reconciler.declare.model import App, Declarations
from reconciler.plan.model import Change
from reconciler.record.open import store_of

if TYPE_CHECKING:
    from reconciler.apply.model import Job


@contextmanager
def opened(
    app: App, declarations: Declarations, lock_timeout: float, only: tuple[str, ...] = (), causes: tuple[str, ...] = ()
) -> Iterator[Session]:
    """An app under its lock, read and planned."""
    store = store_of(app, declarations)
    with store.lock("reconcile apply", now(), lock_timeout) as notice:
        if notice:
            say(notice)
        with session(app, declarations, only, causes, store) as found:
            yield found
    if head := store.head()[0]:
        report_lines([f"{app.name}: the record is at {head} now"])


def _job(found: Session, changes: tuple[Change, ...], occasion: str, only: tuple[str, ...], asked: str | None) -> Job:
    """All that the apply is given; what the record must hold before the first write is in there."""
    from reconciler.apply.model import Job
    from reconciler.plan.baselines import settle
    from reconciler.plan.safeguards.memory import prepare
    from reconciler.plan.selection import Selection
    from reconciler.record.model import Record
    from reconciler.record.unfinished import Unfinished

    plan, chosen = found.planned.plan, Selection(only)
    record = found.record or Record(found.app.name)
    record.describe(found.client.shown_url, declared(found.app, found.resolution.declarations.record))
    if any(group.members for group in found.planned.context.live.groups.values()):
        record.show_members()
    settled = settle(found.planned.context, only)
    removals = prepare(record, found.guarded, whole=not (only or plan.selected_causes))
    if asked is not None:
        Unfinished(record).ask(asked, plan.only, plan.selected_causes, plan.changes)
    skipped = tuple(skip for skip in plan.skipped if chosen.names(skip.address))
    return Job(found.app.name, changes, settled, record, found.resolution, occasion, _commit(found, changes), removals,
               found.planned.everything, skipped)  # fmt: skip


def _commit(found: Session, changes: tuple[Change, ...]) -> str | None:
    """The commit that is applied, unless a declared change would be left to do after these, or files differ from it."""
    chosen = {change.digest for change in changes}  # a part of a group's change leaves the rest of it
    left = any("config" in change.causes for change in found.planned.everything if change.digest not in chosen)
    config = found.planned.plan.config
    return None if left or config.dirty else config.commit
