"""The service's own troubles are told once by each machine, whatever the record says, and shown by `status`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from reconciler.declare.settings import Notification, Webhook
from reconciler.notify.message import Message
from reconciler.notify.outbox import Outbox
from reconciler.notify.target import Target
from reconciler.report.event.words import subject
from reconciler.service.clocks import later
from reconciler.service.ends import Head
from reconciler.service.events import Event
from reconciler.service.follow import Follow
from reconciler.service.metrics import Metrics
from reconciler.service.observer import Observer
from reconciler.service.own_troubles import OwnTroubles
from reconciler.service.pull import HistoryRewritten, NotMerged, RemoteUnreachable
from reconciler.service.recipients import Recipients
from reconciler.service.result import AppError, CycleResult
from reconciler.service.shared_events import Near
from reconciler.service.trouble_files import is_told_here, troubles_of, was_wrong_here

NOW = "2026-06-01T00:00:00Z"
TO = Recipients("wiki", "Wiki", "generic", Target("wiki", "${env:T}", ("ops@example.com",)), Notification())
DOWN, EDITED = RemoteUnreachable("nobody answers", "wait"), NotMerged("the checkout has changes", "undo them")


class Machine:
    """The service on one machine: `remote` is what a look at it raises, `minute` passes between two looks."""

    folder = "."

    def __init__(self, folder: Path) -> None:
        self.outbox, self.remote, self.said, self.at = folder / "wiki/outbox", list[Exception](), list[Event](), NOW
        self.start()

    def start(self) -> None:
        """A process of its own."""
        self.metrics, self.follow = Metrics(lambda: 0.0), Follow(cast(Any, self), 60)
        self.troubles = OwnTroubles(self.follow, self.said.append, self.metrics)
        self.troubles.knows({"wiki": Near(TO, str(self.outbox))})

    def take(self, seen: object) -> None:
        if self.remote:
            raise self.remote[0]

    def look(self) -> list[str]:
        """What is told after the next one."""
        before = {message.name for message in Outbox(self.outbox).messages()}
        self.at = later(self.at, 60)
        self.troubles.take(["wiki"], Head("main", ""), self.at)
        new = [message.event for message in Outbox(self.outbox).messages() if message.name not in before]
        return [f"{event.phase} {event.reason}" for event in new]

    @property
    def gauge(self) -> list[str]:
        lines = self.metrics.text("")[0].decode().splitlines()
        return [line.partition('"')[2].partition('"')[0] for line in lines if "pull_failing{" in line and line.endswith(" 1.0")]


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    yield Machine(tmp_path)


def test_a_remote_that_does_not_answer_is_told_after_three_looks_and_once(machine: Machine) -> None:
    machine.remote = [DOWN]
    assert [machine.look() for _ in range(5)] == [[], [], ["began RemoteUnreachable"], [], []]
    assert machine.gauge == ["RemoteUnreachable"] and [event.kind for event in machine.said] == ["notPulled"]
    (shown,) = troubles_of(machine.outbox)
    assert (shown["since"], shown["holds"]) == ("2026-06-01T00:01:00Z", False)
    machine.start()
    assert [machine.look() for _ in range(4)] == [[]] * 4, "another process of the same machine goes on with it"
    machine.remote = []
    assert machine.look() == ["ended RemoteUnreachable"] and machine.gauge == [] and troubles_of(machine.outbox) == []
    assert machine.look() == []


def test_one_look_that_fails_is_told_to_nobody(machine: Machine) -> None:
    machine.remote = [DOWN]
    assert machine.look() == []
    machine.remote = []
    assert machine.look() == [] and not machine.outbox.exists()


def test_a_checkout_that_is_not_as_merged_is_told_at_once_and_lasts_while_the_remote_does_not_answer(machine: Machine) -> None:
    machine.remote = [EDITED]
    assert machine.look() == ["began NotMerged"] and machine.gauge == ["NotMerged"]
    machine.remote = [DOWN]
    assert [machine.look() for _ in range(4)] == [[]] * 4 and machine.follow.holds
    machine.remote = [HistoryRewritten("another history", "look")]
    assert machine.look() == ["changed HistoryRewritten"]
    machine.remote = []
    assert machine.look() == ["ended HistoryRewritten"] and not machine.follow.holds


def test_a_process_that_does_not_pull_ends_nothing_of_it(machine: Machine) -> None:
    machine.remote = [EDITED]
    machine.look()
    other = OwnTroubles(Follow(), machine.said.append, Observer())
    other.knows({"wiki": Near(TO, str(machine.outbox))})
    other.keep(["wiki"], NOW)
    assert len(Outbox(machine.outbox).messages()) == 1 and troubles_of(machine.outbox)[0]["code"] == "NotMerged"


def test_settings_in_error_are_told_although_nobody_knows_where_the_record_lies(machine: Machine) -> None:
    good = CycleResult("wiki", "generic", "c1", "incremental", NOW, NOW, "success")
    wrong = AppError("InvalidDeclaration", None, "reconciler.yaml:1:1: no", "`reconcile validate`")
    for result in (replace(good, result="failed", error=wrong, is_of_checkout=True),) * 2:
        machine.troubles.ended(result, ["wiki"], NOW)
    (begun,) = Outbox(machine.outbox).messages()
    assert begun.event.reason == "InvalidDeclaration" and "reconciler.yaml:1:1" in begun.event.why
    assert troubles_of(machine.outbox)[0]["message"] == wrong.message
    machine.troubles.ended(replace(good, started=later(NOW, 60)), ["wiki"], later(NOW, 60))
    assert [message.event.phase for message in Outbox(machine.outbox).messages()] == ["began", "ended"]


def test_what_a_record_says_was_told_is_kept_for_status_and_told_by_no_machine(machine: Machine) -> None:
    good = CycleResult("wiki", "generic", "c1", "incremental", NOW, NOW, "success")
    wrong = AppError("InvalidDeclaration", None, "users.yaml:1:1: no", "`reconcile validate`")
    machine.troubles.ended(replace(good, result="failed", error=wrong, is_of_checkout=True, is_told_to_all=True), ["wiki"], NOW)
    assert was_wrong_here(machine.outbox) and troubles_of(machine.outbox)[0]["message"] == wrong.message
    machine.start()
    assert machine.look() == [] and was_wrong_here(machine.outbox), "another process, which has not looked yet"
    machine.troubles.ended(replace(good, started=later(NOW, 90)), ["wiki"], later(NOW, 120))
    assert not was_wrong_here(machine.outbox) and not Outbox(machine.outbox).messages()


def test_what_this_machine_has_told_by_itself_it_tells_to_be_over(machine: Machine) -> None:
    """Also where a record could say in between that people know."""
    good = CycleResult("wiki", "generic", "c1", "incremental", NOW, NOW, "success")
    wrong = AppError("InvalidDeclaration", None, "users.yaml:1:1: no", "`reconcile validate`")
    failed = replace(good, result="failed", error=wrong, is_of_checkout=True)
    machine.troubles.ended(failed, ["wiki"], NOW)
    assert is_told_here(machine.outbox)
    machine.troubles.ended(replace(failed, is_told_to_all=True), ["wiki"], later(NOW, 60))
    assert [message.event.phase for message in Outbox(machine.outbox).messages()] == ["began"]
    machine.troubles.ended(replace(good, started=later(NOW, 90)), ["wiki"], later(NOW, 120))
    assert [message.event.phase for message in Outbox(machine.outbox).messages()] == ["began", "ended"]


def test_a_record_that_cannot_be_used_is_kept_for_status_and_told_by_the_cycle_alone(machine: Machine) -> None:
    full = AppError("RecordError", None, "the record cannot be written: no space left", "make room")
    good = CycleResult("wiki", "generic", "c1", "incremental", NOW, NOW, "success")
    machine.troubles.ended(replace(good, result="failed", error=full), ["wiki"], NOW)
    assert troubles_of(machine.outbox)[0]["code"] == "RecordError" and not Outbox(machine.outbox).messages()
    machine.troubles.ended(good, ["wiki"], later(NOW, 60))
    assert troubles_of(machine.outbox) == []


def test_a_file_that_cannot_be_written_costs_a_line_and_no_look(machine: Machine) -> None:
    machine.outbox.parent.write_text("in the way")
    machine.remote = [EDITED]
    machine.troubles.take(["wiki"], Head("main", ""), NOW)
    assert "Wiki: nobody is told:" in machine.said[-1].message
    said = len(machine.said)
    machine.troubles.take(["wiki"], Head("main", ""), later(NOW, 60))
    assert len(machine.said) == said, "and one line alone, however long it lasts"


APPS = [f"app{number:02}" for number in range(20)]
HOOK = Webhook("https://hooks.example.com/a", ("${env:HOOK}",))


@pytest.fixture
def many(machine: Machine, tmp_path: Path) -> Machine:
    """Twenty apps; all tell one address, some a second one, or a webhook; one wants no mail."""
    near = {}
    for number, name in enumerate(APPS):
        email = () if name == "app19" else ("ops@example.com", "net@example.com") if number % 2 else ("ops@example.com",)
        target = Target(name, "${env:T}", email, HOOK if number > 15 else None)
        near[name] = Near(Recipients(name, name.upper(), "generic", target, Notification()), str(tmp_path / name / "outbox"))
    machine.troubles.knows(near)
    return machine


def waiting(folder: Path) -> list[Message]:
    return [message for name in APPS for message in Outbox(folder / name / "outbox").messages()]


def test_what_is_wrong_with_the_checkout_is_one_mail_and_one_message_a_webhook_for_all_apps(
    many: Machine, tmp_path: Path
) -> None:
    many.remote = [EDITED]
    many.troubles.take(APPS, Head("main", ""), later(NOW, 60))
    mail, hook = sorted(waiting(tmp_path), key=lambda message: message.channel)
    assert (mail.channel, mail.target.email) == ("email", ("ops@example.com", "net@example.com"))
    assert (hook.channel, hook.target.webhook, hook.target.app) == ("webhook", HOOK, "app16")
    assert subject(mail.event) == "[reconcile] 20 apps: no cycle begins (NotMerged)"
    assert "this concerns APP00, APP01, APP02, APP03, APP04 and 15 more" in mail.event.why
    assert mail.event.commands == ("reconcile status",)
    assert {troubles_of(tmp_path / name / "outbox")[0]["code"] for name in APPS} == {"NotMerged"}
    many.troubles.take(APPS, Head("main", ""), later(NOW, 120))
    assert len(waiting(tmp_path)) == 2
    Outbox(tmp_path / "app00/outbox").retarget(Target("app00", "${env:T}", ("ops@example.com",)))
    many.remote = []
    many.troubles.take(APPS, Head("main", ""), later(NOW, 180))
    ended = [message for message in waiting(tmp_path) if message.event.phase == "ended"]
    assert len(ended) == 2 and {message.event.thread for message in ended} == {(mail.event.id,)}, "answers what was sent"
    assert {message.target.email for message in waiting(tmp_path) if message.channel == "email"} == {mail.target.email}


@pytest.mark.parametrize("by", ["a cycle", "one that is put off"])
def test_settings_in_error_are_one_message_whichever_app_s_cycle_finds_them_first(many: Machine, tmp_path: Path, by: str) -> None:
    wrong = AppError("InvalidDeclaration", None, "reconciler.yaml:1:1: no", "`reconcile validate`")
    at = [later(NOW, number) for number in range(100)]
    for number, name in enumerate(APPS):
        result = CycleResult(name, "generic", "c", "incremental", at[number], at[number], "failed", wrong, is_of_checkout=True)
        many.troubles.ended(result, APPS, at[number])
    late = CycleResult("app00", "generic", "c", "incremental", NOW, at[30], "success")
    many.troubles.ended(late, APPS, at[30])
    assert [subject(message.event) for message in waiting(tmp_path) if message.channel == "email"] == [
        "[reconcile] 20 apps: no app can be provisioned (InvalidDeclaration)"
    ], "also not told to be over by a cycle that began before"
    assert troubles_of(tmp_path / "app19/outbox")[0]["since"] == NOW
    near = many.troubles._troubles.near
    many.start()
    many.troubles.knows(near)
    many.troubles.take(APPS, Head("main", ""), at[30])  # another process, which has heard of no cycle yet
    many.troubles.ended(replace(late, started=at[30], result="failed", error=wrong, is_of_checkout=True), APPS, at[31])
    many.troubles.read(NOW, APPS, at[31])
    assert len([message for message in waiting(tmp_path) if message.channel == "email"]) == 1
    if by == "a cycle":
        many.troubles.ended(replace(late, started=at[40]), APPS, at[41])
    else:
        many.troubles.read(at[40], APPS, at[41])
    assert [message.event.phase for message in waiting(tmp_path) if message.channel == "email"] == ["began", "ended"]
