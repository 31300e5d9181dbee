"""What people are to be told after a cycle, put into the outbox; what they have been told, into the record. Writes the outbox.

A cycle is never lost for it: where the outbox cannot be written, nothing counts as told, and the next cycle tells it.
"""

from __future__ import annotations

from collections.abc import Callable

from reconciler.declare.model import App
from reconciler.notify.causes import Moment, news
from reconciler.notify.outbox import Outbox
from reconciler.notify.target import target_of
from reconciler.record.model import Record
from reconciler.record.store import RecordError, Store
from reconciler.record.told import Told
from reconciler.report.event.model import Event
from reconciler.service.result import CycleResult
from reconciler.service.wrong import causes_of, is_unseen


def after_cycle(app: App, result: CycleResult, record: Record, store: Store, says: Callable[[str], None]) -> None:
    """Before the record is saved, under the app's lock; its service's part is as after the cycle."""
    target, wanted = target_of(app), app.notification
    events, told = list[Event](), Told()
    if target.channels:
        moment = Moment(app.name, app.displayName, record.base_url, result.ended, result.cycle_id)
        causes = causes_of(result, record.service, wanted.on)
        events, told = news(causes, record.told, wanted, moment, lambda known: is_unseen(known, result))
    try:
        outbox = Outbox(store.outbox())
        outbox.retarget(target)
        outbox.put(events, target, result.ended)
    except RecordError as error:
        says(f"{error}: nobody is told of this cycle; {error.remedy}")
    else:
        record.keep_told(told)
