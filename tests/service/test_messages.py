"""While the service runs, a thread delivers what cycles leave in their outboxes, and each try is a line in its log."""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.cycle.clock import now
from reconciler.declare.settings import Webhook
from reconciler.notify.mail import VARIABLE
from reconciler.notify.message import messages_of
from reconciler.notify.outbox import Outbox
from reconciler.notify.target import EMAIL, Target
from reconciler.service.after_cycle import from_memory
from reconciler.service.clocks import later
from reconciler.service.events import Event, as_json
from reconciler.service.messages import Messages
from reconciler.service.result import CycleResult, Unkept
from tests.notify.test_signature import SECRET
from tests.report.test_event import EVENT
from tests.support.mailbox import mailbox

TARGET = Target("wiki", "${env:WIKI_TOKEN}", ("ops@example.com",))


class Heard:
    """Lines as they come, and counts of deliveries."""

    def __init__(self) -> None:
        self.lines: list[Event] = []
        self.counted: list[tuple[str, bool]] = []
        self.came = threading.Semaphore(0)

    def say(self, event: Event) -> None:
        self.lines.append(event)
        self.came.release()

    def notified(self, channel: str, succeeded: bool) -> None:
        self.counted.append((channel, succeeded))


def result(folder: Path) -> CycleResult:
    return CycleResult("wiki", "generic", "c1", "incremental", now(), now(), "failed", outbox=str(folder))


def test_what_waits_is_delivered_at_once_and_the_log_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard, outbox = Heard(), Outbox(tmp_path / "outbox")
    with mailbox() as box, Messages(heard.say, (heard,)) as messages:
        monkeypatch.setenv(VARIABLE, box.url)
        outbox.put([EVENT], TARGET, now())
        messages.result(result(outbox.folder))
        assert heard.came.acquire(timeout=10) and len(box.mails) == 1
    assert [(line.kind, line.app, line.message) for line in heard.lines] == [("notified", "wiki", "notified of failure by email")]
    assert heard.counted == [("email", True)]
    assert EVENT.cycle and json.loads(as_json(heard.lines[0]))["cycle"] == EVENT.cycle


def test_what_cannot_be_delivered_is_said_with_what_to_do_and_when_it_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    heard, outbox = Heard(), Outbox(tmp_path / "outbox")
    outbox.put([EVENT], TARGET, now())
    with Messages(heard.say, (heard,)) as messages:
        messages.result(result(outbox.folder))
    (line,) = heard.lines
    assert (
        (line.kind, line.level) == ("notNotified", "error") and line.cycle == EVENT.cycle and heard.counted == [("email", False)]
    )
    assert f"mail is wanted, and {VARIABLE} is not set; set it to smtp://" in line.message
    assert f"it is tried again at {outbox.next(EMAIL)}" in line.message


def test_an_end_delivers_what_is_due_and_leaves_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard, outbox = Heard(), Outbox(tmp_path / "outbox")
    with mailbox() as box:
        monkeypatch.setenv(VARIABLE, box.url)
        with Messages(heard.say) as messages:
            messages.result(replace(result(outbox.folder), outbox=""))
            messages.result(result(outbox.folder))
            outbox.put([EVENT], TARGET, now())
            late = later(now(), 3600)
            outbox.put([replace(EVENT, id="msg_" + "9" * 32)], TARGET, late)
        assert len(box.mails) == 1
    assert outbox.next(EMAIL) == late


def test_an_outbox_that_cannot_be_used_is_said_and_holds_up_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard, broken, outbox = Heard(), Outbox(tmp_path / "broken"), Outbox(tmp_path / "outbox")
    broken.put([EVENT], TARGET, now())
    (broken.folder / "delivering.email").mkdir()
    outbox.put([EVENT], TARGET, now())
    with mailbox() as box:
        monkeypatch.setenv(VARIABLE, box.url)
        with Messages(heard.say) as messages:
            messages.result(result(broken.folder))
            messages.result(result(outbox.folder))
        assert len(box.mails) == 1
    assert "outbox" in {line.kind for line in heard.lines} and "cannot be written" in heard.lines[0].message


def test_what_a_server_that_hangs_has_not_taken_at_the_end_is_said_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard, outbox = Heard(), Outbox(tmp_path / "outbox")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv(VARIABLE, f"smtp://127.0.0.1:{silent.getsockname()[1]}?from=a@example.com")
        outbox.put([EVENT], TARGET, now())
        with Messages(heard.say, (heard,), 0.2) as messages:
            messages.result(result(outbox.folder))
    assert [line.message for line in heard.lines] == [
        "not notified of failure by email before the end: it waits for the next run"
    ]
    assert heard.counted == [("email", False)] and heard.lines[0].cycle == EVENT.cycle


def test_a_webhook_that_hangs_holds_up_no_mail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard, outbox = Heard(), Outbox(tmp_path / "outbox")
    with mailbox() as box, socket.create_server(("127.0.0.1", 0)) as silent:
        origin = f"http://127.0.0.1:{silent.getsockname()[1]}"
        for name, value in {VARIABLE: box.url, "HOOK": SECRET, "RECONCILE_ALLOWED_ORIGINS": origin}.items():
            monkeypatch.setenv(name, value)
        hook = replace(TARGET, email=(), webhook=Webhook(f"{origin}/hook", ("${env:HOOK}",)))
        outbox.put([EVENT], hook, "2026-01-01T00:00:00Z")
        with Messages(heard.say, (heard,), 0.2) as messages:
            messages.result(result(outbox.folder))
            with silent.accept()[0]:  # it is being told, and answers nothing
                outbox.put([replace(EVENT, id="msg_" + "9" * 32)], TARGET, now())
                messages.result(result(outbox.folder))
                assert heard.came.acquire(timeout=10) and heard.lines[0].message == "notified of failure by email"
    assert len(box.mails) == 1


def test_what_a_cycle_told_from_memory_is_said_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard, (message,) = Heard(), messages_of([EVENT], TARGET, now())
    with mailbox() as box:
        monkeypatch.setenv(VARIABLE, box.url)
        tried = [from_memory(message, channels) for channels in ((), ("email",))]
        assert tried[0] is None and len(box.mails) == 1
        with Messages(heard.say, (heard,)) as messages:
            unkept = Unkept(None, tuple(filter(None, tried)))
            messages.result(replace(result(tmp_path / "nowhere/outbox"), unkept=unkept))
    assert [line.kind for line in heard.lines] == ["notified"] and heard.counted == [("email", True)]
    assert list(tmp_path.iterdir()) == []
