"""The service's loop by itself: what it does when, without a process."""

from __future__ import annotations

import gc
import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from reconciler import __version__
from reconciler.plan.model import ObjectError
from reconciler.service.clocks import later
from reconciler.service.ends import Behind, Head, Removed, Stopped, Survey
from reconciler.service.events import Event
from reconciler.service.failures import not_planned
from reconciler.service.follow import Follow
from reconciler.service.loop import Loop
from reconciler.service.observer import Observer
from reconciler.service.pull import Pulled
from reconciler.service.result import AppError, CycleResult, Failure, Quarantine, Standing
from reconciler.service.trouble import Trouble
from reconciler.service.turns import MOST_CUT_OFF, Settings


class _Asked:
    """Stands where the checkout moves on."""

    taken, folder = 0, "desired"

    def take(self, seen: object) -> None:
        self.taken += 1


def test_the_checkout_does_not_move_while_a_cycle_reads_it() -> None:
    """A person who moves from one file to the next would be in neither."""
    main = _Asked()
    loop = Loop(Settings(Path("desired")), lambda event: None, follow=Follow(cast(Any, main)))
    cycle = SimpleNamespace(has_loaded=False)
    loop.surveys.child, loop.seen = cast(Any, cycle), Head("main", "a commit")
    loop._pull()
    assert main.taken == 0 and loop._patience() > 1, "nor is the remote asked again and again meanwhile"
    assert not loop._may_begin(), "nor does another cycle begin to read"
    cycle.has_loaded = True
    loop._pull()
    loop._pull()
    assert main.taken == 1 and loop.looks is None


class _Hearing(Observer):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def gone(self, app: str) -> None:
        self.heard.append(f"gone {app}")

    def stands(self, standing: Standing) -> None:
        self.heard.append(f"stands {standing.app}")

    def outbox(self, folder: str) -> None:
        self.heard.append(f"outbox {folder}")


def made(said: list[Event], hearing: Observer) -> Loop:
    return Loop(Settings(Path("desired")), said.append, hearing)


def test_an_app_that_is_declared_no_longer_is_said_to_be_and_has_no_more_cycles() -> None:
    """Whether its own cycle finds that, or a look at what is declared: then its last one comes at once, and tells people.

    A look that could not see ends nothing.
    """
    said, hearing = list[Event](), _Hearing()
    loop = made(said, hearing)
    loop._surveyed(Survey({"wiki": 60, "zoo": 60, "blog": 60}))
    loop._ended("zoo", Removed("zoo"))
    loop._surveyed(Survey({}, "an error", is_wrong=True))
    assert sorted(loop.turns) == ["blog", "wiki"]
    loop._surveyed(Survey({"wiki": 60}))
    assert [name for name, turn in loop.turns.items() if turn.urgent] == ["blog"]
    loop._ended("blog", Removed("blog", ("/blog/outbox",)))
    assert (
        sorted(loop.turns) == ["wiki"] and loop.ends == {} and hearing.heard == ["gone zoo", "outbox /blog/outbox", "gone blog"]
    )
    assert [(event.kind, event.app) for event in said] == [("removed", "zoo"), ("removed", "blog")]
    assert "no longer declared" in said[0].message


def test_another_interval_of_app_yaml_moves_the_next_cycle() -> None:
    loop = made([], hearing := _Hearing())
    loop._surveyed(Survey({"wiki": 2400}))
    loop.turns["wiki"].due = "2026-06-01T00:40:00Z"
    loop._stands("wiki", Standing("wiki", "generic", "initial", interval=600))
    assert (loop.turns["wiki"].due, loop.turns["wiki"].interval) == ("2026-06-01T00:10:00Z", 600)
    assert hearing.heard == ["stands wiki"]


def test_an_app_that_is_added_is_looked_for_as_soon_as_its_files_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "apps/wiki").mkdir(parents=True)
    loop = Loop(Settings(tmp_path), lambda event: None)
    looks: list[int] = []
    monkeypatch.setattr(loop.surveys, "look", lambda: looks.append(1))
    loop._look_around()
    (tmp_path / "apps/zoo").mkdir()
    loop._look_around()
    loop._look_around()
    assert len(looks) == 1
    os.utime(tmp_path / "apps/zoo", ns=(0, 0))
    (tmp_path / "apps/zoo/app.yaml").write_text("app: zoo\n")
    loop._look_around()
    assert len(looks) == 2


