"""If-Match on a write, and a service that refuses the very versions that it shows (RFC 7644 §3.14). Sends what it is handed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from reconciler.apply.model import Failed
from reconciler.scim.client import ScimClient
from reconciler.scim.errors import StaleError

T = TypeVar("T")
SAYS = "`etag: {supported: false}` in the profile"
REFUSES_VERSIONS = (
    "the service refuses changes that carry its own version of an object (412), so none is sent to it from now on: what a change "
    f"replaces is read and compared before each write all the same. To say so from the start, write {SAYS}"
)


def conditionally(client: ScimClient, version: str | None, send: Callable[[str | None], T], look: Callable[[], str | None]) -> T:
    """What `send` returns with the version; where the service refuses its own one, without, and no version is sent any more.

    `look` reads the object again and returns its version, or raises Failed where it is not as planned: the refusal is right then.
    Raises what `send` raises, and Failed where the version is another one by then.
    """
    try:
        return send(version)
    except StaleError as error:
        if version is None:
            raise
        if _looked(look, error) != version:
            words = f"changed on the service since it was planned: {error}; if nobody changed it, write {SAYS}"
            raise Failed("stale", words) from None
    answer = send(None)
    client.profile = replace(client.profile, etag=replace(client.profile.etag, supported=False))
    return answer


def _looked(look: Callable[[], str | None], error: StaleError) -> str | None:
    try:
        return look()
    except Failed:
        raise error from None
