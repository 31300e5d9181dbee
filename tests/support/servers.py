"""Real services on loopback, and the commands as real processes in a folder of their own."""

from __future__ import annotations

import atexit
import functools
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import orjson

from reconciler.scim.client import ScimClient
from reconciler.scim.patch import body, operations
from reconciler.scim.profile import PROFILES
from tests.support.command_server import Process, command_server
from tests.support.world import MAPPINGS, ROLES

ROOT = Path(__file__).parent.parent.parent
TOKEN = "s3cr3t-" + secrets.token_hex(12)
COMMAND = ("-c", "from reconciler.cli.main import main; main()")
# Root may read and write everything; without these two capabilities it is held to permissions like anybody else: the process,
# and whatever it starts.
MORTAL = """
import ctypes
system, head, held = ctypes.CDLL(None), (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
assert system.capget(head, held) == 0
held[0] = held[1] = held[1] & ~(1 << 1 | 1 << 2)
assert system.capset(head, held) == 0
system.prctl(24, 1), system.prctl(24, 2)
"""
APP = 'app: wiki\nadminCredentials: {tenantUrl: "${env:WIKI_URL}", secretToken: "${env:WIKI_TOKEN}"}\n'


class Ran(NamedTuple):
    """What a command left: exit code and what it printed."""

    code: int
    out: str
    err: str


class Desk:
    """A folder with declarations of one small app, from which commands are run."""

    def __init__(self, folder: Path, url: str, token: str = TOKEN) -> None:
        self.folder, self.url = folder, url
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
            "WIKI_URL": url,
            "WIKI_TOKEN": token,
        }
        self.write("apps/wiki/app.yaml", APP)
        self.write("apps/wiki/mappings.yaml", MAPPINGS)
        self.write("apps/wiki/roles.yaml", ROLES)
        self.people("ada@x.org, jobTitle: Engineer", "grace@x.org")
        self.write("directory/groups/a.yaml", "groups: [{displayName: Net, members: [ada@x.org, grace@x.org]}]\n")
        self.write("apps/wiki/assignments.yaml", "assignments: [{group: Net, role: User}]\n")

    def write(self, path: str, text: str) -> Path:
        file = self.folder / "desired" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def zoo(self, url: str) -> None:
        """A second app, declared as the first one is, whose token is the same under a name of its own."""
        for file in (self.folder / "desired/apps/wiki").iterdir():
            text = file.read_text(encoding="utf-8").replace("app: wiki", "app: zoo").replace("WIKI_", "ZOO_")
            self.write(f"apps/zoo/{file.name}", text)
        self.environ |= {"ZOO_URL": url, "ZOO_TOKEN": self.environ["WIKI_TOKEN"]}

    def people(self, *rows: str) -> None:
        lines = "".join(f"  - {{userPrincipalName: {row}}}\n" for row in rows)
        self.write("directory/users/a.yaml", "users:\n" + lines)

    def start(
        self,
        *arguments: str,
        stdin: Any = subprocess.DEVNULL,
        mortal: bool = False,
        umask: int = -1,
        cwd: str = ".",
        fresh: bool = False,
        **environ: str,
    ) -> Process | subprocess.Popen[bytes]:
        """Begin a command as a process; in a `fresh` interpreter, where what the test is about is seen in no other."""
        folder, env = self.folder / cwd, self.environ | environ
        if not fresh and not any(name.startswith("PYTHON") for name in environ):
            before = (MORTAL,) if mortal else ()
            return command_server().start(arguments, folder, env, stdin=stdin, umask=umask, before=before)
        return subprocess.Popen(
            [sys.executable, *COMMAND, *arguments],
            cwd=folder,
            env=env,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            umask=umask,
        )

    def reconcile(self, *arguments: str, **how: Any) -> Ran:
        """Run a command to its end. Whatever it says, it says without a traceback and without the token."""
        return ended(self.start(*arguments, **how))

    def client(self) -> ScimClient:
        return ScimClient(self.url, TOKEN, PROFILES["generic"])

    def seed(self, name: str, **attributes: Any) -> None:
        with self.client() as client:
            client.create("Users", body("Users", [("userName", name), ("active", True), *attributes.items()]))

    def find(self, name: str) -> list[dict[str, Any]]:
        with self.client() as client:
            return client.find("Users", "userName", name)

    def edit(self, name: str, path: str, value: str) -> None:
        with self.client() as client:
            found = client.find("Users", "userName", name)[0]
            client.patch("Users", found["id"], operations([(path, value)], found))

    def written(self) -> bytes:
        """Every byte below the folder, but for the declarations."""
        files = [f for f in self.folder.rglob("*") if f.is_file() and "desired" not in f.parts]
        return b"\n".join(file.read_bytes() for file in files)


