"""`reconcile apply FILE...`: exactly what saved plans say, of every app or of none."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import STALE, chosen, guarded, known_apps, now, worst
from reconciler.cli.interrupt import in_turn
from reconciler.cli.saved import reviewed
from reconciler.cli.saying import add_markdown, say, warn
from reconciler.cli.session import Session
from reconciler.cli.writing import blocked, closed, opened, write
from reconciler.declare.model import App, Declarations
from reconciler.plan.model import Change, Plan

if TYPE_CHECKING:
    from reconciler.plan.stale import Moved


def apply_files(
    files: list[Path], apps: tuple[str, ...], declarations: Declarations, lock_timeout: float, form: str
) -> int:
    """Every app is looked at before the first write, so that a stale one keeps the others unwritten."""
    plans = [plan for file in files for plan in reviewed(file)]
    if files and not plans:
        say(f"There is no plan in {', '.join(map(str, files))}: nothing was written.")
    if plans:
        known_apps(apps, {plan.app for plan in plans}, "plan of the app")
    gone = sorted({plan.app for plan in plans if plan.changes} - declarations.apps.keys())
    if gone:
        return _stale({name: [_moved("App/" + name, "declaration", "this app is no longer declared")] for name in gone}, form)
    with ExitStack() as stack:
        ready: list[tuple[Session, tuple[Change, ...], tuple[str, ...]]] = []

        def look(app: App) -> int:
            asked = [plan for plan in plans if plan.app == app.name]
            found = stack.enter_context(opened(app, declarations, lock_timeout))
            changes = _of_files(found, asked, form)
            if isinstance(changes, int):
                return changes
            ready.append((found, changes, _selected(asked)))
            return 0

        named = [app for app in chosen(declarations, apps) if any(plan.app == app.name for plan in plans)]
        shut = {app.name: code for app in named if (code := closed(app, declarations)) is not None}
        looked = worst([guarded(lambda app=app: look(app)) for app in named if app.name not in shut])  # type: ignore[misc]
        if looked:
            return looked
        works = {item[0].app.name: partial(write, item[0], item[1], only=item[2]) for item in ready}
        return worst([*shut.values(), *in_turn(works)])


def _of_files(found: Session, reviewed: list[Plan], form: str) -> tuple[Change, ...] | int:
    """What the plans of one app leave to be done, or the exit code where nothing may be."""
    from reconciler.plan.access import access
    from reconciler.plan.selection import Selection
    from reconciler.plan.stale import compare, unseen

    plan = found.planned.plan
    elsewhere = {p.base_url for p in reviewed} - {plan.base_url}
    if elsewhere:
        how = [f"tenantUrl was {url} and is now {plan.base_url}" for url in sorted(elsewhere)]
        return _stale({plan.app: [_moved("App/" + plan.app, "declaration", *how)]}, form)
    begun = frozenset(found.record.under_way if found.record else ())
    result = compare(reviewed, plan, found.planned.is_done,
                     lambda item: found.planned.part(Selection(item.only, item.selected_causes)), begun)  # fmt: skip
    moved = result.moved or unseen(reviewed, access(found.planned.context, result.todo))
    if moved:
        return _stale({plan.app: moved}, form)
    for address in result.done:
        say(f"{address}: already done")
    for change in result.beyond:
        say(f"not in the reviewed plan: {change.action} {change.address} ({change.reason})")
    for error in plan.errors:
        say(f"Error: {error.address} could not be planned ({error.code}): {error.reason}")
        say(f"    {error.remedy}")
    return _guarded(found, tuple(result.todo), reviewed)


def _guarded(found: Session, changes: tuple[Change, ...], reviewed: list[Plan]) -> tuple[Change, ...] | int:
    """The changes, if no safeguard blocks what is to be written of them."""
    from reconciler.plan.safeguards.guard import guard

    own = [text for text in found.planned.plan.warnings if text not in found.guarded.warnings]
    found.guarded = guard(found.planned, found.record, now(), changes, reviewed)
    for text in (*own, *found.guarded.warnings):
        warn(found.app, text)
    return blocked(found, found.guarded.blocking) if found.guarded.blocking else changes


def _selected(reviewed: list[Plan]) -> tuple[str, ...]:
    """The addresses that the reviewed plans are about; none where one of them is about everything."""
    return tuple(address for plan in reviewed for address in plan.only) if all(plan.only for plan in reviewed) else ()


def _moved(address: str, by: str, *how: str) -> Moved:
    from reconciler.plan.stale import Moved

    return Moved(address, None, None, (by,), how)


def _stale(moved: dict[str, list[Moved]], form: str) -> int:
    """Nothing has been written; what moved goes to stdout in a form for machines, to stderr in one for people."""
    from reconciler.report.difference import render

    say("Error: the plan is stale: nothing was written")
    click.echo(render(form, moved), nl=False, err=form == "text")
    say("    plan again, and have that plan reviewed")
    add_markdown(render("markdown", moved))
    return STALE
