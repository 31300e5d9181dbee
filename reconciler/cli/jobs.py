"""Work on several apps side by side: what each says comes out whole, in the order in which they are declared."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, Generic, TypeVar

import click

from reconciler.cli.common import guarded
from reconciler.cli.interrupt import INTERRUPTED, in_turn, orderly
from reconciler.cli.output import say
from reconciler.cli.turns import Turn, taking
from reconciler.declare.model import App
from reconciler.processes.cores import Came, processes, spread
from reconciler.scim.credentials import tenant

T = TypeVar("T")
A_CORE = 4  # apps at a time: most of the time a service is waited for


def default() -> int:
    """How many apps are worked on at a time where nobody says."""
    return A_CORE * (os.cpu_count() or 1)


class Count(click.IntRange):
    """1 or more."""

    name = "number of apps"


def jobs_option(words: str) -> Callable[..., Any]:
    """`words` say what is done with so many apps at a time."""
    return click.option(
        "--jobs",
        type=Count(min=1),
        default=default,
        show_default="4 a core",
        metavar="N",
        help=words,
    )


def side_by_side(apps: Sequence[App], work: Callable[[App], T], jobs: int, people: int = 0) -> list[T]:
    """What came of each app, in their order. For work that only reads; of `people` in the directory it says whether that is
    worth several processes.
    """
    count = processes(apps, people, jobs)
    if count > 1:
        found = spread(apps, partial(_in_threads, work), jobs, count)
        return [work(app) if came is None else _repeated(came) for app, came in zip(apps, found, strict=True)]
    if min(jobs, len(apps)) <= 1:
        return [work(app) for app in apps]
    pool = ThreadPoolExecutor(min(jobs, len(apps)))
    try:
        return _spoken([_Task(partial(work, app)).begun(pool) for app in apps])
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # whoever interrupts waits for none of them


def _in_threads(work: Callable[[App], T], apps: Sequence[App], jobs: int) -> Iterator[Came[T]]:
    """What came of each app, in their order, and what it would say."""
    pool = ThreadPoolExecutor(min(jobs, len(apps)))
    for task in [_Task(partial(work, app)).begun(pool) for app in apps]:
        yield Came(task.result.result(), task.turn.kept())


def _repeated(came: Came[T]) -> T:
    for words in came.words:
        words()
    return came.result


def under_locks(works: Sequence[tuple[App, Callable[[], int]]], jobs: int) -> list[int]:
    """The same for work under each app's lock that may write: whatever ends one, the others end in order.

    Apps of one service go one after another: what the first one takes or makes there, the next one finds. Who interrupts once
    lets the writes under way of all of them end, and none of the rest begin.
    """
    if min(jobs, len(works)) <= 1:
        return in_turn({app.name: work for app, work in works})
    pool = ThreadPoolExecutor(min(jobs, len(works)))
    with orderly() as stopped:
        tasks = [(app, _Task(partial(_unless, stopped, app.name, work))) for app, work in works]
        try:
            for chain in _of_one_service(tasks):
                pool.submit(_Task.run_all, chain)
            return _spoken([task for _, task in tasks])
        except BaseException as error:
            pool.shutdown(wait=not isinstance(error, KeyboardInterrupt), cancel_futures=True)
            raise


def _of_one_service(tasks: Iterable[tuple[App, _Task[T]]]) -> Iterable[list[_Task[T]]]:
    chains: dict[str, list[_Task[T]]] = {}
    for app, task in tasks:
        chains.setdefault(tenant(app, os.environ), []).append(task)
    return chains.values()


def _unless(stopped: Callable[[], bool], name: str, work: Callable[[], int]) -> int:
    if stopped():
        say(f"not begun: {name}")
        return INTERRUPTED
    try:
        return guarded(work)
    except KeyboardInterrupt:
        say(f"interrupted: nothing was written to {name}")
        return INTERRUPTED


class _Task(Generic[T]):
    """One app's work, for a thread of a pool: what it says is said in its own turn."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work, self._context, self.turn, self.result = work, click.get_current_context(), Turn(), Future[T]()

    def begun(self, pool: ThreadPoolExecutor) -> _Task[T]:
        pool.submit(self.run)
        return self

    def run(self) -> None:
        try:
            with self._context.scope(cleanup=False), taking(self.turn):
                self.result.set_result(self._work())
        except BaseException as error:  # whoever waits for the result raises it
            self.result.set_exception(error)

    @staticmethod
    def run_all(tasks: Iterable[_Task[T]]) -> None:
        for task in tasks:
            task.run()


def _spoken(tasks: Iterable[_Task[T]]) -> list[T]:
    """What each of them came to, once it has said all."""
    results: list[T] = []
    for task in tasks:
        task.turn.begin()
        results.append(task.result.result())
    return results