def test_an_app_that_a_commit_of_the_checkout_itself_adds_is_looked_for_after_the_next_look_at_the_remote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which brings nothing: what the remote has is here already. Of a checkout that is not as merged nothing is looked for."""
    (tmp_path / "apps/wiki").mkdir(parents=True)
    loop = Loop(Settings(tmp_path), lambda event: None, follow=Follow(cast(Any, _Asked())))
    looks: list[int] = []
    monkeypatch.setattr(loop.surveys, "look", lambda: looks.append(1))
    (tmp_path / "apps/zoo").mkdir()
    loop._look_around()
    loop.follow.trouble = Trouble("NotMerged", "the checkout has changes", "", "2026-06-01T00:00:00Z", holds=True)
    monkeypatch.setattr(loop.troubles, "take", lambda *of: None)
    loop.seen = Head("main", "a commit")
    loop._pull()
    assert looks == []
    loop.follow.trouble = None
    for _ in range(2):
        loop.seen = Head("main", "a commit")
        loop._pull()
    assert looks == [1]


def test_a_process_that_cannot_be_told_how_it_ended_died_unless_it_was_to_stop() -> None:
    said: list[Event] = []
    loop = made(said, Observer())
    loop._surveyed(Survey({"wiki": 60}))
    loop._ended("wiki", None)
    loop.stop()
    loop._ended("wiki", None)
    assert [event.kind for event in said] == ["crashed", "stopped"] and loop.bell.wait([], 60) == []


class _UnderWay:
    """Stands where the process of a cycle stood."""

    stopped = 0

    def stop(self) -> None:
        self.stopped += 1


AT = "2026-06-01T00:00:00Z"
MERGE = Pulled("a commit", ("apps/wiki/assignments.yaml",))


def test_a_cycle_under_way_ends_for_a_merge_that_touches_its_app_and_what_it_left_comes_after_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A cycle of which nothing is known yet goes on: one for the merge would take as long. So does one for an earlier merge."""
    said: list[Event] = []
    loop = made(said, Observer())
    monkeypatch.setattr(loop.surveys, "look", lambda: None)
    loop._surveyed(Survey({"wiki": 2400, "zoo": 2400}))
    wiki, zoo = loop.turns["wiki"], loop.turns["zoo"]
    first = _UnderWay()
    wiki.order("wiki", AT, loop.settings, None)
    wiki.child = cast(Any, first)
    loop._pulled(MERGE)
    assert first.stopped == 0 and wiki.urgent and not zoo.urgent
    loop._stands("wiki", Standing("wiki", "generic", "incremental", interval=2400, last_success=AT))
    loop._pulled(MERGE)
    assert first.stopped == 1 and [event.kind for event in said if event.app] == ["cutOff"]
    wiki.child = None
    loop._ended("wiki", Stopped("wiki"))
    assert "wiki" not in loop.ends, "it goes on: nobody is told that the app is not ready"
    order = wiki.order("wiki", AT, loop.settings, None)
    assert order.urgent and order.forced and wiki.due < "2098", "the rest is due as soon as that one has ended"
    assert wiki.is_due(loop.turns["wiki"].due)
    hurried = _UnderWay()
    wiki.child = cast(Any, hurried)
    loop._pulled(MERGE)
    assert hurried.stopped == 0 and wiki.urgent, "the next one is for that"


def test_who_lacks_a_commit_that_another_machine_had_asks_the_remote_first_and_once() -> None:
    """Then the cycle begins with what there is: main may have been put back, and the remote may not answer."""
    said, follow = list[Event](), Follow(cast(Any, _Asked()))
    loop = Loop(Settings(Path("desired")), said.append, follow=follow)
    loop._surveyed(Survey({"wiki": 2400}))
    loop.seen = Head("main", "a commit")
    loop._pull()
    assert not follow.is_new
    wiki = loop.turns["wiki"]
    wiki.urgent = True
    assert wiki.order("wiki", AT, loop.settings, None, "a commit").asks_first
    loop._ended("wiki", Behind("wiki"))
    assert follow.is_new and not loop._may_begin() and wiki.urgent and "wiki" not in loop.ends
    assert [event.kind for event in said] == ["behind"]
    loop.seen = Head("main", "a commit")
    loop._pull()
    assert loop._may_begin() and not wiki.order("wiki", AT, loop.settings, None, "a commit").asks_first
    loop._ended("wiki", CycleResult("wiki", "generic", "c1", "incremental", AT, AT, "success"))
    assert wiki.order("wiki", AT, loop.settings, None, "a commit").asks_first
    assert not wiki.order("wiki", AT, loop.settings, None, None).asks_first, "who follows nothing has nobody to ask"


def test_a_cycle_that_merges_have_ended_again_and_again_comes_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = made([], Observer())
    monkeypatch.setattr(loop.surveys, "look", lambda: None)
    loop._surveyed(Survey({"wiki": 2400}))
    wiki, cycle = loop.turns["wiki"], _UnderWay()
    wiki.is_known = True
    for _ in range(MOST_CUT_OFF + 2):
        wiki.urgent = False
        wiki.order("wiki", AT, loop.settings, None)
        wiki.child = cast(Any, cycle)
        loop._pulled(MERGE)
        wiki.child = None
        loop._ended("wiki", Stopped("wiki"))
    assert cycle.stopped == MOST_CUT_OFF
    assert wiki.cut_off == MOST_CUT_OFF and wiki.order("wiki", AT, loop.settings, None).urgent
    assert "wiki" in loop.ends, "what ended by another's doing is known"
    done = CycleResult("wiki", "generic", "c1", "incremental", AT, AT, "success")
    loop._ended("wiki", done)
    assert wiki.cut_off == MOST_CUT_OFF, "that was the merge's"
    assert not wiki.order("wiki", AT, loop.settings, None).urgent
    loop._ended("wiki", done)
    assert wiki.cut_off == 0


