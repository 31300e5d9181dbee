"""What did not reach anybody: an outbox in, what `status` says of it out. Reads its files."""

from __future__ import annotations

from typing import NamedTuple

from reconciler.notify.outbox import Outbox


class Undelivered(NamedTuple):
    """What `status` says: how many wait or were given up, since when, why the last failed; whether the webhook is off."""

    waiting: int = 0
    failed: int = 0
    oldest: str = ""
    error: str = ""
    off: bool = False


def undelivered(outbox: Outbox) -> Undelivered:
    """Of one app on this machine."""
    messages = outbox.messages()
    left = [message for message in messages if message.state in ("waiting", "failed") and message.tries]
    waiting = [message for message in messages if message.state == "waiting"]
    oldest = min((message.created for message in [*waiting, *left]), default="")
    failed = sum(1 for message in left if message.state == "failed")
    error = next((message.error for message in reversed(left) if message.error), "")
    return Undelivered(len(waiting), failed, oldest, error, outbox.has_switched_off)
