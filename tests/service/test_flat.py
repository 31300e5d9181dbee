"""What lives from cycle to cycle in the process of `run`: its memory is the same after two hundred cycles as after fifty.

The loop, what is counted, what waits to be delivered and the courier are the real ones. The processes of cycles are made up:
each says at once, over a pipe, what a cycle could come to. A message arrives as it is sent, and the clock leaps to what is next.
"""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, cast

import pytest

from reconciler.cycle import clock
from reconciler.declare.settings import TOLD, Notification
from reconciler.notify import courier, deliver
from reconciler.notify.causes import Cause, Moment, news
from reconciler.notify.message import messages_of
from reconciler.notify.outbox import Outbox, Telling
from reconciler.notify.target import Target
from reconciler.record.moments import FORM
from reconciler.record.told import Told
from reconciler.service import follow as following
from reconciler.service import loop as looping
from reconciler.service import surveys
from reconciler.service.bell import Bell
from reconciler.service.child import CONTEXT, Child
from reconciler.service.ends import Busy, End, Head, Loaded, Survey
from reconciler.service.events import Event
from reconciler.service.follow import Follow
from reconciler.service.loop import Loop
from reconciler.service.messages import Messages
from reconciler.service.metrics import Metrics
from reconciler.service.observer import Observers
from reconciler.service.order import Order, Postponed
from reconciler.service.pull import NotMerged, Pulled, RemoteUnreachable
from reconciler.service.recipients import Recipients
from reconciler.service.result import (
    AppError,
    Counts,
    CycleResult,
    Drifted,
    Failure,
    Standing,
    Unkept,
)
from reconciler.service.shared_events import Near
from reconciler.service.trouble import INVALID
from reconciler.service.turns import Settings
from tests.simulation.run import FOLDER

APPS = ("wiki", "zoo")
CYCLES, WARM = 200, 50  # of both apps together
FLAT = 24 * 1024  # bytes, as the last cycle was such or such: one failure more of each cycle would be more than that
OBJECTS = 30  # of our own classes: one for each cycle would be 150
WANTED = Notification(on=TOLD)


