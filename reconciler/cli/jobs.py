"""Work on several apps side by side: what each says comes out whole, in the order in which they are declared."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import click

from reconciler.cli.common import guarded
from reconciler.cli.interrupt import INTERRUPTED, in_turn, orderly
from reconciler.cli.output import say
from reconciler.cli.turns import Turn, taking
from reconciler.declare.model import App

A_CORE = 4  # apps at a time: most of the time a service is waited for


def default() -> int:
    """How many apps are worked on at a time where nobody says."""
    return A_CORE * (os.cpu_count() or 1)


def jobs_option(words: str) -> Callable[..., Any]:
    """`words` say what is done with so many apps at a time."""
    return click.option(
        "--jobs",
        type=click.IntRange(min=1),
        default=default,
        show_default="4 a core",
        metavar="N",
        help=words,
    )


def side_by_side(apps: Sequence[App], work: Callable[[App], int], jobs: int) -> list[int]:
    """The exit codes, in the order of the apps; one app's error is that app's alone. For work that only reads."""
    if min(jobs, len(apps)) <= 1:
        return [guarded(partial(work, app)) for app in apps]
    pool = ThreadPoolExecutor(min(jobs, len(apps)))
    try:
        return _spoken([_begun(pool, partial(guarded, partial(work, app))) for app in apps])
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # whoever interrupts waits for none of them


def under_locks(works: Mapping[str, Callable[[], int]], jobs: int) -> list[int]:
    """The same for work under each app's lock, by its name, that may write: whatever ends one, the others end in order.

    Who interrupts once lets the writes under way of all of them end, and none of the rest begin.
    """
    if min(jobs, len(works)) <= 1:
        return in_turn(works)
    pool = ThreadPoolExecutor(min(jobs, len(works)))
    with orderly() as stopped:
        try:
            return _spoken([_begun(pool, partial(_unless, stopped, name, work)) for name, work in works.items()])
        except BaseException as error:
            pool.shutdown(wait=not isinstance(error, KeyboardInterrupt), cancel_futures=True)
            raise


def _unless(stopped: Callable[[], bool], name: str, work: Callable[[], int]) -> int:
    if stopped():
        say(f"not begun: {name}")
        return INTERRUPTED
    try:
        return guarded(work)
    except KeyboardInterrupt:
        say(f"interrupted: nothing was written to {name}")
        return INTERRUPTED


def _begun(pool: ThreadPoolExecutor, work: Callable[[], int]) -> tuple[Turn, Future[int]]:
    context, turn = click.get_current_context(), Turn()

    def one() -> int:
        with context.scope(cleanup=False), taking(turn):
            return work()

    return turn, pool.submit(one)


def _spoken(begun: Iterable[tuple[Turn, Future[int]]]) -> list[int]:
    """What each of them came to, once it has said all."""
    codes: list[int] = []
    for turn, work in begun:
        turn.begin()
        codes.append(work.result())
    return codes
