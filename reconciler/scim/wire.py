"""Bytes to one service and back over httpx, straight on its transport: no cookies, redirects or .netrc to be careful of."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from queue import LifoQueue
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from reconciler import __version__
from reconciler.scim.answers import Answer
from reconciler.scim.bodies import LARGEST, LARGEST_ERROR, Unreadable, decoded
from reconciler.scim.deadline import Deadline, TimedBackend
from reconciler.scim.errors import ServiceError

TIMEOUT = httpx.Timeout(60, connect=10).as_dict()  # seconds between bytes
WHOLE = 180.0  # seconds that the whole of an answer may take
ONE = httpx.Limits(max_connections=1)


class TooLate(httpx.ReadTimeout):
    """The answer was still coming when it had to be there."""


class Wire:
    """One service: `headers` go with every request. Safe to use from several threads.

    `transport` and `timer` are handed in by tests.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        headers: Mapping[str, str],
        connections: int,
        transport: httpx.BaseTransport | None,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._base_url = base_url
        self._headers = _encoded(
            {
                "Accept": "application/scim+json, application/json",
                "Accept-Encoding": "gzip, deflate",
                "User-Agent": f"scim-reconciler/{__version__}",
                **headers,
                "Authorization": f"Bearer {token}",
            }
        )
        self._deadline = Deadline(timer)
        self._lanes = Lanes((lambda: transport) if transport else opening(base_url, self._deadline), connections)
        self._closed = False

    def close(self) -> None:
        self._closed = True  # a thread that is still reading opens no new connection
        self._lanes.close()

    def send(self, method: str, path: str, params: Any, content: bytes | None, headers: Mapping[str, str]) -> Answer:
        """One request. Raises httpx.TransportError; TooLate, which is one, where the answer takes too long as a whole."""
        try:
            request = httpx.Request(
                method,
                self._base_url + path,
                params=params,
                content=content,
                headers={**self._headers, **_encoded(headers)},
                extensions={"timeout": TIMEOUT},
            )
        except (httpx.InvalidURL, UnicodeError) as error:
            raise httpx.UnsupportedProtocol(f"this cannot be sent: {error}") from None
        if self._closed:
            raise httpx.ConnectError("the client is closed")
        self._deadline.begin(WHOLE)
        try:
            with self._lanes.one() as transport:
                return self._answer(request, transport)
        except httpx.ReadTimeout:
            if self._deadline.over:
                raise TooLate(f"the answer took longer than {WHOLE:.0f} s") from None
            raise

    def _answer(self, request: httpx.Request, transport: httpx.BaseTransport) -> Answer:
        try:
            response = transport.handle_request(request)
        except UnicodeError as error:  # a host that cannot be encoded
            raise httpx.UnsupportedProtocol(f"this cannot be sent: {error}") from None
        found: list[bytes] = []
        try:
            encoding, largest = response.headers.get("Content-Encoding", ""), LARGEST if response.is_success else LARGEST_ERROR
            if response.is_stream_consumed:  # a transport that has read it has decoded it
                found.append(response.content)
            else:
                assert isinstance(response.stream, httpx.SyncByteStream)
                found.extend(decoded(self._in_time(response.stream), encoding, largest))
            return Answer(response.status_code, response.headers, b"".join(found))
        except Unreadable as error:
            # Of an error its beginning says enough.
            return Answer(response.status_code, response.headers, b"".join(found), str(error) if response.is_success else "")
        finally:
            response.close()

    def _in_time(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            if self._deadline.over:
                raise httpx.ReadTimeout("")
            yield chunk


class Lanes:
    """As many requests at a time as there are lanes, each on a connection of its own.

    One pool of all connections looks at each of them with every request, and under one lock (httpcore 1.0).
    """

    def __init__(self, open: Callable[[], httpx.BaseTransport], most: int) -> None:
        self._open, self._opened = open, [open()]
        self._free: LifoQueue[httpx.BaseTransport | None] = LifoQueue()
        for lane in [*[None] * (most - 1), self._opened[0]]:
            self._free.put(lane)

    @contextmanager
    def one(self) -> Iterator[httpx.BaseTransport]:
        """The one that was used last of those that are free, as soon as one is."""
        lane = self._free.get()
        try:
            if lane is None:
                lane = self._open()
                self._opened.append(lane)
            yield lane
        finally:
            self._free.put(lane)

    def close(self) -> None:
        for lane in self._opened:
            lane.close()


def _encoded(headers: Mapping[str, str]) -> dict[bytes, bytes]:
    """A service may give any text as the version that If-Match sends back."""
    return {name.encode(): value.encode("utf-8", "replace") for name, value in headers.items()}


def opening(base_url: str, deadline: Deadline) -> Callable[[], httpx.HTTPTransport]:
    """What opens a connection to a service: by the proxy that the environment names, but to loopback, where one would see the
    token. Raises ServiceError where the environment is no good.
    """
    address = urlsplit(base_url)
    if address.scheme == "http":
        return partial(_timed, deadline, trust_env=False, verify=_nothing_to_verify())
    try:
        opens = partial(_timed, deadline, verify=httpx.create_ssl_context(), proxy=_proxy(address.netloc))
        opens().close()
    except OSError as error:  # an SSLError is one
        raise ServiceError(
            f"the certificates of the environment cannot be used: {error.strerror or type(error).__name__}",
            f"CONNECT {address.hostname}",
            remedy="fix SSL_CERT_FILE or SSL_CERT_DIR",
        ) from None
    except (ValueError, ImportError, httpx.InvalidURL):
        # In whose words its password may stand.
        raise ServiceError(
            "the proxy of the environment cannot be used",
            f"CONNECT {address.hostname}",
            remedy="fix HTTPS_PROXY or ALL_PROXY: a proxy reads http://host:port; or name the host in NO_PROXY",
        ) from None
    return opens


@cache
def _nothing_to_verify() -> ssl.SSLContext:
    """One for all connections without TLS: httpx makes one for each, which takes longer than to connect."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _timed(deadline: Deadline, **options: Any) -> httpx.HTTPTransport:
    """httpx hands no network backend on to httpcore (0.28), so it is put in here."""
    transport = httpx.HTTPTransport(limits=ONE, **options)
    pool: Any = transport._pool
    pool._network_backend = TimedBackend(pool._network_backend, deadline)
    return transport


def _proxy(host: str) -> str | None:
    """The URL of the proxy for a host, with its port where it has one; a proxy without a scheme is spoken to by HTTP."""
    proxies = {} if proxy_bypass(host) else getproxies()
    found = proxies.get("https") or proxies.get("all")
    return found if found is None or "://" in found else "http://" + found
