"""`reconcile notify`: a try of every kind through every channel, and what was told told again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.cli.main import run
from reconciler.cycle.clock import now
from reconciler.declare.settings import Webhook
from reconciler.notify.mail import VARIABLE
from reconciler.notify.outbox import Outbox
from reconciler.notify.target import Target
from reconciler.notify.undelivered import undelivered
from tests.notify.test_signature import SECRET
from tests.report.test_event import EVENT
from tests.support.mailbox import Mailbox, mailbox
from tests.support.receiver import Receiver, receiver
from tests.support.world import APP, World

KINDS = ["failure", "blocked", "quarantine", "recovery", "drift", "approvalNeeded"]


@pytest.fixture
def box() -> Mailbox:  # type: ignore[misc]
    with mailbox() as kept:
        yield kept


@pytest.fixture
def server() -> Receiver:  # type: ignore[misc]
    with receiver() as kept:
        yield kept


@pytest.fixture
def folder(world: World, box: Mailbox, server: Receiver, monkeypatch: pytest.MonkeyPatch) -> Path:
    hook = f"{{url: '{server.url}', secret: '${{env:HOOK_SECRET}}'}}"
    world.write("apps/wiki/app.yaml", APP + f"notification: {{email: [ops@example.com], on: [failure], webhook: {hook}}}\n")
    monkeypatch.chdir(world.folder)
    for name, value in ((VARIABLE, box.url), ("HOOK_SECRET", SECRET), ("RECONCILE_ALLOWED_ORIGINS", server.origin)):
        monkeypatch.setenv(name, value)
    return world.folder


def test_a_test_sends_one_of_each_kind_through_each_channel(
    folder: Path, box: Mailbox, server: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also of those that `on` leaves out: whoever adds one later has seen it."""
    assert run(["notify", "test"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out == [f"wiki: notified of {kind} by {channel}" for channel in ("email", "webhook") for kind in KINDS]
    assert all("a test, nothing is wrong" in subject for subject in box.subjects) and len(box.subjects) == 6
    told = [json.loads(posted.body) for posted in server.posted]
    assert [event["type"] for event in told] == [f"reconcile.{kind}" for kind in KINDS]
    assert len({event["data"]["id"] for event in told}) == 6 and {event["data"]["phase"] for event in told} == {"test"}


def test_a_test_that_fails_says_why_and_what_to_do_and_none_is_kept(
    folder: Path, box: Mailbox, server: Receiver, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RECONCILE_ALLOWED_ORIGINS")
    assert run(["notify", "test"]) == 1
    err = capsys.readouterr().err
    assert f"could not notify of failure by webhook: the webhook of wiki points to {server.origin}" in err
    assert f"add {server.origin}=HOOK_SECRET to RECONCILE_ALLOWED_ORIGINS; it is not tried again" in err
    assert server.posted == [] and len(box.mails) == 6
    assert Outbox(folder / ".reconcile/wiki/outbox").messages() == []


def test_what_was_told_is_told_again_under_its_id_where_app_yaml_says_now(
    folder: Path, box: Mailbox, server: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["notify", "replay"]) == 0 and "nothing was sent" in capsys.readouterr().err
    outbox, target = Outbox(folder / ".reconcile/wiki/outbox"), Target("wiki", "${env:TOKEN}", ("old@example.com",))
    outbox.put([EVENT], target, now())
    outbox.put([replace(EVENT, id="msg_" + "5" * 32)], target, "2026-01-01T00:00:00Z")
    assert run(["notify", "replay", "--since", "1d"]) == 0
    assert [mail["Message-ID"] for mail in box.mails][-1] == f"<{EVENT.id}@example.com>"
    assert box.envelopes[-1].rcpt_tos == ["ops@example.com"]


def test_a_webhook_that_is_off_is_on_again_once_a_test_arrives(folder: Path, server: Receiver) -> None:
    outbox = Outbox(folder / ".reconcile/wiki/outbox")
    webhook = Webhook(server.url, ("${env:HOOK_SECRET}",))
    outbox.put([EVENT], Target("wiki", "${env:TOKEN}", (), webhook), now())
    server.answers = [(410, {})]
    assert run(["notify", "replay"]) == 1 and undelivered(outbox).off
    assert run(["notify", "test"]) == 0 and not undelivered(outbox).off


def test_who_tells_nobody_is_told_so(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(world.folder)
    assert run(["notify", "test"]) == 0 and "nobody is notified" in capsys.readouterr().err


@pytest.mark.parametrize("since", ["", "yesterday", "0d", "1w"])
def test_a_time_that_is_none_is_wrong_usage(folder: Path, since: str) -> None:
    assert run(["notify", "replay", "--since", since]) == 64
