"""What people are to be told after a cycle, put into the outbox; what they have been told, into the record. Writes the outbox.

A cycle is never lost for it: what the outbox cannot hold is tried once, from memory, and the process that runs remembers it.
"""

from __future__ import annotations

from collections.abc import Callable

from reconciler.notify.causes import Moment, as_told, news
from reconciler.notify.message import messages_of
from reconciler.notify.outbox import Outbox, Telling
from reconciler.notify.target import Target
from reconciler.record.model import Record
from reconciler.record.service import Service
from reconciler.record.store import RecordError, Store
from reconciler.record.told import Cause, Told
from reconciler.report.event.model import Event
from reconciler.service.causes import causes_of, is_unseen
from reconciler.service.failures import RECORD
from reconciler.service.recipients import Recipients
from reconciler.service.result import CycleResult, Unkept


def after_cycle(
    to: Recipients, result: CycleResult, record: Record, store: Store, says: Callable[[str], None], unkept: Telling | None = None
) -> Unkept | None:
    """Before the record is saved, under the app's lock; its service's part is as after the cycle.

    `unkept` is what the cycle before has told although nothing could be kept. What the outbox cannot hold is returned, to be
    tried once: the record does not say that it was told, so another process tells it again.
    """
    target, wanted = to.target, to.wanted
    outbox = Outbox(store.outbox())
    begun = outbox.begun() or unkept
    known, told, events = _known(record, begun), Told(), list[Event]()
    if target.channels:
        moment = Moment(to.name, to.display_name, record.base_url, result.ended, result.cycle_id)
        causes = causes_of(result, record.service, to)
        events, told = news(causes, known, wanted, moment, lambda cause: is_unseen(cause, result) or _is_open(cause, begun))
    try:
        outbox.retarget(target)
        if begun is not None:
            outbox.put(begun.events, target, begun.at)
        if told != record.told:
            outbox.begin(Telling(record.told, told, tuple(events), result.ended))
        outbox.put(events, target, result.ended)
    except RecordError as error:
        return _from_memory(Telling(record.told, told, tuple(events), result.ended), target, error, says)
    record.keep_told(told)
    return None


def without_record(
    to: Recipients, result: CycleResult, outbox: Outbox, says: Callable[[str], None], unkept: Telling | None = None
) -> Unkept | None:
    """Of a cycle whose record could be neither read nor kept: this machine tells it once, and the record hears of it later.

    What the outbox cannot hold either is returned: it is tried once, from memory.
    """
    kept = outbox.begun()
    begun = kept or unkept or Telling(Told(), Told(), (), result.ended)
    moment = Moment(to.name, to.display_name, "", result.ended, result.cycle_id)
    causes = causes_of(result, Service(), to) if to.target.channels else []
    events, told = news(causes, begun.after, to.wanted, moment, lambda cause: cause["reason"] not in RECORD)
    telling = Telling(begun.before, told, (*begun.events, *events), result.ended)
    try:
        outbox.retarget(to.target)
        if events or begun is unkept:
            outbox.begin(telling)
            outbox.put(events, to.target, result.ended)
    except RecordError as error:
        return _from_memory(telling._replace(events=tuple(events)), to.target, error, says)
    return None


def _from_memory(telling: Telling, target: Target, error: RecordError, says: Callable[[str], None]) -> Unkept:
    says(f"{error}: what is notified of this cycle is tried once; {error.remedy}")
    return Unkept(telling._replace(events=()), tuple(messages_of(telling.events, target, telling.at)))


def _is_open(cause: Cause, begun: Telling | None) -> bool:
    """A record that could not be kept is right again once one has been kept, which this cycle has yet to do."""
    return begun is not None and cause["reason"] in RECORD


def _known(record: Record, begun: Telling | None) -> Told:
    """What people know: also what a cycle told them whose record was not saved."""
    return record.told if begun is None else as_told(record.told, begun.before, begun.after)
