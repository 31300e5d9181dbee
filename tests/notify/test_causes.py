"""A cause is told when it begins, when its reason changes and when it ends, never in between, and once on several machines."""

from __future__ import annotations

from dataclasses import replace

from reconciler.declare.settings import Notification
from reconciler.notify.causes import Cause, Moment, news, samples
from reconciler.record.told import Told
from reconciler.report.event.model import Event

EVERYTHING = Notification(("ops@x.org",), ("failure", "blocked", "quarantine", "recovery", "drift", "approvalNeeded"))
REFUSED = Cause("quarantine", "Refused", "401", commands=("reconcile test-connection --app wiki",))
CONFLICT = Cause("failure", "Conflict", "taken", affected=tuple(f"User/u{n}@x.org" for n in range(7)))


def moment(minute: int) -> Moment:
    return Moment("wiki", "Wiki", "https://x", f"2026-06-01T{minute // 60:02}:{minute % 60:02}:00Z", f"c{minute}")


class Telling:
    """Cycles one after another, 40 minutes apart, and what is told in each."""

    def __init__(self, wanted: Notification = EVERYTHING) -> None:
        self.told, self.wanted, self.minute = Told(), wanted, 0

    def __call__(self, *causes: Cause) -> list[Event]:
        events, self.told = news(causes, self.told, self.wanted, moment(self.minute))
        self.minute += 40
        return events

    def brief(self, *causes: Cause) -> list[tuple[str, str, str]]:
        return [(event.kind, event.phase, event.reason) for event in self(*causes)]


def test_a_cause_is_told_when_it_begins_and_when_it_ends() -> None:
    cycle = Telling()
    assert cycle.brief() == []
    assert cycle.told == {}
    assert cycle.brief(REFUSED) == [("quarantine", "began", "Refused")]
    assert [cycle.brief(REFUSED) for _ in range(50)] == [[]] * 50
    assert cycle.brief() == [("recovery", "ended", "Refused")]
    assert cycle.brief() == []
    assert cycle.told == {"causes": [], "messages": 2}


def test_a_reason_that_changes_is_told_as_the_same_cause() -> None:
    cycle = Telling()
    (begun,) = cycle(REFUSED)
    (changed,) = cycle(replace(REFUSED, reason="Off"))
    assert (changed.phase, changed.reason, changed.before, changed.since) == ("changed", "Off", "Refused", begun.at)
    assert changed.thread == (begun.id,) and changed.id != begun.id
    (ended,) = cycle()
    assert ended.thread == (begun.id,) and ended.since == begun.at


def test_causes_of_two_kinds_are_two_and_what_ends_at_once_is_told_at_once() -> None:
    cycle = Telling()
    assert cycle.brief(CONFLICT, REFUSED) == [("failure", "began", "Conflict"), ("quarantine", "began", "Refused")]
    assert cycle.brief(CONFLICT, replace(CONFLICT, reason="Timeout"), REFUSED) == [("failure", "began", "Timeout")]
    (ended,) = cycle(CONFLICT)
    assert ended.ended == ("a failure (Timeout)", "quarantine (Refused)") or ended.ended == (
        "quarantine (Refused)",
        "a failure (Timeout)",
    )
    assert cycle.brief() == [("recovery", "ended", "Conflict")]


def test_five_are_named_and_all_are_counted() -> None:
    (event,) = Telling()(CONFLICT)
    assert event.affected == CONFLICT.affected[:5] and event.total == 7


def test_more_people_with_the_same_failure_are_no_other_cause() -> None:
    cycle = Telling()
    assert len(cycle(CONFLICT)) == 1
    assert cycle(replace(CONFLICT, affected=("User/new@x.org",), why="another text of the service")) == []


def test_who_wants_to_be_reminded_is_and_nobody_else() -> None:
    cycle = Telling(replace(EVERYTHING, remindAfter="2h"))
    phases = [[event.phase for event in cycle(REFUSED)] for _ in range(8)]
    assert phases == [["began"], [], [], ["lasts"], [], [], ["lasts"], []]


def test_kinds_that_nobody_wants_are_not_told_and_not_forgotten_once_somebody_does() -> None:
    cycle = Telling(replace(EVERYTHING, on=("failure",)))
    assert cycle(REFUSED) == [] and cycle.told == {}
    cycle.wanted = EVERYTHING
    assert cycle.brief(REFUSED) == [("quarantine", "began", "Refused")]
    cycle.wanted = replace(EVERYTHING, on=("quarantine",))
    assert cycle() == [] and cycle.told["causes"] == []


def test_told_again_after_a_kill_before_the_record_was_written_it_has_the_same_id_and_else_none_has() -> None:
    (first,), told = news([REFUSED], {}, EVERYTHING, moment(0))
    (again,), _ = news([REFUSED], {}, EVERYTHING, moment(80))
    assert again.id == first.id
    _, ended = news([], told, EVERYTHING, moment(120))
    (later,), _ = news([REFUSED], ended, EVERYTHING, moment(160))
    (elsewhere,), _ = news([REFUSED], {}, EVERYTHING, moment(0)._replace(base_url="https://y"))
    assert len({first.id, later.id, elsewhere.id}) == 3


def test_a_test_sends_one_of_each_kind_that_somebody_wants() -> None:
    events = samples(moment(0))
    assert [event.kind for event in events] == list(EVERYTHING.on)
    assert {event.phase for event in events} == {"test"} and len({event.id for event in events}) == 6
