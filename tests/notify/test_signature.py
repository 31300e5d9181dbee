"""Signatures are those of Standard Webhooks 1.0.0: its published vector, and what its own library accepts."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from reconciler.notify.signature import headers, key_of

# The vector that every library of the specification is tested with.
SECRET, ID, MOMENT, BODY = (
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "msg_p5jXN8AQM9LWM0D4loKWxJek",
    1614265330,
    b'{"test": 2432232314}',
)
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
OTHER = "whsec_" + base64.b64encode(bytes(range(32))).decode()


def test_the_published_vector_is_signed_as_published() -> None:
    assert headers([key_of(SECRET)], ID, MOMENT, BODY) == {
        "webhook-id": ID,
        "webhook-timestamp": "1614265330",
        "webhook-signature": SIGNATURE,
    }


@pytest.mark.parametrize("known", [SECRET, OTHER])
def test_while_secrets_change_a_receiver_with_either_accepts(known: str) -> None:
    body, now = '{"type":"reconcile.failure","data":"ü"}', int(datetime.now(UTC).timestamp())
    sent = headers([key_of(SECRET), key_of(OTHER)], ID, now, body.encode())
    assert Webhook(known).verify(body, sent)["data"] == "ü"
    with pytest.raises(WebhookVerificationError):
        Webhook(known).verify(body + " ", sent)


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("whsec_***", "not base64"),
        (SECRET.removeprefix("whsec_"), "does not begin with whsec_"),
        ("whsec_c2hvcnQ=", "5 bytes"),
        ("whsec_" + base64.b64encode(bytes(65)).decode(), "65 bytes"),
        ("", "does not begin"),
    ],
)
def test_what_is_no_secret_signs_nothing(secret: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        key_of(secret)
