"""What systemd is told of a service of `Type=notify` (sd_notify(3)): words in, a datagram out. Sends on a local socket."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress

READY, STOPPING, WATCHDOG = "READY=1", "STOPPING=1", "WATCHDOG=1"


class Systemd:
    """Silent where nobody listens."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._every = _half(environ)

    def tell(self, *words: str) -> None:
        """Of a state, such as READY, or `STATUS=...`."""
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.connect(self._address)
            sender.sendall("\n".join(words).encode())

    @property
    def every(self) -> float | None:
        """Seconds between two signs of life, half of what the watchdog waits; None where there is none."""
        return self._every


def _half(environ: Mapping[str, str]) -> float | None:
    text, pid = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", str(os.getpid()))
    return int(text) / 2_000_000 if text.isdigit() and pid == str(os.getpid()) else None