OUTAGE = CycleResult("wiki", "generic", "c1", "incremental", AT, AT, "failed", AppError("ServiceUnavailable", 503, "", ""))
UNANSWERED = not_planned(ObjectError("User/ada@x.org", "NotAnswered", "answered 503", ""))


def after_a_merge(end: CycleResult, monkeypatch: pytest.MonkeyPatch) -> tuple[list[float], list[Event], Loop]:
    """Seconds from each try of what was merged to the next, where each ends so at once; until the app's clock is next."""
    said, waits, at = list[Event](), list[float](), AT
    loop = made(said, Observer())
    monkeypatch.setattr("reconciler.service.loop.now", lambda: at)
    loop._surveyed(Survey({"wiki": 2400}))
    wiki = loop.turns["wiki"]
    assert not wiki.order("wiki", at, loop.settings, None).again
    wiki.merged()
    while wiki.urgent or wiki.again:
        order = wiki.order("wiki", at, loop.settings, None)
        assert order.urgent and order.again is bool(waits)
        loop._ended("wiki", end)
        waits.append(wiki.wait(at))
        assert not wiki.is_due(at), "there is no hot loop"
        at = later(at, waits[-1])
        assert wiki.is_due(at)
    return waits, said, loop


@pytest.mark.parametrize("end", [
    OUTAGE, replace(OUTAGE, result="partial", error=None, failures=(UNANSWERED,)),
    replace(OUTAGE, result="partial", error=None, failures=(Failure("User/ada@x.org", "disable", "Timeout", None, "", ""),)),
])  # fmt: skip
def test_what_was_merged_and_met_an_outage_is_tried_again_soon_and_then_by_the_clock(
    end: CycleResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits, said, loop = after_a_merge(end, monkeypatch)
    assert waits == [15, 30, 60, 60, 60, 60, 2400 - 285]
    assert [event.kind for event in said if event.app].count("again") == 6
    loop.turns["wiki"].merged()
    assert loop.turns["wiki"].order("wiki", AT, loop.settings, None).urgent
    loop._ended("wiki", end)
    assert loop.turns["wiki"].again, "the next merge has tries of its own"


@pytest.mark.parametrize("end", [
    replace(OUTAGE, result="success", error=None), replace(OUTAGE, error=AppError("Unauthorized", 401, "", "")),
    replace(OUTAGE, quarantine=Quarantine("EncounteredEscrowProportionThreshold", "", AT, AT)),
    replace(OUTAGE, result="partial", error=None, failures=(Failure("User/ada@x.org", "update", "InvalidValue", 400, "", ""),)),
    replace(OUTAGE, result="partial", error=None, failures=(not_planned(ObjectError("User/a", "AmbiguousMatch", "two", "")),)),
])  # fmt: skip
def test_what_another_try_would_not_mend_waits_for_the_clock(end: CycleResult, monkeypatch: pytest.MonkeyPatch) -> None:
    assert after_a_merge(end, monkeypatch)[0] == [2400]


def test_a_commit_that_mends_an_app_which_could_not_be_made_out_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked for at once; until that is seen it is no app of the loop's."""
    said: list[Event] = []
    for files in (("apps/crm/app.yaml", "README.md"), ()):
        pulls = SimpleNamespace(folder=".", take=lambda seen, files=files: Pulled("0123456789abcdef", files))
        loop = Loop(Settings(Path("desired")), said.append, follow=Follow(cast(Any, pulls)))
        monkeypatch.setattr(loop.surveys, "look", lambda: None)
        loop.seen = Head("main", "a commit")
        loop._pull()
    assert [event.message for event in said] == [
        "now at 0123456789ab, which touches crm",
        "now at 0123456789ab, which touches no app",
    ]


def test_the_first_line_says_which_version_runs_what_how_often() -> None:
    said: list[Event] = []
    loop = made(said, Observer())
    loop._surveyed(Survey({"wiki": 2400, "zoo": 3600}))
    loop.stop()
    loop.run()
    assert said[0].message == f"reconcile {__version__}: a cycle of wiki every 40m, zoo every 1h"


def test_a_loop_that_never_turns_leaves_no_socket_open() -> None:
    """As where the declarations are in error: the command ends before the first turn."""
    loop = made([], Observer())
    ends = loop.bell._rung, loop.bell._ringer
    del loop
    gc.collect()
    assert [end.fileno() for end in ends] == [-1, -1]