class World:
    """The clock, and what cycles come to; `number` is how many there were."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.number, self.looks = folder, 0, 0
        self.time = datetime(2020, 1, 1, tzinfo=UTC)
        self.told = dict.fromkeys(APPS, Told())

    def now(self, zone: object = None) -> datetime:
        return self.time

    def at(self) -> str:
        return self.time.strftime(FORM)

    def near(self, app: str) -> Near:
        target = Target(app, "${env:TOKEN}", ("ops@example.com",))
        return Near(Recipients(app, app, "generic", target, WANTED), str(self.folder / app / "outbox"))

    def is_told(self) -> bool:
        """Whether no message waits."""
        return not any(Outbox(Path(self.near(app).outbox)).next("email") for app in APPS)

    # What a process would say

    def survey(self) -> list[object]:
        return [Survey(dict.fromkeys(APPS, 2400), near={app: self.near(app) for app in APPS})]

    def cycle(self, app: str, order: Order) -> list[object]:
        self.number += 1
        standing = Standing(app, "generic", "incremental", "healthy", 2400, self.at(), begun=self.at())
        said: list[object] = [Event(self.at(), "note", f"a cycle of {app}", app, order.cycle_id), Loaded(app), standing]
        end = self._end(app, order)
        return said if end is None else [*said, end]

    def _end(self, app: str, order: Order) -> End | None:
        """One after another all the ways in which a cycle ends; None where its process died."""
        which, at = self.number % 11, self.at()
        if which == 1:
            return None
        if which == 2:
            return Busy(app, f"another run has held the lock since {at}")
        if which == 3:
            return Postponed(app, at, at, f"in quarantine ({at})", is_well=False)
        result = CycleResult(app, "generic", order.cycle_id, "incremental", at, at, "success", outbox=self.near(app).outbox)
        return self._told(self._went(which, result))

    def _went(self, which: int, result: CycleResult) -> CycleResult:
        names = [f"User/p{self.number}.{n}@example.com" for n in range(20)]
        match which:
            case 4:
                error = AppError("ServiceUnavailable", 503, f"maintenance until {result.ended}", "wait")
                return replace(result, result="failed", error=error)
            case 5:
                error = AppError(INVALID, None, f"users.yaml:{self.number}: no such key", "`reconcile validate` shows it")
                return replace(result, result="failed", error=error, is_of_checkout=True)
            case 6 | 7:
                failures = tuple(Failure(name, "update", "Conflict", 409, f"{name} has it", "ask") for name in names)
                return replace(result, result="partial", failures=failures, writes={("User", "update", "failed"): 20})
            case 8:
                return replace(result, drift=tuple(Drifted(name, f"title is {name}") for name in names))
        made = {("User", "create", "done"): 20}
        return replace(result, written={"create": 20}, writes=made, requests={("GET", 200): 9}, counts=Counts(20, 20))

    def _told(self, result: CycleResult) -> CycleResult:
        """As after_cycle does it; once in a while nothing can be kept."""
        causes = [Cause("failure", f"{f.code}", f.message, f.remedy, (f.address,)) for f in result.failures[:1]]
        causes += [Cause("drift", "ChangedAtTheService", item.line, "", (item.address,)) for item in result.drift[:1]]
        to, before = self.near(result.app).to, self.told[result.app]
        events, told = news(causes, before, WANTED, Moment(to.name, to.display_name, "", result.ended, result.cycle_id))
        self.told[result.app] = told
        if result.result == "failed":
            means = deliver.Means({}, lambda: self.time, lambda: 0.0)
            tried = tuple(deliver.attempt(message, means) for message in messages_of(events, to.target, result.ended))
            return replace(result, unkept=Unkept(Telling(before, told, (), result.ended), tried))
        Outbox(Path(result.outbox)).put(events, to.target, result.ended)
        return result

    # The remote

    def head(self) -> list[object]:
        self.looks += 1
        return [Head("main", f"{self.looks:040}")]

    def take(self, seen: Head) -> Pulled | None:
        match self.looks % 7:
            case 0 | 1 | 2 | 3:
                raise RemoteUnreachable(f"it did not answer for the {self.looks}th time", "wait")
            case 4:
                raise NotMerged(f"changes in {self.looks}.yaml", "commit or undo them")
            case 5:
                return Pulled(seen.commit, (f"desired/apps/{APPS[self.looks % 2]}/app.yaml", "desired/README.md"))
        return None


class Said(Child):
    """A process that has said all and ended before anybody looks."""

    world: World

    def __init__(self, work: Any, *arguments: Any) -> None:
        self.pipe, theirs = CONTEXT.Pipe(duplex=False)
        self._lifeline = cast(Any, SimpleNamespace(close=lambda: None))
        self._process = cast(Any, SimpleNamespace(join=lambda: None, is_alive=lambda: False))
        self.end, self.has_loaded = None, False
        match work.__name__:
            case "survey":
                said = self.world.survey()
            case "look":
                said = self.world.head()
            case _:
                said = self.world.cycle(arguments[1], arguments[2])
        for word in said:
            theirs.send(word)
        theirs.close()


class Leaping(Bell):
    """Nobody waits: where no process has anything to say, and all messages are delivered, the clock is set on. At each number of
    cycles that is marked something is done, and after the last one the service ends.
    """

    def __init__(self, world: World, marks: dict[int, Any], end: Any) -> None:
        super().__init__()
        self.world, self.marks, self._end = world, marks, end

    def wait(self, pipes: Any, seconds: float) -> Any:
        is_told = self.world.is_told()
        ready = super().wait(pipes, 0 if is_told else 0.01)
        if is_told and not ready:
            self.world.time += timedelta(seconds=max(seconds, 1.0))
            if mark := next((n for n in sorted(self.marks) if n <= self.world.number), None):
                self.marks.pop(mark)()
            if not self.marks:
                self._end()
        return ready


@contextmanager
def running(world: World, patch: pytest.MonkeyPatch, sent: list[int], marks: dict[int, Any]) -> Iterator[tuple[Loop, Metrics]]:
    patch.setattr(clock, "datetime", world)
    patch.setattr(Said, "world", world, raising=False)
    for module in (looping, following, surveys):
        patch.setattr(module, "Child", Said)
    patch.setattr(deliver, "send", lambda message, environ, now: sent.append(1) or [])
    patch.setattr(courier, "SOONEST", 0.0)
    said = count()
    say = lambda event: next(said)  # noqa: E731
    metrics = Metrics(lambda: world.time.timestamp())
    messages = Messages(say, (metrics,), 5.0)
    main = cast(Any, SimpleNamespace(desired=Path("desired"), folder="desired", merged="", take=world.take))
    loop = Loop(Settings(Path("desired")), cast(Any, say), Observers(messages, metrics), Follow(main, 600))
    loop.bell = Leaping(world, marks, loop.stop)
    loop.survey()
    with messages:
        yield loop, metrics


def held() -> tuple[int, int]:
    """(bytes of ours that are in use, objects of our own classes)."""
    gc.collect()
    ours = [tracemalloc.Filter(True, f"*/{room}/*") for room in ("reconciler", "prometheus_client", "multiprocessing")]
    taken = tracemalloc.take_snapshot().filter_traces(ours)
    objects = sum(1 for item in gc.get_objects() if str(getattr(type(item), "__module__", "")).startswith("reconciler."))
    return sum(item.size for item in taken.statistics("filename")), objects


def test_the_process_that_lives_on_is_as_large_after_two_hundred_cycles_as_after_fifty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen, sent = list[tuple[int, int]](), list[int]()
    with TemporaryDirectory(dir=FOLDER) as folder:
        world, mark = World(Path(folder)), lambda: seen.append(held())
        tracemalloc.start()
        try:
            with running(world, monkeypatch, sent, {WARM: mark, CYCLES: mark}) as (loop, metrics):
                loop.run()
                text = metrics.text("")[0].decode()
        finally:
            tracemalloc.stop()
    assert world.number >= CYCLES and len(sent) > WARM, "cycles came, and somebody was told of them"
    assert 'reconcile_cycles_total{app="wiki",kind="incremental",result="success"}' in text
    (bytes_before, objects_before), (bytes_after, objects_after) = seen
    assert bytes_after - bytes_before < FLAT, f"{bytes_after - bytes_before} bytes more are held after {CYCLES} cycles"
    assert objects_after - objects_before < OBJECTS, f"{objects_after - objects_before} objects more are held"
