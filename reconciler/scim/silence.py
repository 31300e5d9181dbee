"""A request that got no answer: what httpx raised in, the error that it stands for out. No I/O."""

from __future__ import annotations

import httpx

from reconciler.scim.errors import LostAnswer, NoConnection, ReadError, ServiceError
from reconciler.scim.wire import WHOLE, TooLate


def waited_in_vain(error: Exception) -> bool:
    """Whether the whole timeout passed after it was sent: a connection that is refused or broken off is back sooner."""
    return isinstance(error, (httpx.ReadTimeout, httpx.WriteTimeout)) and not isinstance(error, TooLate)


def no_answer(error: Exception, words: str, method: str, shown: str, url: str = "tenantUrl") -> ServiceError:
    """GET, PUT and DELETE can be sent again; of others nobody knows whether they were done. `words` are the error's, cleaned.

    `url` is what app.yaml calls the base URL.
    """
    if isinstance(error, TooLate) and method == "GET":
        return ReadError(
            words,
            shown,
            remedy=f"an answer has {WHOLE:.0f} s, from its request to its end: ask for less with "
            "`paging: {count: ...}` in the profile, or see what holds the service up",
        )
    if isinstance(error, httpx.UnsupportedProtocol):
        return ReadError(words, shown, remedy=f"check {url}")
    unsent = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError))
    if not unsent and method in ("POST", "PATCH"):
        return LostAnswer(f"no answer came ({words})", shown)
    kind = NoConnection if unsent else ServiceError
    return kind(f"no connection ({words})", shown, remedy=f"check {url}, the network and the service's state")
