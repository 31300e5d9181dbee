"""A message survives a kill, is tried over three days, arrives at least once under one id, and never raises into a cycle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reconciler.declare.settings import Webhook
from reconciler.notify.deliver import Means, deliver
from reconciler.notify.mail import VARIABLE
from reconciler.notify.message import DELAYS, Delivery, Message
from reconciler.notify.outbox import Outbox
from reconciler.notify.target import WEBHOOK, Target
from reconciler.notify.undelivered import Undelivered, undelivered
from reconciler.record import flock
from reconciler.record.store import RecordError
from reconciler.report.event.model import Event
from tests.notify.test_signature import SECRET
from tests.report.test_event import EVENT
from tests.support.mailbox import mailbox
from tests.support.receiver import Receiver, receiver

START = "2026-06-01T00:00:00Z"
NEXT = replace(EVENT, id="msg_" + "1" * 32)


class Post:
    """An outbox with a clock of its own; `tried` is what delivering told."""

    def __init__(self, folder: Path, url: str, **environ: str) -> None:
        self.outbox, self.now = Outbox(folder / "outbox"), datetime(2026, 6, 1, tzinfo=UTC)
        self.target = Target("wiki", "${env:TOKEN}", (), Webhook(url, ("${env:HOOK}",)))
        self.environ = {"HOOK": SECRET, "RECONCILE_ALLOWED_ORIGINS": url.rpartition("/")[0], **environ}
        self.tried: list[Delivery] = []

    def put(self, *events: Event) -> None:
        self.outbox.put(events, self.target, self.now.strftime("%Y-%m-%dT%H:%M:%SZ"))

    def deliver(self, stopped: Callable[[], bool] = lambda: False) -> list[bool]:
        self.tried = []
        deliver(Outbox(self.outbox.folder), Means(self.environ, lambda: self.now, lambda: 0.0, stopped), self.tried.append)
        return [delivery.succeeded for delivery in self.tried]

    def later(self, seconds: float) -> list[bool]:
        self.now += timedelta(seconds=seconds)
        return self.deliver()


@pytest.fixture
def server() -> Receiver:  # type: ignore[misc]
    with receiver() as kept:
        yield kept


@pytest.fixture
def post(tmp_path: Path, server: Receiver) -> Post:
    return Post(tmp_path, server.url)


def ids(server: Receiver) -> list[str]:
    return [posted.headers["webhook-id"] for posted in server.posted]


def test_each_message_is_delivered_once_to_each_channel(post: Post, server: Receiver) -> None:
    with mailbox() as box:
        post.environ[VARIABLE], post.target = box.url, replace(post.target, email=("ops@example.com",))
        post.put(EVENT, NEXT)
        assert post.deliver() == [True] * 4 and post.later(86_400) == []
        post.put(EVENT)  # told again after a kill, with the same id
        assert post.deliver() == []
    assert ids(server) == [EVENT.id, NEXT.id] and len(box.mails) == 2
    assert undelivered(post.outbox) == Undelivered()


def test_one_channel_that_fails_holds_up_no_other(post: Post, server: Receiver) -> None:
    post.target = replace(post.target, email=("ops@example.com",))  # and no mail server is named
    post.put(EVENT)
    assert sorted(post.deliver()) == [False, True]
    (failed,) = [delivery for delivery in post.tried if not delivery.succeeded]
    assert VARIABLE in failed.error and failed.remedy and failed.channel == "email"


def test_what_fails_is_tried_over_three_days_and_then_given_up(post: Post, server: Receiver) -> None:
    server.answers = [(500, {})] * 20
    post.put(EVENT)
    assert post.deliver() == [False]
    for delay in DELAYS:
        assert post.later(delay - 1) == [] and post.later(1) == [False]
    assert post.tried[0].next == "" and post.later(30 * 86_400) == []
    assert ids(server) == [EVENT.id] * 10 and sum(DELAYS) > 3 * 86_400
    assert undelivered(post.outbox) == Undelivered(0, 1, START, f"the webhook at {server.origin} answered 500")


def test_each_try_is_signed_anew(post: Post, server: Receiver) -> None:
    server.answers = [(500, {})]
    post.put(EVENT)
    post.deliver()
    assert post.later(5) == [True]
    first, second = (posted.headers for posted in server.posted)
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 5
    assert first["webhook-signature"] != second["webhook-signature"]


def test_a_receiver_that_asks_for_time_gets_it_and_delays_spread(post: Post, server: Receiver) -> None:
    server.answers = [(503, {"Retry-After": "3600"})]
    post.put(EVENT)
    assert post.deliver() == [False] and post.later(3_599) == [] and post.later(1) == [True]
    message = Message(EVENT, "webhook", post.target, START, START)
    assert message.failed("x", post.now, None, 0.0).next < message.failed("x", post.now, None, 1.0).next


def test_a_receiver_that_is_gone_gets_nothing_more_until_app_yaml_names_another(post: Post, server: Receiver) -> None:
    server.answers = [(410, {})]
    post.put(EVENT, NEXT)
    assert post.deliver() == [False] and post.tried[0].next == ""
    post.put(replace(EVENT, id="msg_" + "2" * 32))
    assert post.later(86_400) == [] and len(server.posted) == 1 and undelivered(post.outbox).off
    post.target = replace(post.target, webhook=Webhook(server.url + "/new", ("${env:HOOK}",)))
    post.put(replace(EVENT, id="msg_" + "3" * 32))
    assert post.deliver() == [True] and server.posted[-1].path == "/hook/new"
    assert not undelivered(post.outbox).off  # `status` says no more that nothing is sent


def test_what_waits_goes_where_app_yaml_says_by_then(post: Post, server: Receiver) -> None:
    with mailbox() as box:
        post.environ[VARIABLE] = box.url
        post.target = Target(
            "wiki", "${env:TOKEN}", ("old@example.com",), Webhook("https://elsewhere.example.com/", ("${env:HOOK}",))
        )
        post.put(EVENT)
        post.outbox.retarget(Target("wiki", "${env:TOKEN}", ("new@example.com",)))
        assert post.deliver() == [True]
    assert box.envelopes[0].rcpt_tos == ["new@example.com"] and undelivered(post.outbox) == Undelivered()


def test_a_kill_after_it_was_sent_sends_it_again_with_the_same_id(
    post: Post, server: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.put(EVENT)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Outbox, "update", lambda self, message: (_ for _ in ()).throw(KeyboardInterrupt))
        post.deliver()
    assert post.deliver() == [True] and post.deliver() == []
    assert ids(server) == [EVENT.id] * 2


def test_a_kill_while_it_is_written_leaves_nothing_half(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("os.replace", lambda source, target: (_ for _ in ()).throw(KeyboardInterrupt))
        post.put(EVENT)
    assert post.outbox.messages() == [] and list(post.outbox.folder.glob("*.tmp"))
    post.put(NEXT)
    assert post.deliver() == [True] and list(post.outbox.folder.glob("*.tmp")) == []


def test_a_file_that_is_no_message_is_left_out(post: Post, server: Receiver) -> None:
    post.put(EVENT)
    for name, text in (
        ("msg_a.json", "{"),
        ("msg_b.json", "[]"),
        ("msg_c.json", "{}"),
        ("msg_d.json", '{"event": {}, "target": {}}'),
    ):
        (post.outbox.folder / name).write_text(text)
    assert post.deliver() == [True]


def test_what_begins_is_not_told_after_its_end_and_replayed_both_are_in_their_order(post: Post, server: Receiver) -> None:
    """A receiver that was down when it began, and up again at the end."""
    began = replace(EVENT, kind="quarantine", reason="TooManyDeletes")
    other = replace(EVENT, id="msg_" + "3" * 32, thread=(EVENT.id,))
    ended = replace(NEXT, kind="recovery", phase="ended", thread=(EVENT.id,), ended=("quarantine (TooManyDeletes)",))
    server.answers = [(500, {}), (500, {})]
    post.put(began, other)
    assert post.deliver() == [False, False]
    post.put(ended)
    post.now += timedelta(seconds=1)
    assert post.deliver() == [True]
    assert post.later(600) == [True], "another cause that was said in the same message lasts"
    assert ids(server)[2:] == [NEXT.id, other.id] and post.later(100_000) == []
    post.outbox.replay(START, "2026-06-05T00:00:00Z")
    post.now += timedelta(days=4)
    assert post.deliver() == [True, True]
    post.put(again := replace(began, id="msg_" + "4" * 32))
    assert post.later(1) == [True] and ids(server)[-1] == again.id


def test_two_who_deliver_do_not_do_it_twice(post: Post, server: Receiver) -> None:
    post.put(EVENT)
    with Outbox(post.outbox.folder).delivering(WEBHOOK) as alone:
        assert alone and post.deliver() == []
    assert post.deliver() == [True] and len(server.posted) == 1


def test_whoever_is_told_to_stop_begins_nothing_more(post: Post, server: Receiver) -> None:
    post.put(EVENT)
    assert post.deliver(lambda: True) == [] and post.deliver() == [True]


def test_what_was_told_can_be_told_again(post: Post, server: Receiver) -> None:
    post.put(EVENT)
    post.deliver()
    post.now += timedelta(days=2)
    post.put(NEXT)
    post.deliver()
    assert post.outbox.replay("2026-06-02T00:00:00Z", "2026-06-03T00:00:00Z") == 1
    assert post.deliver() == [True] and ids(server) == [EVENT.id, NEXT.id, NEXT.id]


def test_what_is_settled_is_kept_for_a_month(post: Post, server: Receiver) -> None:
    post.put(EVENT)
    post.deliver()
    post.now += timedelta(days=31)
    post.put(NEXT)
    post.deliver()
    assert [message.event.id for message in post.outbox.messages()] == [NEXT.id]


def test_nothing_secret_is_kept_and_nobody_else_reads_it(post: Post, server: Receiver) -> None:
    server.answers = [(500, {})]
    post.put(EVENT)
    post.deliver()
    for file in post.outbox.folder.iterdir():
        assert SECRET not in file.read_text() and file.stat().st_mode & 0o077 == 0
    assert post.outbox.folder.stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("in the way")
    with pytest.raises(RecordError, match="cannot be written"):
        Outbox(tmp_path / "outbox").put([EVENT], Target("wiki", "", ("a@x.org",)), START)


def test_a_try_that_was_set_by_a_clock_which_was_ahead_is_due_now(post: Post) -> None:
    post.put(NEXT)
    (message,) = post.outbox.messages()
    post.outbox.update(replace(message, next="2027-06-01T00:00:00Z"))
    assert post.deliver() == [True]


def test_a_process_that_hangs_with_the_folder_is_named_and_not_waited_for_for_ever(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flock, "PATIENCE", 0.05)
    post.put(EVENT)
    with (
        open(post.outbox.folder / "busy", "rb") as held,
        pytest.raises(RecordError, match="another reconcile has been busy with .*outbox") as raised,
    ):
        assert flock.is_taken(held)
        post.put(NEXT)
    assert "end it" in raised.value.remedy
    post.put(NEXT)  # whoever has died holds nothing
    assert len(post.outbox.messages()) == 2
