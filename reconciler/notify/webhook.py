"""An event as one POST to a webhook, signed by Standard Webhooks 1.0.0. Speaks HTTP."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime

from reconciler.notify.addresses import Hook
from reconciler.notify.errors import DeliveryError, Gone
from reconciler.notify.signature import headers
from reconciler.report.event.model import Event
from reconciler.report.event.payload import body
from reconciler.scim.errors import ServiceError
from reconciler.scim.post import post

GONE = 410
LONGEST = 86_400.0  # seconds that a receiver may have us wait


def send(event: Event, hook: Hook, now: float) -> None:
    """Deliver it; `now` are seconds since 1970. Raises DeliveryError, and Gone where the receiver wants no more."""
    content = body(event, hook.format)
    signed = headers(hook.keys, event.id, int(now), content) if hook.format == "standard" else {}
    try:
        reply = post(hook.url, content, signed)
    except ServiceError as error:
        raise DeliveryError(f"the webhook at {hook.origin}: {error.message}", error.remedy) from None
    if reply.status == GONE:
        raise Gone(
            f"the webhook at {hook.origin} answered 410: it wants no more",
            "change or remove webhook in app.yaml; once the receiver is back, `reconcile notify test` turns it on again",
        )
    if not 200 <= reply.status < 300:
        raise DeliveryError(
            f"the webhook at {hook.origin} answered {reply.status}", _remedy(reply.status), _asked(reply.retry_after, now)
        )


def _remedy(status: int) -> str:
    if 300 <= status < 400:
        return "write the address that it redirects to: no redirect is followed"
    if status in (401, 403):
        return "see whether the receiver has the secret that `secret` names, and a clock that is right"
    if status == 404:
        return "correct url in app.yaml"
    return "see what the receiver says"


def _asked(text: str, now: float) -> float | None:
    """Seconds until the moment, or after the number of seconds, of Retry-After (RFC 9110, 10.2.3); None for anything else."""
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - now, 0.0), LONGEST)
