"""A deadline for the whole of an answer: httpx has one between bytes, and a service that drips can take for ever within that."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable
from typing import Any

import httpcore


class Deadline(threading.local):
    """The end of the request that this thread is waiting for, by a clock that never goes back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock, self.end = clock, math.inf

    def begin(self, seconds: float) -> None:
        self.end = self.clock() + seconds

    @property
    def over(self) -> bool:
        return self.clock() >= self.end

    def left(self, timeout: float | None) -> float:
        """How long to wait for the next bytes, at most `timeout` seconds. Raises httpcore.ReadTimeout."""
        left = self.end - self.clock()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left if timeout is None else min(left, timeout)


class TimedBackend(httpcore.NetworkBackend):
    """Connections on which nobody waits beyond the deadline: headers, and whatever comes before them, drip too."""

    def __init__(self, inner: httpcore.NetworkBackend, deadline: Deadline) -> None:
        self._inner, self._deadline = inner, deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        return _TimedStream(self._inner.connect_tcp(host, port, timeout, local_address, socket_options), self._deadline)


class _TimedStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner, self._deadline = inner, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _TimedStream(self._inner.start_tls(ssl_context, server_hostname, timeout), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
