"""Signatures of webhooks by Standard Webhooks 1.0.0: secrets, id, moment and body in, headers out. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable

from reconciler.declare.wording import plural

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64  # bytes of a key


def key_of(secret: str) -> bytes:
    """The key that a secret stands for. Raises ValueError where it is no secret of Standard Webhooks."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("it is not base64") from None
    if not secret.startswith(PREFIX):
        raise ValueError(f"it does not begin with {PREFIX}")
    if not SHORTEST <= len(key) <= LONGEST:
        raise ValueError(f"its key has {plural(len(key), 'byte')}, not {SHORTEST} to {LONGEST}")
    return key


def headers(keys: Iterable[bytes], id: str, moment: int, body: bytes) -> dict[str, str]:
    """The three headers of a message; `moment` is that of this attempt, in seconds since 1970. One signature a key."""
    signed = f"{id}.{moment}.".encode() + body
    signatures = (base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in keys)
    return {
        "webhook-id": id,
        "webhook-timestamp": str(moment),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
