"""What `reconcile apply FILE...` does: exactly what saved plans say, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.common import STALE, chosen, known_apps, worst
from reconciler.cli.interrupt import Reading
from reconciler.cli.jobs import under_locks
from reconciler.cli.output import add_markdown, say, warn
from reconciler.cli.terminal import echo_form
from reconciler.cli.write import blocked, closed, say_quarantine, write
from reconciler.cycle.clock import now
from reconciler.cycle.plan_files import pulls_of, reviewed
from reconciler.declare.model import App, Declarations
from reconciler.plan.change import Change
from reconciler.plan.model import Plan

if TYPE_CHECKING:
    from reconciler.cycle.reviewed import Left
    from reconciler.cycle.session import Session
    from reconciler.cycle.write import Lock
    from reconciler.plan.reviewed.compare import Moved


def apply_files(files: list[Path], apps: tuple[str, ...], declarations: Declarations, lock: Lock, jobs: int, form: str) -> int:
    """Every app is looked at before the first write, so that a stale one keeps the others unwritten."""
    from reconciler.cycle.reviewed import about, read_for, undeclared
    from reconciler.cycle.role_reading import Anew
    from reconciler.cycle.write import Request, lock_and_plan

    plans, pulls = _reviewed(files, apps)
    if gone := undeclared(plans, declarations.names):
        return _stale(gone, form)
    named = [app for app in chosen(declarations, apps) if any(plan.app == app.name for plan in plans)]
    shut = {app.name: code for app in named if (code := closed(app, declarations)) is not None}
    with ExitStack() as stack:
        ready: dict[str, Callable[[], int]] = {}

        def look(app: App) -> int:
            mine, reading = [plan for plan in plans if plan.app == app.name], Reading()
            anew = Anew(addresses=about(mine))
            planned = lock_and_plan(app, declarations, reading.listener, lock, read=read_for(mine), anew=anew)
            session = stack.enter_context(planned)
            say_quarantine(session)
            part = _part(session, mine, form)
            if isinstance(part, int):
                return part
            session, todo, only = part
            ready[app.name] = partial(write, session, todo, Request(only=only, pulls=pulls))
            reading.writes = True
            return 0

        looked = worst(under_locks([(app, partial(look, app)) for app in named if app.name not in shut], jobs))
        if looked:
            return looked
        works = [(app, ready[app.name]) for app in named if app.name in ready]
        return worst([*shut.values(), *under_locks(works, jobs)])


def _reviewed(files: list[Path], apps: tuple[str, ...]) -> tuple[list[Plan], dict[str, int]]:
    """The plans of the files, in order, and of which pull request each change is.

    Raises PlanFileError; UsageError where --app names one that they are not of.
    """
    plans: list[Plan] = []
    pulls: dict[str, int] = {}
    for file in files:
        plans += (read := reviewed(file))
        pulls |= pulls_of(file, read)
    if files and not plans:
        say(f"There is no plan in {', '.join(map(str, files))}: nothing was written.")
    if plans:
        known_apps(apps, {plan.app for plan in plans}, "plan of the app")
    return plans, pulls


def _part(session: Session, plans: list[Plan], form: str) -> tuple[Session, tuple[Change, ...], tuple[str, ...]] | int:
    """(guarded for what is left of one app's plans, that, the addresses they are about), or why nothing may be written."""
    from reconciler.cycle.reviewed import left_of, selected

    left = left_of(session, plans)
    if left.moved:
        return _stale({session.app.name: left.moved}, form)
    session = session.guard(left.todo, now(), plans)
    _say_left(session, left)
    if session.guarded.blocking:
        return blocked(session, session.guarded.blocking)
    return session, left.todo, selected(plans)


def _say_left(session: Session, left: Left) -> None:
    """What is done already, what was not reviewed, what could not be planned, and what to be careful about."""
    from reconciler.report.text import caution_words

    for address in left.done:
        say(f"{address}: already done")
    for change in left.beyond:
        say(f"not in the reviewed plan: {change.action} {change.address} ({change.reason})")
    for error in session.planned.plan.errors:
        say(f"Error: {error.address} could not be planned: {error.reason} [{error.code}]")
        say(f"    {error.remedy}")
    for item in session.guarded.cautions:
        say(f"Caution: {session.app.displayName}: {caution_words(item)}")
    for warning in (*left.warnings, *session.guarded.warnings):
        warn(session.app, warning)


def _stale(moved: dict[str, list[Moved]], form: str) -> int:
    """Nothing has been written; what moved goes to stdout in a form for machines, to stderr in one for people."""
    from reconciler.report.plan_diff import render

    say("Error: the plan is stale: nothing was written [StalePlan]")
    echo_form(form, render(form, moved), form == "text")
    say("    plan again, and have that plan reviewed")
    add_markdown(render("markdown", moved))
    return STALE


def saved(files: tuple[Path, ...]) -> list[Path]:
    """The files, and those that the folders hold, in order of their names: for one object the last one's plan counts."""
    plan_files = [item for file in files for item in (sorted(file.glob("*.json")) if file.is_dir() else [file])]
    if not plan_files:
        say("There is no reviewed plan: nothing was written.")
    return plan_files
