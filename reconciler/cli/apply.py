"""reconcile apply: plan, ask, write; or exactly what saved plans say."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from reconciler.cli.apply_saved import apply_files, saved
from reconciler.cli.common import (
    ERROR,
    STALE,
    app_folders,
    chosen,
    guarded,
    load_checked,
    lock_option,
    minimal_option,
    options,
    refresh_option,
    selection_options,
    worst,
)
from reconciler.cli.interrupt import Reading
from reconciler.cli.jobs import jobs_option, under_locks
from reconciler.cli.only import known_addresses, warn_unknown
from reconciler.cli.other_apps import warn_forgotten
from reconciler.cli.output import reporting, say
from reconciler.cli.plan import show_plans
from reconciler.cli.terminal import echo
from reconciler.cli.write import blocked, closed, held_back, say_quarantine, write
from reconciler.cli.wrong_usage import BadValue
from reconciler.cycle.clock import now
from reconciler.declare.model import App, Declarations
from reconciler.declare.wording import plural
from reconciler.plan.change import Change

if TYPE_CHECKING:
    from reconciler.cycle.role_reading import Anew
    from reconciler.cycle.session import Session
    from reconciler.cycle.write import Lock
    from reconciler.plan.selection import Selection

COMMAND = "reconcile apply"  # as the lock says it
DIGEST = re.compile("sha256:[0-9a-f]{64}")


def _digest(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    if value is not None and not DIGEST.fullmatch(value):
        raise click.BadParameter(f"{value!r} is not a digest: write sha256: and 64 hexadecimal digits, as the plan has them")
    return value


def _there(context: click.Context, argument: click.Parameter, files: tuple[Path, ...]) -> tuple[Path, ...]:
    for file in files:
        if not file.exists():
            is_app = str(file) in app_folders(context.params.get("desired") or Path("desired"))
            app = f"{str(file)!r} is not a saved plan\n    for one app write `reconcile apply --app {file}`"
            raise BadValue(
                app if is_app else f"{str(file)!r} is not there\n    `reconcile plan --out {file}` saves a plan", context
            )
    return files


@click.command()
@options
@selection_options
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, readable=False), callback=_there)
@minimal_option
@refresh_option
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
@lock_option
@jobs_option("Apps at a time, where it does not ask.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="The form of what moved, where a saved plan is stale.",
)
@click.option("--digest", metavar="DIGEST", callback=_digest, help="Go on without asking only if the fresh plan has this digest.")
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), help="Append what was done, or why not, as Markdown.")
def apply(
    desired: Path, apps: tuple[str, ...], no_color: bool, only: tuple[str, ...], causes: tuple[str, ...],
    files: tuple[Path, ...], minimal: bool, refresh: tuple[str, ...], auto_approve: bool, lock_timeout: float, jobs: int,
    form: str, digest: str | None, report: Path | None,
) -> int:  # fmt: skip
    """Plan, ask and write; or do exactly what saved plans say.

    FILES are saved plans, or folders of them: what they hold is done without asking, and nothing else. Without them, the plan is
    shown and you are asked; --digest goes on without asking, if the plan is the one of that digest.

    Where nobody is asked, several apps are written to at a time, each under a lock of its own. After a kill, run the same
    command again.
    """
    with reporting(report):
        if files and (only or causes or digest or minimal or refresh):
            raise click.UsageError(
                "a saved plan is applied whole, and as it was made: leave --only, --cause, --digest, --minimal and --refresh out"
            )
        if not (files or auto_approve or digest or sys.stdin.isatty()):
            raise click.UsageError("no terminal to ask on: add --auto-approve, or name a saved plan")
        declarations = load_checked(desired, apps)
        picked = chosen(declarations, apps)
        known_addresses(only, declarations, picked)
        if digest and len(picked) > 1:
            raise click.UsageError("a digest is of the plan of one app: name it with --app")
        from reconciler.cycle.role_reading import Anew
        from reconciler.cycle.write import Lock
        from reconciler.plan.selection import Selection

        lock = Lock(COMMAND, lock_timeout)
        if files:
            return guarded(lambda: apply_files(saved(files), apps, declarations, lock, jobs, form))
        if not apps:
            warn_forgotten(declarations)
        agreed = partial(_agreed, auto_approve=auto_approve, digest=digest, no_color=no_color)
        fresh = _Fresh(declarations, lock, Selection(only, causes), minimal, Anew("roles" in refresh), agreed, digest)
        asks = not auto_approve and digest is None
        return worst(under_locks([(app, partial(fresh.apply, app)) for app in picked], 1 if asks else jobs))


class _Fresh(NamedTuple):
    """What an apply without a saved plan goes by; `agreed` shows a plan and says what of it is to be written, or why nothing."""

    declarations: Declarations
    lock: Lock
    selection: Selection
    minimal: bool
    anew: Anew
    agreed: Callable[[Session], tuple[Change, ...] | int]
    digest: str | None

    def apply(self, app: App) -> int:
        """One app, planned and written; returns an exit code."""
        from reconciler.cycle.minimal import minimal_read
        from reconciler.cycle.read import read_live
        from reconciler.cycle.write import Request, lock_and_plan

        if (code := closed(app, self.declarations)) is not None:
            return code
        only, reading = self.selection.only, Reading()
        read = minimal_read(only) if self.minimal else read_live
        with lock_and_plan(
            app, self.declarations, reading.listener, self.lock, self.selection, read=read, anew=self.anew
        ) as session:
            warn_unknown(only, app, self.declarations, session.record)
            say_quarantine(session)
            changes = self.agreed(session)
            if isinstance(changes, int):
                return changes
            reading.writes = True
            if session.guarded.blocking:
                code = write(session.guard(changes, now()), changes, Request(only=only))
                return worst([code, held_back(session, changes)])
            return write(session, changes, Request(only=only, digest=self.digest))


def _agreed(session: Session, auto_approve: bool, digest: str | None, no_color: bool) -> tuple[Change, ...] | int:
    """The changes to write, or the exit code where there is nothing to go on with.

    Of what a date has brought, what a safeguard does not count is not held back with what it counts: it fell due.
    """
    plan = session.planned.plan
    show_plans([plan], "text", no_color)
    if digest is not None and digest != plan.digest and not _is_rest(session, digest):
        say(f"Error: the plan's digest is {plan.digest}, not {digest}: nothing was written [StalePlan]")
        say("    review the plan above, and apply its own digest")
        if session.app.role_api is not None:
            say("    a plan that was made with `--refresh roles` is applied with `--digest DIGEST --refresh roles`")
        return STALE
    todo = plan.changes
    if session.guarded.blocking:
        todo = session.guarded.passing if plan.selected_causes == ("time",) and digest is None else ()
        if not todo:
            return blocked(session, session.guarded.blocking)
        echo(f"Safeguards hold back {plural(len(plan.changes) - len(todo), 'change')}, see above.", err=True)
    asks = todo and not auto_approve and digest is None
    if asks and not click.confirm("Apply these changes?" if todo == plan.changes else "Apply the others?", err=True):
        echo("Nothing was written.", err=True)
        return ERROR
    return todo


def _is_rest(session: Session, digest: str) -> bool:
    """Whether all that is planned is what an apply of the plan of this digest has left; said in words."""
    from reconciler.cycle.reviewed import is_rest

    if not is_rest(session, digest):
        return False
    say(f"{'This is what' if session.planned.plan.changes else 'Nothing'} is left of {digest}.")
    return True
