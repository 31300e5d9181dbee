"""Commands as processes that start in no time: one process imports everything once, and each command is a fork of it.

A fork is a process like any other in its number, signals, exit code, streams, folder, umask and environment. What only a fresh
interpreter shows (what a start imports, variables that Python itself reads) needs a start of its own.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parent.parent.parent
LATE = (
    "click._textwrap",
    "deepdiff",
    "encodings.idna",
    "encodings.utf_16_le",
    "encodings.utf_8_sig",
    "httpcore",
    "platformdirs.unix",
)


class Process:
    """A command that runs, to be used as a subprocess.Popen is."""

    def __init__(self, connection: socket.socket, stdout: IO[bytes] | None, stderr: IO[bytes] | None) -> None:
        self.connection, self.stdout, self.stderr = connection, stdout, stderr
        self.pid, self.returncode = self._number(), None  # type: tuple[int, int | None]

    def _number(self) -> int:
        text = b""
        while not text.endswith(b"\n"):
            more = self.connection.recv(1)
            assert more, "the process that commands are forked from has ended"
            text += more
        return int(text)

    def wait(self, timeout: float | None = None) -> int:
        """The exit code; below 0 the signal that ended it."""
        if self.returncode is None:
            if not select.select([self.connection], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("reconcile", timeout or 0)
            self.returncode = self._number()
            self.connection.close()
        return self.returncode

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def communicate(self, timeout: float = 600) -> tuple[bytes | None, bytes | None]:
        """Both streams to their end, then the exit code."""
        end = time.monotonic() + timeout
        found = {stream: b"" for stream in (self.stdout, self.stderr) if stream is not None}
        todo = set(found)
        while todo:
            ready = select.select(list(todo), [], [], max(0, end - time.monotonic()))[0]
            if not ready:
                raise subprocess.TimeoutExpired("reconcile", timeout)
            for stream in ready:
                data = os.read(stream.fileno(), 1 << 16)
                found[stream] += data
                if not data:
                    todo.discard(stream)
                    stream.close()
        self.wait(max(0, end - time.monotonic()))
        return found.get(self.stdout), found.get(self.stderr)  # type: ignore[arg-type]

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        for stream in filter(None, (self.stdout, self.stderr)):
            stream.close()
        self.wait()


class CommandServer:
    """A process that has imported every module; `path` is the socket at which it takes orders."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="commands")
        self.path = str(Path(self.folder.name) / "socket")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.command_server", self.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        )
        assert self.process.stdout is not None and self.process.stdout.readline() == b"ready\n"

    def start(
        self,
        arguments: Sequence[str],
        folder: Path,
        environ: dict[str, str],
        *,
        stdin: Any = subprocess.DEVNULL,
        stdout: Any = subprocess.PIPE,
        stderr: Any = subprocess.PIPE,
        umask: int = -1,
        before: Sequence[str] = (),
    ) -> Process:
        """Begin a command; the streams are what subprocess.Popen takes, and `before` is Python that the process runs first."""
        asked = {"argv": list(arguments), "cwd": str(folder), "env": environ, "umask": umask, "before": list(before)}
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(self.path)
        given, kept, made = [], [], []
        for stream, flags in ((stdin, os.O_RDONLY), (stdout, os.O_WRONLY), (stderr, os.O_WRONLY)):
            reader = None
            if stream == subprocess.PIPE:
                read, stream = os.pipe()
                reader = os.fdopen(read, "rb")
                made.append(stream)
            elif stream == subprocess.DEVNULL:
                stream = os.open(os.devnull, flags)
                made.append(stream)
            given.append(stream if isinstance(stream, int) else stream.fileno())
            kept.append(reader)
        socket.send_fds(connection, [json.dumps(asked).encode() + b"\n"], given)
        for handle in made:
            os.close(handle)
        return Process(connection, kept[1], kept[2])

    def end(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()
        self.folder.cleanup()


@functools.cache
def command_server() -> CommandServer:
    """The one of this worker."""
    server = CommandServer()
    atexit.register(server.end)
    return server


# The process itself


def _prepare() -> None:
    """Import every module, with what they import late, and make the schemas."""
    import reconciler

    for name in LATE:
        importlib.import_module(name)
    for module in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
        importlib.import_module(module.name)
    from reconciler.declare.schema import sound

    for kind in ("users", "groups", "assignments", "app", "roles", "mappings", "reconciler", "plan"):
        sound(kind, {})


def _become(asked: dict[str, Any], handles: list[int]) -> None:
    """The forked process: it is given what a process is started with, and runs the command."""
    from reconciler.cli.main import main

    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(asked["env"])
    if asked["umask"] != -1:
        os.umask(asked["umask"])
    for number, handle in enumerate(handles):
        os.dup2(handle, number)
    for handle in handles:
        os.close(handle)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=stream is sys.stderr or os.isatty(1))  # type: ignore[union-attr]
    os.chdir(asked["cwd"])
    for text in asked["before"]:
        exec(text, {})
    main(asked["argv"])


def _fork(connection: socket.socket, running: dict[int, socket.socket]) -> None:
    text, handles, _, _ = socket.recv_fds(connection, 1 << 16, 3)
    while not text.endswith(b"\n"):
        text += connection.recv(1 << 16)
    pid = os.fork()
    if not pid:
        code = 70
        try:
            _become(json.loads(text), handles)
        except SystemExit as leave:
            code = leave.code if isinstance(leave.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    for handle in handles:
        os.close(handle)
    running[pid] = connection
    connection.send(f"{pid}\n".encode())


def _reap(running: dict[int, socket.socket]) -> None:
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with running.pop(pid) as connection, contextlib.suppress(OSError):
            connection.send(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def serve(path: str) -> None:
    """Take orders until whoever started this has closed its standard input."""
    _prepare()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(wake)
    os.write(1, b"ready\n")
    running: dict[int, socket.socket] = {}
    while True:
        ready = select.select([0, listener, woken], [], [])[0]
        if 0 in ready:
            return
        if woken in ready:
            os.read(woken, 4096)
            _reap(running)
        if listener in ready:
            _fork(listener.accept()[0], running)


if __name__ == "__main__":
    serve(sys.argv[1])
