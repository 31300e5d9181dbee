"""reconcile notify: try how people are told, or tell again what they were told."""

from __future__ import annotations

import os
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import ERROR, chosen, guarded, load_checked, options, worst
from reconciler.cli.output import say
from reconciler.cli.times import Time
from reconciler.cli.wrong_usage import Commands
from reconciler.declare.model import App, Declarations

if TYPE_CHECKING:
    from reconciler.notify.message import Delivery

NOBODY = "nobody is notified: app.yaml has no notification with an email or a webhook"


@click.group(cls=Commands)
def notify() -> None:
    """Send test notifications, or send earlier ones again."""


@notify.command()
@options
def test(desired: Path, apps: tuple[str, ...], no_color: bool) -> int:
    """Send one message of each kind, also of those that `on` leaves out, marked as a test, through each channel of each app."""
    declarations = load_checked(desired, apps)
    return worst([guarded(lambda app=app: _test(app, declarations)) for app in chosen(declarations, apps)])  # type: ignore[misc]


@notify.command()
@options
@click.option("--since", type=Time(), default="1d", show_default=True, metavar="TIME", help="What was sent within this time.")
def replay(desired: Path, apps: tuple[str, ...], no_color: bool, since: int) -> int:
    """Send again what this machine sent within a time, arrived or not, under the same ids."""
    declarations = load_checked(desired, apps)
    return worst([guarded(lambda app=app: _replay(app, declarations, since)) for app in chosen(declarations, apps)])  # type: ignore[misc]


def _test(app: App, declarations: Declarations) -> int:
    from reconciler.cycle.clock import now
    from reconciler.notify.causes import Moment, samples
    from reconciler.notify.deliver import Means, try_once
    from reconciler.notify.message import Message
    from reconciler.notify.outbox import Outbox
    from reconciler.notify.target import target_of
    from reconciler.record.open import store_of

    target, at = target_of(app), now()
    if not target.channels:
        say(f"{app.displayName}: {NOBODY}")
        return 0
    events = samples(Moment(app.name, app.displayName, "", at))
    outbox = Outbox(store_of(app, declarations).outbox())
    messages = [Message(event, channel, target, at, at) for channel in target.channels for event in events]
    means = Means(os.environ, lambda: datetime.now(UTC), random.random)
    return worst([_shown(app, try_once(outbox, message, means)) for message in messages])


def _replay(app: App, declarations: Declarations, since: int) -> int:
    from reconciler.cycle.clock import now
    from reconciler.notify.deliver import Means, deliver
    from reconciler.notify.outbox import Outbox
    from reconciler.notify.target import target_of
    from reconciler.record.open import store_of
    from reconciler.service.clocks import later

    outbox, at = Outbox(store_of(app, declarations).outbox()), now()
    outbox.retarget(target_of(app))
    if not outbox.replay(later(at, -since), at):
        say(f"{app.displayName}: nothing was sent within this time from this machine")
    codes: list[int] = []
    means = Means(os.environ, lambda: datetime.now(UTC), random.random)
    deliver(outbox, means, lambda delivery: codes.append(_shown(app, delivery)))
    return worst(codes)


def _shown(app: App, delivery: Delivery) -> int:
    from reconciler.cycle.clock import now
    from reconciler.service.messages import line_of

    say(f"{app.displayName}: {line_of(delivery, now()).message}", err=not delivery.succeeded)
    return 0 if delivery.succeeded else ERROR
