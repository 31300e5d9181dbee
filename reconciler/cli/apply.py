"""reconcile apply: plan, ask, write; or exactly what saved plans say."""

from __future__ import annotations

import re
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import (
    ERROR,
    STALE,
    chosen,
    guarded,
    known_apps,
    load_checked,
    lock_option,
    options,
    selection_options,
    worst,
)
from reconciler.cli.interrupt import in_turn
from reconciler.cli.only import known_addresses
from reconciler.cli.other_apps import warn_forgotten
from reconciler.cli.output import add_markdown, reporting, say, warn
from reconciler.cli.plan import show_plans
from reconciler.cli.write import blocked, closed, write
from reconciler.cycle.clock import now
from reconciler.cycle.plan_files import reviewed
from reconciler.cycle.session import Session
from reconciler.cycle.write import opened
from reconciler.declare.model import App, Declarations
from reconciler.plan.model import Change, Plan

if TYPE_CHECKING:
    from reconciler.plan.reviewed.compare import Moved
    from reconciler.record.store import Store

DIGEST = re.compile("sha256:[0-9a-f]{64}")


def _digest(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    if value is not None and not DIGEST.fullmatch(value):
        raise click.BadParameter(f"{value!r} is no digest: write sha256: and 64 hexadecimal digits, as the plan has them")
    return value


@click.command()
@options
@selection_options
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, readable=False))
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
@lock_option
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True,
              help="The form of what moved, where a saved plan is stale.")  # fmt: skip
@click.option("--digest", metavar="DIGEST", callback=_digest, help="Go on without asking only if the fresh plan has this digest.")
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), help="Append what was done, or why not, as Markdown.")
def apply(
    desired: Path, apps: tuple[str, ...], no_color: bool, only: tuple[str, ...], causes: tuple[str, ...],
    files: tuple[Path, ...], auto_approve: bool, lock_timeout: float, form: str, digest: str | None,
    report: Path | None,
) -> int:  # fmt: skip
    """Plan, ask and write; or do exactly what saved plans say. FILES are saved plans, or folders of them."""
    with reporting(report):
        return _apply(desired, apps, no_color, only, causes, files, auto_approve, lock_timeout, form, digest)


def _apply(
    desired: Path, apps: tuple[str, ...], no_color: bool, only: tuple[str, ...], causes: tuple[str, ...],
    files: tuple[Path, ...], auto_approve: bool, lock_timeout: float, form: str, digest: str | None,
) -> int:  # fmt: skip
    if files and (only or causes or digest):
        raise click.UsageError("a saved plan is applied whole: leave --only, --cause and --digest out")
    if not (files or auto_approve or digest or sys.stdin.isatty()):
        raise click.UsageError("no terminal to ask on: add --auto-approve, or name a saved plan")
    declarations = load_checked(desired, apps)
    picked = chosen(declarations, apps)
    known_addresses(only, declarations, picked)
    if digest and len(picked) > 1:
        raise click.UsageError("a digest stands for the plan of one app: name it with --app")
    if files:
        return guarded(lambda: apply_files(saved(files), apps, declarations, lock_timeout, form))
    if not apps:
        warn_forgotten(declarations)
    agreed = partial(_agreed, auto_approve=auto_approve, digest=digest, no_color=no_color)

    def work(app: App) -> int:
        if (code := closed(app, declarations)) is not None:
            return code
        with opened(app, declarations, lock_timeout, only, causes) as found:
            changes = agreed(found)
            return changes if isinstance(changes, int) else write(found, changes, asked=digest)

    return worst(in_turn({app.name: partial(work, app) for app in picked}))


