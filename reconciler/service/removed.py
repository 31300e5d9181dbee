"""Apps that are declared no more, and of which people know that something was wrong: they are told once that it is over.

Reads and writes the records that are left of them, and their outboxes. An app that another folder declares is none of these.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from reconciler.cycle.write import Lock, held
from reconciler.declare.model import Declarations
from reconciler.notify.causes import Moment, news
from reconciler.notify.outbox import Outbox
from reconciler.record.model import Record
from reconciler.record.open import store_named
from reconciler.record.store import RecordError, Store
from reconciler.service.order import COMMAND, Means
from reconciler.service.recipients import folder_of, remembered

WHY = "the app is no longer declared: it has no more cycles, and its accounts stay as they are"


def tell_of_removed(declarations: Declarations, means: Means) -> tuple[str, ...]:
    """The outboxes in which something waits then. What cannot be read, or is in use, is left to a later cycle."""
    try:
        recorded = store_named(next(iter(declarations.names)), declarations).apps()
    except RecordError:
        return ()
    return tuple(box for app in recorded if app not in declarations.names for box in tell_of(app, declarations, means))


def tell_of(app: str, declarations: Declarations, means: Means) -> Iterator[str]:
    """The same of one app."""
    with suppress(RecordError):  # Locked is one
        store = store_named(app, declarations)
        if _is_open(store.load(), declarations):
            with held(store, app, means.listener, Lock(COMMAND, means.lock_timeout)):
                yield from _tell(app, store, declarations, means)


def _is_open(record: Record | None, declarations: Declarations) -> bool:
    told = record.told.get("causes") if record is not None else None
    return bool(told) and record is not None and record.service.get("toTell", {}).get("folder") == folder_of(declarations)


def _tell(app: str, store: Store, declarations: Declarations, means: Means) -> Iterator[str]:
    record = store.load()
    if record is None or not _is_open(record, declarations) or (to := remembered(app, record.service)) is None:
        return
    at, outbox = means.clock(), Outbox(store.outbox())
    events, told = news((), record.told, to.wanted, Moment(app, to.display_name, record.base_url, at))
    outbox.put([replace(event, why=WHY, commands=("reconcile plan",)) for event in events], to.target, at)
    record.keep_told(told)
    store.save(record)
    yield str(outbox.folder)
