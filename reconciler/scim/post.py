"""One POST to an address that is no SCIM service: straight on the transport, so no redirect is followed, no cookie kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

import httpx

from reconciler import __version__
from reconciler.scim.deadline import Deadline
from reconciler.scim.errors import NoConnection
from reconciler.scim.wire import opening

WHOLE = 30.0  # seconds for all of it, as Standard Webhooks recommends
CONNECT = 10.0  # seconds of them for the connection, TLS included


class Reply(NamedTuple):
    """The status, and Retry-After as it was written, empty where it was not. The body is nobody's business."""

    status: int
    retry_after: str


def post(url: str, content: bytes, headers: Mapping[str, str], timer: Callable[[], float] = time.monotonic) -> Reply:
    """Send it once. Raises ServiceError, in whose words the address does not stand."""
    sent = {"Content-Type": "application/json", "User-Agent": f"scim-reconciler/{__version__}", **headers}
    deadline = Deadline(timer)
    deadline.begin(WHOLE)
    try:
        request = httpx.Request("POST", url, content=content, headers=sent, extensions={"timeout": patience()})
        with opening(url, deadline)() as transport:
            response = transport.handle_request(request)
            response.close()
    except (httpx.TransportError, httpx.InvalidURL, UnicodeError) as error:
        raise NoConnection(_words(error).replace(url, "the address"), remedy="see whether the address can be reached") from None
    return Reply(response.status_code, response.headers.get("Retry-After", ""))


def patience() -> dict[str, float | None]:
    """Seconds, as httpx has them: no wait for bytes ends before the whole does, whose seconds the error names."""
    return httpx.Timeout(WHOLE, connect=CONNECT).as_dict()


def _words(error: Exception) -> str:
    if isinstance(error, httpx.ConnectTimeout):
        return f"no connection within {CONNECT:.0f} s"
    if isinstance(error, httpx.TimeoutException):
        return f"no answer within {WHOLE:.0f} s"
    return str(error) or type(error).__name__
