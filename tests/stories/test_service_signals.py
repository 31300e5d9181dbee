"""`reconcile run` that is told to end while one of its processes is only beginning, or has written and is not done yet."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.record.local import LocalStore
from tests.stories.test_service import SECONDS, Running, running
from tests.support.rounds import Rounds, declare, rounds
from tests.support.servers import COMMAND, ROOT, Call, answer

__all__ = ["running"]  # a fixture

# What each process reads before anything else: the one whose number this is gets the signal as early as can be.
EARLY = """
import os, signal, sys

def number():
    for number in range(100):
        try:
            os.close(os.open(f"{os.environ['COUNTS']}/{number}", os.O_CREAT | os.O_EXCL))
            return number
        except FileExistsError:
            pass

if "--multiprocessing-fork" in sys.orig_argv and number() == int(os.environ["PROCESS"]):
    os.kill(os.getpid(), getattr(signal, os.environ["SIGNAL"]))
"""
# The first look at the declarations lasts until it is ended, and says to a socket that it has begun.
HANGS = """
import os, socket, sys

if "--multiprocessing-fork" in sys.orig_argv:
    import reconciler.service.worker as worker

    def hang(desired):
        with socket.create_connection(("127.0.0.1", int(os.environ["PORT"]))) as told:
            told.recv(1)

    worker._survey = hang
"""


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rounds]:
    with rounds(tmp_path, monkeypatch) as made:
        (tmp_path / "site").mkdir()
        (tmp_path / "counts").mkdir()
        made.environ |= {"PYTHONPATH": f"{tmp_path}/site:{ROOT}", "COUNTS": str(tmp_path / "counts")}
        yield made


def site(service: Rounds, text: str) -> None:
    (service.folder / "site/sitecustomize.py").write_text(text)


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize(("process", "words"), [
    ("0", "the declarations could not be read"), ("1", "wiki: the cycle was stopped before its first write"),
])  # fmt: skip
def test_a_process_that_is_told_to_end_in_its_first_moment_ends_in_order(
    service: Rounds, process: str, words: str, number: str
) -> None:
    """Without a traceback, and saying so: the first looks at the declarations, the second is a cycle."""
    site(service, EARLY)
    ran = service.reconcile("run", "--once", PROCESS=process, SIGNAL=number)
    assert ran.code == 1 and words in ran.out + ran.err and "Traceback" not in ran.err, ran
    assert service.front.writes == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_told_to_end_while_it_looks_at_the_declarations_leaves_no_process(service: Rounds, number: int) -> None:
    site(service, HANGS)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(SECONDS)
        run = subprocess.Popen(
            [sys.executable, *COMMAND, "run"], cwd=service.folder, stderr=subprocess.PIPE, text=True,
            env=service.environ | {"PORT": str(server.getsockname()[1])},
        )  # fmt: skip
        with server.accept()[0] as looking:
            looking.settimeout(SECONDS)
            run.send_signal(number)
            assert looking.recv(1) == b"", "the process that looks is gone"
        _, errors = run.communicate(timeout=SECONDS)
        assert run.returncode == 130 and "Traceback" not in errors, errors


def test_who_is_told_to_end_after_the_last_write_keeps_what_was_done_and_says_so(service: Rounds, running: list[Running]) -> None:
    """While it asks the service again for those who were put out."""
    service.cycle()
    service.write("directory/groups/a.yaml", "groups: [{displayName: Net, members: [grace@x.org]}]\n")
    ada, patched = service.find("ada@x.org")[0]["id"], list[str]()
    asked, stopping = threading.Event(), threading.Event()

    def told(call: Call) -> None:
        if call.method == "PATCH":
            patched.append(call.path)
        elif call.path.endswith(ada) and len(patched) > 1 and not asked.is_set():
            asked.set()
            stopping.wait(SECONDS)

    service.refuse, service.time = told, datetime.now(UTC)
    run = Running(service, "--interval", "1h")
    running.append(run)
    assert asked.wait(SECONDS)
    run.process.send_signal(signal.SIGTERM)
    run.until("stopping")
    stopping.set()
    ended = run.until("cycleEnded")
    assert ended["written"] == {"disable": 1, "update": 1}, ended
    assert run.until("ended") and run.process.wait(SECONDS) == 0
    assert service.service["cycle"]["id"] == ended["cycle"]
    assert LocalStore(service.folder / ".reconcile", "wiki").read_journal() == []


def test_a_service_that_hangs_and_a_mail_server_that_hangs_keep_no_end_longer_than_grace(
    service: Rounds, running: list[Running]
) -> None:
    """The process of the cycle is killed then, and the next cycle does the rest from its journal, nothing twice."""
    service.app("notification: {email: [ops@example.com]}\n")
    posted, over = threading.Event(), threading.Event()

    def hang(call: Call) -> None:
        if call.method == "POST":
            posted.set()
            over.wait(SECONDS)

    service.refuse = lambda call: (
        answer(409, {"status": "409"}) if call.path.endswith("Groups") and call.method == "POST" else None
    )
    with socket.create_server(("127.0.0.1", 0)) as silent:
        service.environ["RECONCILE_SMTP_URL"] = f"smtp://127.0.0.1:{silent.getsockname()[1]}?from=a@example.com"
        run = Running(service, "--interval", "1s", "--grace", "3s")
        running.append(run)
        run.until("cycleEnded")
        service.refuse = hang
        declare(service, ["ada@x.org", "grace@x.org", "new@x.org"])
        assert posted.wait(SECONDS)
        began = time.monotonic()
        run.process.send_signal(signal.SIGTERM)
        killed = run.until("killed")
        assert killed["app"] == "wiki" and "continues from its journal" in killed["message"]
        assert run.process.wait(SECONDS) == 0 and time.monotonic() - began < 4, "with the mail server's two seconds it were five"
    over.set()
    service.refuse, service.time = lambda call: None, datetime.now(UTC)
    assert service.cycle().result == "success" and len(service.find("new@x.org")) == 1
    assert LocalStore(service.folder / ".reconcile", "wiki").read_journal() == []
