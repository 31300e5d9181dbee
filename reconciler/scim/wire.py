"""Bytes to one service and back over httpx, straight on its transport: no cookies, redirects or .netrc to be careful of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from reconciler import __version__
from reconciler.scim.answers import Answer
from reconciler.scim.errors import ServiceError

LARGEST = 64 * 1024 * 1024
LARGEST_ERROR = 65_536
TIMEOUT = httpx.Timeout(60, connect=10).as_dict()


class Wire:
    """One service: `headers` go with every request. Safe to use from several threads.

    `transport` is handed in by tests.
    """

    def __init__(
        self, base_url: str, token: str, headers: Mapping[str, str], connections: int, transport: httpx.BaseTransport | None
    ) -> None:  # fmt: skip
        self._base_url = base_url
        self._headers = {
            "Accept": "application/scim+json, application/json", "Accept-Encoding": "gzip, deflate",
            "User-Agent": f"scim-reconciler/{__version__}", **headers, "Authorization": f"Bearer {token}",
        }  # fmt: skip
        self._transport = transport or _transport(base_url, connections)

    def close(self) -> None:
        self._transport.close()

    def send(self, method: str, path: str, params: Any, content: bytes | None, headers: Mapping[str, str]) -> Answer:
        """One request. Raises httpx.TransportError and httpx.DecodingError."""
        request = httpx.Request(method, self._base_url + path, params=params, content=content,
                                headers={**self._headers, **headers}, extensions={"timeout": TIMEOUT})  # fmt: skip
        response = self._transport.handle_request(request)
        try:
            found, size = [], 0
            for chunk in response.iter_bytes():
                size += len(chunk)
                if size > (LARGEST if response.is_success else LARGEST_ERROR):
                    break
                found.append(chunk)
            return Answer(response.status_code, response.headers, b"".join(found))
        finally:
            response.close()


def _transport(base_url: str, connections: int) -> httpx.BaseTransport:
    """By the proxy that the environment names; what goes to loopback needs none, which would see the token."""
    limits, address = httpx.Limits(max_connections=connections), urlsplit(base_url)
    if address.scheme == "http":
        return httpx.HTTPTransport(limits=limits, trust_env=False, verify=False)  # there is nothing to verify
    proxies = {} if proxy_bypass(address.hostname or "") else getproxies()
    try:
        return httpx.HTTPTransport(limits=limits, proxy=proxies.get(address.scheme) or proxies.get("all"))
    except (ValueError, ImportError) as error:
        raise ServiceError(f"the proxy of the environment cannot be used: {error}", f"CONNECT {address.hostname}",
                           remedy="mend HTTPS_PROXY, or name the host in NO_PROXY") from None  # fmt: skip
