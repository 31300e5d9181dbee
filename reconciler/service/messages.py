"""Cycles' ends in, what waits in their outboxes delivered, and a line about each try out. Speaks SMTP and HTTP, in threads."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from reconciler.cycle.clock import now
from reconciler.notify.courier import Courier
from reconciler.notify.deliver import Means
from reconciler.notify.message import Delivery, Message
from reconciler.notify.target import CHANNELS
from reconciler.service.events import Event
from reconciler.service.observer import Observer
from reconciler.service.result import CycleResult


class Counts(Protocol):
    """Whoever counts deliveries."""

    def notified(self, channel: str, succeeded: bool) -> None: ...


class Messages(Observer):
    """While it is entered, messages are delivered by these channels, and for `last` seconds after an end in order those that
    are due then.

    `say` gets lines for the service's own log, from any thread.
    """

    def __init__(
        self,
        say: Callable[[Event], None],
        counts: tuple[Counts, ...] = (),
        last: float = 10.0,
        channels: Iterable[str] = CHANNELS,
    ) -> None:
        self._say, self._counts, self.last, self._channels = say, counts, last, channels

    def __enter__(self) -> Self:
        means = Means(os.environ, lambda: datetime.now(UTC), random.random)
        self._courier = Courier(means, self._tried, self._troubled, self._channels)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for message in self._courier.close(self.last if error is None else 0.0):
            self._left(message)

    def result(self, result: CycleResult) -> None:
        for delivery in result.unkept.tried if result.unkept else ():
            self._tried(delivery)
        for folder in filter(None, (result.outbox, *result.outboxes)):
            self.outbox(folder)

    def outbox(self, folder: str) -> None:
        self._courier.look(Path(folder))

    def _tried(self, delivery: Delivery) -> None:
        for counts in self._counts:
            counts.notified(delivery.channel, delivery.succeeded)
        self._say(line_of(delivery, now()))

    def _left(self, message: Message) -> None:
        for counts in self._counts:
            counts.notified(message.channel, False)
        words = f"not notified of {message.event.kind} by {message.channel} before the end: it waits for the next run"
        self._say(Event(now(), "notNotified", words, message.target.app, message.event.cycle, "error"))

    def _troubled(self, words: str) -> None:
        self._say(Event(now(), "outbox", words, level="error"))


def line_of(delivery: Delivery, at: str) -> Event:
    """What became of one try."""
    data = {"channel": delivery.channel, "kind": delivery.kind, "id": delivery.id}
    if delivery.succeeded:
        words = f"notified of {delivery.kind} by {delivery.channel}" + (f"; {delivery.remedy}" if delivery.remedy else "")
        return Event(at, "notified", words, delivery.app, delivery.cycle, "warning" if delivery.remedy else "info", data)
    again = f"it is tried again at {delivery.next}" if delivery.next else "it is not tried again"
    code = f" [{delivery.code}]" if delivery.code else ""
    words = f"could not notify of {delivery.kind} by {delivery.channel}: {delivery.error}; {delivery.remedy}; {again}{code}"
    return Event(at, "notNotified", words, delivery.app, delivery.cycle, "error", data)
