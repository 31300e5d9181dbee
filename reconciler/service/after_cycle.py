"""What people are to be told after a cycle, put into the outbox; what they have been told, into the record. Writes both.

A cycle is never lost for it: what the outbox cannot hold is tried at once, and again by the next cycle until it arrives.
"""

from __future__ import annotations

import os
import random
from collections.abc import Container, Iterable
from datetime import UTC, datetime

from reconciler.notify.causes import Moment, as_told, news
from reconciler.notify.message import Delivery, Message, messages_of
from reconciler.notify.outbox import Outbox, Telling
from reconciler.notify.target import Target
from reconciler.record.model import Record
from reconciler.record.service import Service
from reconciler.record.store import RecordError, Store
from reconciler.record.told import Cause, Told
from reconciler.report.event.model import Event
from reconciler.service.causes import causes_of, is_unseen
from reconciler.service.failures import RECORD
from reconciler.service.order import Means
from reconciler.service.recipients import Recipients
from reconciler.service.result import CycleResult, Unkept

AGAIN = "the next cycle"  # when what no outbox can hold is tried again


def after_cycle(
    to: Recipients, result: CycleResult, record: Record, store: Store, means: Means, unkept: Telling | None = None
) -> Unkept | None:
    """Before the record is saved, under the app's lock; its service's part is as after the cycle.

    `unkept` is what the cycle before has told although nothing could be kept. Of what the outbox cannot hold the record says
    that it was told once it has arrived.
    """
    target, wanted = to.target, to.wanted
    outbox = Outbox(store.outbox())
    here = outbox.begun()
    begun = here or unkept
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
        due = (*(here.events if here is not None else ()), *events)
        arrived, tried = _from_memory(due, target, result.ended, error, means)
        if arrived or here is None:
            record.keep_told(told if arrived else known)
        return Unkept(None, tried)
    record.keep_told(told)
    return None


def without_record(
    to: Recipients, result: CycleResult, outbox: Outbox, means: Means, unkept: Telling | None = None
) -> Unkept | None:
    """Of a cycle whose record could be neither read nor kept: this machine tells it once, and the record hears of it later.

    Where the outbox cannot hold it either, this process remembers what has arrived.
    """
    begun = outbox.begun() or unkept or Telling(Told(), Told(), (), result.ended)
    # No record numbers these: another beginning has another id by its moment.
    moment = Moment(to.name, to.display_name, result.ended, result.ended, result.cycle_id)
    causes = causes_of(result, Service(), to) if to.target.channels else []
    events, told = news(causes, begun.after, to.wanted, moment, lambda cause: cause["reason"] not in RECORD)
    telling = Telling(begun.before, told, (*begun.events, *events), result.ended)
    try:
        outbox.retarget(to.target)
        if events or begun is unkept:
            outbox.begin(telling)
            outbox.put(events, to.target, result.ended)
    except RecordError as error:
        arrived, tried = _from_memory(events, to.target, result.ended, error, means)
        return Unkept(telling._replace(events=()) if arrived else unkept, tried)
    return None


def from_memory(message: Message, channels: Container[str]) -> Delivery | None:
    """Try a message that no outbox can hold; None where nothing goes through its channel."""
    from reconciler.notify.deliver import Means, attempt  # which speaks SMTP: no cycle needs that else

    means = Means(os.environ, lambda: datetime.now(UTC), random.random)
    return attempt(message, means) if message.channel in channels else None


def _from_memory(
    events: Iterable[Event], target: Target, at: str, error: RecordError, means: Means
) -> tuple[bool, tuple[Delivery, ...]]:
    """(whether people know of all of it through some channel, what became of each try)."""
    means.listener.says(f"{error}: what is notified of this cycle is tried at once; {error.remedy}")
    tried = [delivery for message in messages_of(events, target, at) if (delivery := means.sends(message)) is not None]
    arrived = {event.id for event in events} <= {delivery.id for delivery in tried if delivery.succeeded}
    return arrived, tuple(one if one.succeeded or arrived else one._replace(next=AGAIN) for one in tried)


def _is_open(cause: Cause, begun: Telling | None) -> bool:
    """A record that could not be kept is right again once one has been kept, which this cycle has yet to do."""
    return begun is not None and cause["reason"] in RECORD


def _known(record: Record, begun: Telling | None) -> Told:
    """What people know: also what a cycle told them whose record was not saved."""
    return record.told if begun is None else as_told(record.told, begun.before, begun.after)
