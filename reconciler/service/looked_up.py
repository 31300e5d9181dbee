"""An app's synchronisation details from its record, and a state of it ended by a person. Reads and writes the record."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from reconciler.cycle.audited import tell
from reconciler.cycle.clock import now
from reconciler.cycle.listener import Listener
from reconciler.cycle.write import Lock, locked
from reconciler.declare.model import App, Declarations
from reconciler.notify.outbox import REMEDY, Outbox
from reconciler.notify.undelivered import undelivered
from reconciler.plan.provisioning import closed_by
from reconciler.record.log.audit import Kind
from reconciler.record.model import Record
from reconciler.record.open import store_of
from reconciler.record.service import Service
from reconciler.record.store import RecordError, Store
from reconciler.service.clocks import seconds
from reconciler.service.disk import unusable, unwritable
from reconciler.service.failures import RECORD
from reconciler.service.order import COMMAND
from reconciler.service.progress import reached
from reconciler.service.restart import restarted
from reconciler.service.status import details
from reconciler.service.trouble import Trouble
from reconciler.service.trouble_files import troubles_of

UNUSABLE = "have a folder there that its owner may write to"
Scope = Literal["escrows", "quarantine", "watermark", "full"]


def look_up(app: App, declarations: Declarations) -> dict[str, Any]:
    """What `status` shows of an app. Raises RecordError."""
    store = store_of(app, declarations)
    return shown(app, store, store.load())


def shown(app: App, store: Store, record: Record | None) -> dict[str, Any]:
    """The same of an app whose record was read. Raises RecordError."""
    holder = store.read_lock()
    running = holder.since if holder is not None and holder.command == COMMAND else ""
    service = record.service if record is not None else Service()
    told = details(app.name, app.displayName, service, seconds(app.provisioning.interval), now(), running, closed_by(app) or "")
    progress = reached(store.outbox().parent, running) if running else None
    here = {"undelivered": undelivered(Outbox(store.outbox()))._asdict(), "troubles": _troubles(store.outbox())}
    return {**told, "progress": progress, **here}


def _troubles(outbox: Path) -> list[dict[str, Any]]:
    """What this machine's service has kept of them, and a disk or an outbox in which nothing can be kept."""
    known, folder = troubles_of(outbox), outbox.parent
    if not (why := unwritable(folder)):
        folder, why = outbox, unusable(outbox)
    if not why or any(trouble["code"] in RECORD for trouble in known):
        return known
    error = RecordError(f"{folder} cannot be written: {why}", UNUSABLE if folder == outbox else REMEDY)
    return [*known, asdict(Trouble(error.code, error.message, error.remedy, now()))]


def restart(app: App, declarations: Declarations, scope: Scope, listener: Listener, timeout: float) -> list[str]:
    """End a state of the app's cycles; returns in words what was ended. Raises Locked and RecordError."""
    with locked(app, declarations, listener, Lock("reconcile restart", timeout)) as store:
        record = store.load()
        if record is None or not record.service:
            return []
        service, ended = restarted(record.service, scope, now())
        if ended:
            record.keep_service(service)
            store.save(record)
            tell(store, Kind.RESTARTED, "; ".join(ended), {"scope": scope, "ended": ended})
    return ended