def _agreed(found: Session, auto_approve: bool, digest: str | None, no_color: bool) -> tuple[Change, ...] | int:
    """The changes to write, or the exit code where there is nothing to go on with."""
    plan = found.planned.plan
    show_plans([plan], "text", no_color)
    if digest is not None and digest != plan.digest and not _is_rest(found, digest):
        say(f"Error: the plan's digest is {plan.digest}, not {digest}: nothing was written")
        say("    review the plan above, and apply its own digest")
        return STALE
    if found.guarded.blocking:
        return blocked(found, found.guarded.blocking)
    asks = plan.changes and not auto_approve and digest is None
    if asks and not click.confirm("Apply these changes?", err=True):
        click.echo("Nothing was written.", err=True)
        return ERROR
    return plan.changes


def _is_rest(found: Session, digest: str) -> bool:
    """Whether all that is planned is what an apply of the plan of this digest has left; said in words."""
    from reconciler.record.unfinished import Unfinished

    record, plan = found.record, found.planned.plan
    if record is None or record.base_url != plan.base_url:
        return False
    if not Unfinished(record).is_rest(digest, plan.only, plan.selected_causes, plan.changes):
        return False
    say(f"{'This is what' if plan.changes else 'Nothing'} is left of {digest}.")
    return True


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
    from reconciler.plan.reviewed.compare import compare, unseen
    from reconciler.plan.selection import Selection
    from reconciler.record.model import Record
    from reconciler.record.unfinished import Unfinished

    plan = found.planned.plan
    elsewhere = {p.base_url for p in reviewed} - {plan.base_url}
    if elsewhere:
        how = [f"tenantUrl was {url} and is now {plan.base_url}" for url in sorted(elsewhere)]
        return _stale({plan.app: [_moved("App/" + plan.app, "declaration", *how)]}, form)
    for item in reviewed:
        known_record(found.store, item)
    begun = Unfinished(found.record or Record(plan.app)).is_begun
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
    from reconciler.report.text import caution_words

    own = [text for text in found.planned.plan.warnings if text not in found.guarded.warnings]
    found.guarded = guard(found.planned, found.record, now(), changes, reviewed)
    for item in found.guarded.cautions:
        say(f"Caution: {found.app.displayName}: {caution_words(item)}")
    for text in (*own, *found.guarded.warnings):
        warn(found.app, text)
    return blocked(found, found.guarded.blocking) if found.guarded.blocking else changes


def _selected(reviewed: list[Plan]) -> tuple[str, ...]:
    """The addresses that the reviewed plans are about; none where one of them is about everything."""
    return tuple(address for plan in reviewed for address in plan.only) if all(plan.only for plan in reviewed) else ()


def _moved(address: str, by: str, *how: str) -> Moved:
    from reconciler.plan.reviewed.compare import Moved

    return Moved(address, None, None, (by,), how)


def _stale(moved: dict[str, list[Moved]], form: str) -> int:
    """Nothing has been written; what moved goes to stdout in a form for machines, to stderr in one for people."""
    from reconciler.report.plan_diff import render

    say("Error: the plan is stale: nothing was written")
    click.echo(render(form, moved), nl=False, err=form == "text")
    say("    plan again, and have that plan reviewed")
    add_markdown(render("markdown", moved))
    return STALE


def saved(files: tuple[Path, ...]) -> list[Path]:
    """The files, and those that the folders hold, in order of their names: for one object the last one's plan counts."""
    found = [item for file in files for item in (sorted(file.glob("*.json")) if file.is_dir() else [file])]
    if not found:
        say("There is no reviewed plan: nothing was written.")
    return found


def known_record(store: Store, plan: Plan) -> None:
    """Raises RecordError where the record of a saved plan is no earlier version of the one that is there now."""
    from reconciler.record.store import RecordError

    head, tree = plan.record
    if head and not store.follows(head, tree or ""):
        raise RecordError(f"the plan of {plan.app} was made with the record at {head}, from which what is there now, "
                          f"{store.head()[0] or 'nothing'}, does not descend: it was rewritten, or its history cut",
                          "find out who changed the ref; then plan again, and have that plan reviewed")  # fmt: skip
