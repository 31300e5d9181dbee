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
        self._headers = _encoded({
            "Accept": "application/scim+json, application/json", "Accept-Encoding": "gzip, deflate",
            "User-Agent": f"scim-reconciler/{__version__}", **headers, "Authorization": f"Bearer {token}",
        })  # fmt: skip
        self._transport = transport or _transport(base_url, connections)
        self._closed = False

    def close(self) -> None:
        self._closed = True  # a thread that is still reading opens no new connection
        self._transport.close()

    def send(self, method: str, path: str, params: Any, content: bytes | None, headers: Mapping[str, str]) -> Answer:
        """One request. Raises httpx.TransportError and httpx.DecodingError."""
        try:
            request = httpx.Request(method, self._base_url + path, params=params, content=content,
                                    headers={**self._headers, **_encoded(headers)}, extensions={"timeout": TIMEOUT})  # fmt: skip
            if self._closed:
                raise httpx.ConnectError("the client is closed")
            response = self._transport.handle_request(request)
        except (httpx.InvalidURL, UnicodeError) as error:
            raise httpx.UnsupportedProtocol(f"this cannot be sent: {error}") from None
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


def _encoded(headers: Mapping[str, str]) -> dict[bytes, bytes]:
    """A service may give any text as the version that If-Match sends back."""
    return {name.encode(): value.encode("utf-8", "replace") for name, value in headers.items()}


def _transport(base_url: str, connections: int) -> httpx.BaseTransport:
    """By the proxy that the environment names; what goes to loopback needs none, which would see the token."""
    limits, address = httpx.Limits(max_connections=connections), urlsplit(base_url)
    if address.scheme == "http":
        return httpx.HTTPTransport(limits=limits, trust_env=False, verify=False)  # there is nothing to verify
    try:
        return httpx.HTTPTransport(limits=limits, verify=httpx.create_ssl_context(), proxy=_proxy(address.netloc))
    except OSError as error:  # an SSLError is one
        raise ServiceError(f"the certificates of the environment cannot be used: {error.strerror or type(error).__name__}",
                           f"CONNECT {address.hostname}", remedy="mend SSL_CERT_FILE or SSL_CERT_DIR") from None  # fmt: skip
    except (ValueError, ImportError, httpx.InvalidURL):
        # In whose words its password may stand.
        raise ServiceError("the proxy of the environment cannot be used", f"CONNECT {address.hostname}",
                           remedy="mend HTTPS_PROXY or ALL_PROXY: a proxy reads http://host:port; or name the host in NO_PROXY"
                           ) from None  # fmt: skip


def _proxy(host: str) -> str | None:
    """The URL of the proxy for a host, with its port where it has one; a proxy without a scheme is spoken to by HTTP."""
    proxies = {} if proxy_bypass(host) else getproxies()
    found = proxies.get("https") or proxies.get("all")
    return found if found is None or "://" in found else "http://" + found
