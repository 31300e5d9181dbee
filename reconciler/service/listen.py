"""Answers /metrics, /healthz and /readyz: requests in, what the loop and the metrics say out. Listens on a socket."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from reconciler.service.events import OFF
from reconciler.service.loop import LONGEST, Loop
from reconciler.service.metrics import Metrics
from reconciler.service.order import Postponed
from reconciler.service.result import CycleResult
from reconciler.service.standing import health

SILENT = 10.0  # seconds that a client may take to say what it wants
DEAD = 3 * LONGEST  # seconds without a turn of the loop
WELL = ("healthy", "degraded", "blocked")  # an app whose cycles work, whatever people have to decide
TEXT, JSON = "text/plain; charset=utf-8", "application/json"


class Page(NamedTuple):
    status: HTTPStatus
    kind: str
    body: bytes


class Address(NamedTuple):
    """Where to listen; an IPv6 address is written in brackets on the command line."""

    host: str
    port: int


@contextmanager
def listening(address: Address | None, loop: Loop, metrics: Metrics, timer: Callable[[], float]) -> Iterator[int]:
    """Answer requests meanwhile; yields the port, 0 where nothing is listened to. Raises OSError where that cannot be done."""
    if address is None:
        yield 0
        return

    class Handler(_Handler):
        def page(self, path: str) -> Page | None:
            return page(path, self.headers.get("Accept", ""), loop, metrics, timer())

    server = _server(address)(address, Handler)
    thread = threading.Thread(target=server.serve_forever, name="listen", daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def page(path: str, accept: str, loop: Loop, metrics: Metrics, now: float) -> Page | None:
    """What is answered; None where there is no such page."""
    match path.partition("?")[0]:
        case "/metrics":
            text, kind = metrics.text(accept)
            return Page(HTTPStatus.OK, kind, text)
        case "/healthz":
            alive = now - loop.beat < DEAD
            return Page(_status(alive), TEXT, b"alive\n" if alive else b"the loop stands still\n")
        case "/readyz":
            apps = {name: _state(loop.ends.get(name)) for name in sorted(loop.turns)}
            trouble = loop.follow.trouble
            ready = bool(apps) and not loop.follow.holds and all(app["ready"] for app in apps.values())
            pull = {"pull": f"{trouble.code}: {trouble.message}"} if trouble else {}
            return Page(_status(ready), JSON, json.dumps({"ready": ready, **pull, "apps": apps}).encode() + b"\n")
    return None


def _status(good: bool) -> HTTPStatus:
    return HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE


def _state(end: object) -> dict[str, object]:
    """An app's last cycle; one that was postponed has run before this process began. Who is off by app.yaml is as declared."""
    match end:
        case CycleResult():
            return {
                "ready": end.result == "off" or health(end) in WELL,
                "cycle": end.cycle_id,
                "result": end.result,
                "ended": end.ended,
                **_why(end),
            }
        case Postponed():
            why = {} if end.is_well else {"why": end.why}
            return {"ready": end.is_well, "result": "postponed", "next": end.next or None, **why}
        case None:
            return {"ready": False, "result": None}
    return {"ready": False, "result": type(end).__name__.lower()}


def _why(end: CycleResult) -> dict[str, object]:
    """Why it is not well; nothing of one that is."""
    if end.quarantine is not None:
        state = "in quarantine" if end.quarantine.next_attempt else OFF
        return {"why": f"{state} ({end.quarantine.reason}): {end.quarantine.message}", "next": end.quarantine.next_attempt}
    return {"why": f"{end.error.code}: {end.error.message}"} if end.error else {}


def _server(address: Address) -> type[ThreadingHTTPServer]:
    import socket

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Who hangs up before the answer is there is nobody's log."""

        address_family = socket.AF_INET6 if ":" in address.host else socket.AF_INET

    return Server


class _Handler(BaseHTTPRequestHandler):
    timeout = SILENT
    server_version, sys_version = "reconcile", ""

    def page(self, path: str) -> Page | None:
        raise NotImplementedError

    def do_GET(self) -> None:
        answer = self.page(self.path)
        if answer is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Who scrapes is nobody's log."""
