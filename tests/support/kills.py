"""A service that ends its client's process at a chosen request, and commands as processes whose number it is told."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import signal
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from scim2_server.memory import InMemoryStorage

from tests.support.command_server import command_server
from tests.support.scim_service import application

PASSED = ("authorization", "content-type", "if-match", "accept")
UNSYNCED = "import os; os.fsync = lambda handle: None"  # what is written outlives a process without it


class Ran(NamedTuple):
    """What a command left: exit code (below 0 the signal that ended it) and what it printed."""

    code: int
    out: str
    err: str


def run(
    folder: Path, environ: dict[str, str], *arguments: str, service: Service | None = None, before: tuple[str, ...] = (),
) -> Ran:  # fmt: skip
    """Run a command in `folder` to its end; `service` is told its number, so that it can end it. No traceback is ever printed.

    `before` is Python that the process runs first.
    """
    process = command_server().start(arguments, folder, environ, before=(UNSYNCED, *before))
    if service is not None:
        service.client.append(process.pid)
        service.known.set()
    out, err = process.communicate(timeout=60)
    if service is not None:
        service.let_end()
        service.client.clear()
        service.known.clear()
    ran = Ran(process.wait(), (out or b"").decode(), (err or b"").decode())
    assert "Traceback" not in ran.err, ran.err
    return ran


class Service(ThreadingHTTPServer):
    """A real SCIM service over HTTP; at request number `at` it sends `signal` to its client, before or after serving it.

    `requests` are method and path of what reached the service.
    """

    daemon_threads = True
    request_queue_size = 128  # sixteen connections at once, and a queue of five resets some of them

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.at, self.after, self.signal = 0, False, signal.SIGKILL
        self.client: list[int] = []
        self.known = threading.Event()
        self.turn = threading.Lock()
        self.connections, self.last, self.idle = 0, 0, threading.Condition()
        self.open, self.asked = threading.Event(), threading.Event()
        self.open.set()
        self.load(InMemoryStorage())

    def load(self, storage: Any) -> None:
        """Start over with these resources."""
        self.storage = copied(storage)
        self.serve_from(application(self.storage))

    def serve_from(self, app: Any) -> None:
        """Start over with another WSGI application."""
        transport = httpx.WSGITransport(app=app)
        self.inner = httpx.Client(transport=transport, base_url=self.url)
        self.count, self.requests = 0, list[tuple[str, str]]()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def process_request(self, request: Any, client_address: Any) -> None:
        with self.idle:
            self.connections, self.last = self.connections + 1, client_address[1]
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """A request that a killed client has sent is served all the same."""
        super().process_request_thread(request, client_address)
        with self.idle:
            self.connections -= 1
            self.idle.notify_all()

    def let_end(self) -> None:
        """Until what a client that has ended had sent is done; connections are accepted in turn, so ours is the last."""
        with socket.create_connection(("127.0.0.1", self.server_port)) as ours:
            number = ours.getsockname()[1]
        with self.idle:
            assert self.idle.wait_for(lambda: self.last == number and not self.connections, 30)

    def serve(self, method: str, path: str, headers: dict[str, str], content: bytes) -> httpx.Response | None:
        self.asked.set()
        self.open.wait(60)
        with self.turn:
            self.count += 1
            due = self.count == self.at
            if due and not self.after:
                self._strike()
                if self.signal == signal.SIGKILL:
                    return None
            self.requests.append((method, path))
            response = self.inner.request(method, path, headers=headers, content=content)
            if due and self.after:
                self._strike()
            return response

    @contextlib.contextmanager
    def held(self) -> Iterator[threading.Event]:
        """Nothing is answered inside of the block; the event tells that somebody has asked."""
        self.asked.clear()
        self.open.clear()
        try:
            yield self.asked
        finally:
            self.open.set()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that dies in the middle of a request is what this is for."""

    def _strike(self) -> None:
        self.known.wait(10)
        os.kill(self.client[0], self.signal)

    @property
    def writes(self) -> list[tuple[str, str]]:
        return [(method, path) for method, path in self.requests if method != "GET"]

    def state(self) -> tuple[dict[str, Any], dict[str, str]]:
        """Every resource by name, references as names, without what the service makes; and id -> name."""
        found = [r for kind in ("Users", "Groups") for r in self.inner.get(f"/v2/{kind}?count=1000").json()["Resources"]]
        names = {r["id"]: r.get("userName") or r["displayName"] for r in found}
        assert len(set(names.values())) == len(names), "an account is there twice"
        return {names[r["id"]]: _named({k: v for k, v in r.items() if k not in ("id", "meta")}, names) for r in found}, names


def copied(storage: InMemoryStorage) -> InMemoryStorage:
    """A storage that holds the same resources; a lock belongs to one storage alone."""
    found = InMemoryStorage()
    kept = {name: value for name, value in vars(storage).items() if name != "lock"}
    vars(found).update(copy.deepcopy(kept))
    return found


def _named(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {k: _named(v, names) for k, v in value.items() if k not in ("$ref", "display")}
    if isinstance(value, list):
        return sorted([_named(v, names) for v in value], key=json.dumps)
    return names.get(value, value) if isinstance(value, str) else value


class _Handler(BaseHTTPRequestHandler):
    server: Service
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        content = self.rfile.read(length)
        if len(content) < length:  # whoever sent it died between its head and its body
            self.close_connection = True
            return
        headers = {k: v for k, v in self.headers.items() if k.lower() in PASSED}
        with contextlib.suppress(OSError):  # a client that is dead hears nothing
            response = self.server.serve(self.command, self.path, headers, content)
            if response is None:
                self.close_connection = True
                return
            self.send_response(response.status_code)
            self.send_header("Content-Type", response.headers.get("Content-Type", "application/scim+json"))
            self.send_header("Content-Length", str(len(response.content)))
            self.end_headers()
            self.wfile.write(response.content)
            self.wfile.flush()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextlib.contextmanager
def deadly() -> Iterator[Service]:
    """A Service that serves until the block is left."""
    server = Service()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