def ended(process: Process | subprocess.Popen[bytes]) -> Ran:
    try:
        out, err = process.communicate(timeout=40)
    finally:
        process.kill()
    out = out or b""
    assert b"Traceback" not in err, err.decode()
    assert TOKEN.encode() not in out + err
    assert process.returncode is not None
    return Ran(process.returncode, out.decode(), err.decode())


# Sixteen connections come at once, and a queue of five, as it is by default, resets some of them.
SERVER = """
from types import SimpleNamespace
from wsgiref.simple_server import WSGIServer

from scim2_server.testserver import cli

from reconciler.demo import extension
from reconciler.demo.held import hold_classes

hold_classes()
cli.ScimProvider = SimpleNamespace(from_discovery=lambda *described, **more: extension.provider())
WSGIServer.request_queue_size = 128
cli.main()
"""


@contextmanager
def scim_server() -> Iterator[str]:
    """The scim2-server of this worker; each path below its URL is a tenant with its own resources, so take a new one."""
    yield _server()


@functools.cache
def _server() -> str:
    """The URL of the one server of this worker, a process of its own that ends with it."""
    port, folder = free_port(), tempfile.TemporaryDirectory(prefix="scim")
    program = [sys.executable, "-c", SERVER]
    arguments = ["--port", str(port), "--bearer-token", TOKEN, "--dynamic-tenants"]
    with open(Path(folder.name) / "server.log", "wb") as log:
        process = subprocess.Popen([*program, *arguments], stdout=log, stderr=log, cwd=folder.name)

    def end() -> None:
        process.terminate()
        process.wait(10)
        folder.cleanup()

    atexit.register(end)
    _wait(port, process)
    return f"http://127.0.0.1:{port}"


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(1200):
        assert process.poll() is None, "scim2-server did not start"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("scim2-server does not answer")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Call(NamedTuple):
    """A request that came; `query` is its raw text, `authorization` the header."""

    method: str
    path: str
    query: str
    authorization: str


class Answer(NamedTuple):
    status: int = 200
    content: bytes = b""
    type: str = "application/scim+json"
    headers: tuple[tuple[str, str], ...] = ()


def answer(status: int, data: Any) -> Answer:
    return Answer(status, orjson.dumps(data))


def page(*resources: Any, total: Any = None) -> Answer:
    """A list response that holds these resources and says that there are `total`."""
    return answer(200, {"totalResults": len(resources) if total is None else total, "Resources": list(resources)})


class Front(ThreadingHTTPServer):
    """Answers as the test decides; what that leaves None goes on to the service `behind`."""

    daemon_threads = True
    request_queue_size = 128  # sixteen connections at once, and a queue of five resets some of them

    def __init__(self, decide: Callable[[Call], Answer | None], behind: str = "") -> None:
        self.decide, self.behind = decide, behind
        self.calls: list[Call] = []
        self.connections = 0
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def writes(self) -> list[Call]:
        return [call for call in self.calls if call.method != "GET"]

    def get_request(self) -> Any:
        self.connections += 1
        return super().get_request()


class _Handler(BaseHTTPRequestHandler):
    server: Front

    def _serve(self) -> None:
        path, _, query = self.path.partition("?")
        call = Call(self.command, path, query, self.headers.get("Authorization", ""))
        self.server.calls.append(call)
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        found = self.server.decide(call) or self._forward(content)
        self.send_response(found.status)
        for name, value in (("Content-Type", found.type), ("Content-Length", str(len(found.content))), *found.headers):
            self.send_header(name, value)
        self.end_headers()
        # A client that has read enough of a long answer closes it.
        try:
            self.wfile.write(found.content)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_CONNECT = _serve

    def _forward(self, content: bytes) -> Answer:
        headers = {k: v for k, v in self.headers.items() if k.lower() in ("authorization", "content-type", "if-match")}
        request = Request(self.server.behind + self.path, content or None, headers, method=self.command)
        try:
            with build_opener(ProxyHandler({})).open(request) as response:
                return Answer(response.status, response.read())
        except HTTPError as error:
            with error:
                return Answer(error.code, error.read())

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def front(decide: Callable[[Call], Answer | None], behind: str = "") -> Iterator[Front]:
    """A Front that serves until the block is left."""
    server = Front(decide, behind)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
