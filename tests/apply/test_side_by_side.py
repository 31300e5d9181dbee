"""Steps go side by side: as many as are allowed, none before those that it waits for, and no object twice at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.apply.journal import GroupCommit
from reconciler.apply.pace import Baton, Pace
from reconciler.apply.side_by_side import Phase
from reconciler.apply.steps import Step, StepKind
from reconciler.plan.change import Change
from reconciler.record.store import RecordError

PATIENCE = 30  # seconds that only a failing test waits


def step(name: str) -> Step:
    return Step(StepKind.WRITE, Change(name, "update", "", ("config",), "users.yaml", 1))


class Meeting:
    """Steps that lay the baton down until `expected` of them are there at once."""

    def __init__(self, baton: Baton, expected: int) -> None:
        self.baton, self.barrier = baton, threading.Barrier(expected)
        self.began: list[str] = []
        self.ended: list[str] = []

    def do(self, one: Step) -> None:
        self.began.append(one.change.address)
        with self.baton.laid_down():
            self.barrier.wait(PATIENCE)
        self.ended.append(one.change.address)


def run(
    names: str, do: Callable[[Step], None], baton: Baton, most: int, after: dict[str, Any] | None = None,
    stopped: Callable[[], bool] = lambda: False, pace: Pace | None = None,
) -> None:  # fmt: skip
    with baton.held():
        Phase([step(name) for name in names], after or {}, do, stopped, lambda: False, baton, pace or Pace(most)).run()


@pytest.mark.parametrize("most", [2, 4])
def test_as_many_steps_as_are_allowed_are_under_way(most: int) -> None:
    baton = Baton()
    meeting = Meeting(baton, most)  # fewer would wait in vain, more would break the barrier's rounds
    run("abcdefgh", meeting.do, baton, most)
    assert sorted(meeting.ended) == list("abcdefgh")


def test_one_worker_needs_no_thread_and_keeps_the_order() -> None:
    done: list[tuple[str, int]] = []
    run("abc", lambda one: done.append((one.change.address, threading.get_ident())), Baton(), 1)
    assert done == [(name, threading.get_ident()) for name in "abc"]


def test_a_step_begins_after_those_that_it_waits_for_have_ended() -> None:
    baton, ended = Baton(), list[str]()

    def do(one: Step) -> None:
        assert one.change.address != "a" or {"c", "d"} <= set(ended)
        with baton.laid_down():
            pass
        ended.append(one.change.address)

    run("abcd", do, baton, 4, {"a": {"c", "d"}})
    assert sorted(ended) == list("abcd")


def test_steps_that_wait_for_one_another_are_done_all_the_same() -> None:
    ended: list[str] = []
    run("ab", lambda one: ended.append(one.change.address), Baton(), 2, {"a": {"b"}, "b": {"a"}})
    assert sorted(ended) == ["a", "b"]


def test_what_a_step_raises_ends_the_phase_once_the_others_have_ended() -> None:
    baton = Baton()
    meeting = Meeting(baton, 3)

    def do(one: Step) -> None:
        meeting.do(one)
        raise RecordError("full", "make room")

    with pytest.raises(RecordError):
        run("abcdef", do, baton, 3)
    assert len(meeting.began) == len(meeting.ended) == 3


def test_nothing_is_begun_once_somebody_has_asked_to_stop() -> None:
    began: list[str] = []
    run("abcd", lambda one: began.append(one.change.address), Baton(), 1, stopped=lambda: len(began) == 2)
    assert began == ["a", "b"]


def test_after_a_refusal_for_their_number_half_as_many_are_under_way_and_then_one_more_each() -> None:
    pace = Pace(8)
    pace.heard(1)
    assert pace.allowed == 4
    pace.heard(3)
    assert pace.allowed == 2
    for _ in range(9):
        pace.heard(3)
    assert pace.allowed == 8


def test_a_pace_that_has_narrowed_holds() -> None:
    baton, busy, most = Baton(), [0], [0]
    pace = Pace(8)
    pace.allowed = 1

    def do(one: Step) -> None:
        busy[0] += 1
        most[0] = max(most[0], busy[0])
        with baton.laid_down():
            pass
        busy[0] -= 1

    run("abcdefgh", do, baton, 8, pace=pace)
    assert most == [1]


def test_lines_that_wait_together_are_put_on_disk_together_and_in_order() -> None:
    baton, puts, first = Baton(), list[tuple[str, ...]](), threading.Event()

    def put(*lines: dict[str, Any]) -> None:
        if not puts:
            puts.append(("a",))
            assert first.wait(PATIENCE)  # until the others wait too
        else:
            puts.append(tuple(line["address"] for line in lines))

    journal = GroupCommit(put, baton)
    entered: list[str] = []

    def do(one: Step) -> None:
        entered.append(one.change.address)
        if len(entered) == 4:
            first.set()
        journal.write({"address": one.change.address})

    run("abcd", do, baton, 4)
    assert puts == [("a",), ("b", "c", "d")]


def test_a_disk_that_is_full_is_told_to_everybody_who_waits_for_it() -> None:
    baton, told = Baton(), list[str]()

    def put(*lines: dict[str, Any]) -> None:
        raise RecordError("full", "make room")

    journal = GroupCommit(put, baton)

    def do(one: Step) -> None:
        try:
            journal.write({"address": one.change.address})
        except RecordError:
            told.append(one.change.address)

    run("abc", do, baton, 3)
    assert sorted(told) == ["a", "b", "c"]


def test_what_came_of_a_step_is_on_disk_with_the_next_lines_and_before_anybody_waits() -> None:
    baton, puts = Baton(), list[tuple[str, ...]]()
    journal = GroupCommit(lambda *lines: puts.append(tuple(line["address"] for line in lines)), baton)

    def do(one: Step) -> None:
        journal.write({"address": one.change.address})
        journal.add({"address": one.change.address + " ended"})

    with baton.held():
        Phase([step("a"), step("b")], {}, do, lambda: False, journal.flush, baton, Pace(1)).run()
    assert puts == [("a",), ("a ended", "b"), ("b ended",)] and not journal.flush()
