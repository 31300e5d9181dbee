"""What is due in an outbox in, tried once each; what became of it out. Speaks SMTP and HTTP, and raises nothing that they say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from reconciler.declare.errors import ReconcileError
from reconciler.notify import mail, webhook
from reconciler.notify.addresses import resolve
from reconciler.notify.errors import DeliveryError, Gone
from reconciler.notify.message import Delivery, Message
from reconciler.notify.outbox import Outbox
from reconciler.notify.target import CHANNELS, EMAIL, WEBHOOK
from reconciler.record.moments import FORM


class Means(NamedTuple):
    """What delivering needs of the world: the environment, the time in UTC, chance from 0 to 1, whether to stop."""

    environ: Mapping[str, str]
    clock: Callable[[], datetime]
    chance: Callable[[], float]
    stopped: Callable[[], bool] = lambda: False


def deliver(outbox: Outbox, means: Means, tell: Callable[[Delivery], None], channels: Iterable[str] = CHANNELS) -> None:
    """Try each message that is due once; where somebody else delivers already, leave it to them. Raises RecordError."""
    for channel in channels:
        _deliver(outbox, means, tell, channel)


def _deliver(outbox: Outbox, means: Means, tell: Callable[[Delivery], None], channel: str) -> None:
    if not outbox.due(means.clock().strftime(FORM), channel):
        return
    with outbox.delivering(channel) as alone:
        for message in outbox.due(means.clock().strftime(FORM), channel) if alone else ():
            if means.stopped():
                return
            if (delivery := _try(outbox, message, means)) is not None:
                tell(delivery)
    outbox.prune(means.clock())


def send(message: Message, environ: Mapping[str, str], now: float) -> list[str]:
    """Through its channel; the addresses that a mail server refused while it took others.

    Raises DeliveryError and CredentialError.
    """
    target = message.target
    if message.channel == EMAIL:
        return mail.send(message.event, target.email, mail.server_of(environ))
    if target.webhook is not None:
        webhook.send(message.event, resolve(target, target.webhook, environ), now)
    return []


def attempt(message: Message, means: Means) -> Delivery:
    """Send a message that waits in no outbox, once."""
    about = _about(message)
    try:
        refused = send(message, means.environ, means.clock().timestamp())
    except ReconcileError as error:
        return about._replace(error=str(error), remedy=error.remedy, code=error.code)
    return _arrived(about, refused)


def try_once(outbox: Outbox, message: Message, means: Means) -> Delivery:
    """The same, also to a webhook that is switched off, which it switches on where it arrives."""
    delivery = attempt(message, means)
    if delivery.succeeded and message.channel == WEBHOOK:
        outbox.switch_on()
    return delivery


def _try(outbox: Outbox, message: Message, means: Means) -> Delivery | None:
    about = _about(message)
    if outbox.is_off(message) or outbox.is_over(message):
        outbox.update(replace(message, state="unwanted"))
        return None
    try:
        refused = send(message, means.environ, means.clock().timestamp())
    except ReconcileError as error:
        if isinstance(error, Gone):
            outbox.switch_off(message.target)
            outbox.update(replace(message, state="unwanted", error=str(error)))
            return about._replace(error=str(error), remedy=error.remedy, code=error.code)
        after = error.after if isinstance(error, DeliveryError) else None
        later = message.failed(str(error), means.clock(), after, means.chance())
        outbox.update(later)
        again = later.next if later.state == "waiting" else ""
        return about._replace(error=str(error), remedy=error.remedy, next=again, code=error.code)
    outbox.update(replace(message, state="delivered", tries=message.tries + 1, error=""))
    if message.channel == WEBHOOK:  # whoever wanted no more was at another address
        outbox.switch_on()
    return _arrived(about, refused)


def _about(message: Message) -> Delivery:
    event = message.event
    return Delivery(message.target.app, message.channel, event.kind, event.id, cycle=event.cycle)


def _arrived(about: Delivery, refused: list[str]) -> Delivery:
    return about._replace(remedy=f"the mail server refuses {', '.join(refused)}: correct email in app.yaml" if refused else "")
