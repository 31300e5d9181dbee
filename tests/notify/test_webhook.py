"""A webhook is one signed POST: no redirect is followed, 410 ends it, and a receiver is asked how long to wait."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from email.utils import formatdate

import pytest
from standardwebhooks.webhooks import Webhook as Verifier

from reconciler.notify.addresses import Hook
from reconciler.notify.errors import DeliveryError, Gone
from reconciler.notify.signature import key_of
from reconciler.notify.webhook import send
from tests.notify.test_signature import OTHER, SECRET
from tests.report.test_event import EVENT, EVIL
from tests.support.receiver import receiver


def hook(url: str, form: str = "standard") -> Hook:
    return Hook(url, (key_of(SECRET), key_of(OTHER)), form, url.rpartition("/")[0])


@pytest.mark.parametrize("secret", [SECRET, OTHER])
def test_a_receiver_with_either_secret_believes_what_comes(secret: str) -> None:
    with receiver() as server:
        send(EVIL, hook(server.url), time.time())
    (posted,) = server.posted
    told = Verifier(secret).verify(posted.body, dict(posted.headers))
    assert told["data"]["id"] == posted.headers["webhook-id"] == EVIL.id
    assert posted.headers["content-type"] == "application/json" and posted.path == "/hook"


@pytest.mark.parametrize("form", ["slack", "teams"])
def test_a_chat_gets_its_own_form_and_no_signature(form: str) -> None:
    with receiver() as server:
        send(EVENT, hook(server.url, form), time.time())
    (posted,) = server.posted
    assert "webhook-id" not in posted.headers and json.loads(posted.body).keys() & {"blocks", "attachments"}


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    with receiver() as elsewhere, receiver() as server:
        server.answers.append((status, {"Location": elsewhere.url}))
        with pytest.raises(DeliveryError, match=f"answered {status}") as failed:
            send(EVENT, hook(server.url), time.time())
    assert elsewhere.posted == [] and "redirect" in failed.value.remedy


@pytest.mark.parametrize(
    ("status", "headers", "after"),
    [
        (429, {"Retry-After": "120"}, 120),
        (503, {"Retry-After": "9999999"}, 86_400),
        (503, {"Retry-After": formatdate(1_000_600, usegmt=True)}, 600),
        (503, {"Retry-After": formatdate(0, usegmt=True)}, 0),
        (503, {"Retry-After": "soon"}, None),
        (503, {"Retry-After": "-1"}, None),
        (500, {}, None),
        (404, {}, None),
    ],
)
def test_a_failure_says_what_was_answered_and_how_long_to_wait(status: int, headers: dict[str, str], after: float | None) -> None:
    with receiver() as server:
        server.answers.append((status, headers))
        with pytest.raises(DeliveryError, match=f"answered {status}") as failed:
            send(EVENT, hook(server.url), 1_000_000.0)
    assert failed.value.after == after and failed.value.remedy and not isinstance(failed.value, Gone)


def test_who_is_gone_is_gone() -> None:
    with receiver() as server:
        server.answers.append((410, {}))
        with pytest.raises(Gone):
            send(EVENT, hook(server.url), time.time())


def test_what_cannot_be_reached_is_said_without_its_address() -> None:
    with receiver() as server:
        there = hook(server.url)
    with pytest.raises(DeliveryError) as failed:
        send(EVENT, replace(there, url=there.url + "?sig=hunter2"), time.time())
    assert "hunter2" not in str(failed.value) and there.origin in str(failed.value)
