"""Work on several apps side by side: what each says comes out whole, in the order in which they are declared."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import click

from reconciler.cli.common import guarded
from reconciler.cli.output import held_back
from reconciler.declare.model import App

A_CORE = 4  # apps at a time: most of the time a service is waited for


def default() -> int:
    """How many apps are worked on at a time where nobody says."""
    return A_CORE * (os.cpu_count() or 1)


jobs_option = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=default,
    show_default="4 a core",
    metavar="N",
    help="Apps that are planned at a time.",
)


def side_by_side(apps: Sequence[App], work: Callable[[App], int], jobs: int) -> list[int]:
    """The exit codes, in the order of the apps; one app's error is that app's alone."""
    if min(jobs, len(apps)) <= 1:
        return [guarded(lambda app=app: work(app)) for app in apps]  # type: ignore[misc]
    context = click.get_current_context()

    def one(app: App) -> tuple[int, Callable[[], None]]:
        with context.scope(cleanup=False), held_back() as say_it:
            return guarded(lambda: work(app)), say_it

    codes: list[int] = []
    pool = ThreadPoolExecutor(min(jobs, len(apps)))
    try:
        for code, say_it in pool.map(one, apps):
            say_it()
            codes.append(code)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # whoever interrupts waits for none of them
    return codes
