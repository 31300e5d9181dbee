"""reconcile apply: plan, ask, write; or exactly what saved plans say."""

from __future__ import annotations

import re
import sys
from functools import partial
from pathlib import Path

import click

from reconciler.cli.addresses import known_addresses
from reconciler.cli.apply_files import apply_files
from reconciler.cli.common import ERROR, STALE, chosen, guarded, load_checked, lock_option, options, selection_options, worst
from reconciler.cli.forgotten import warn_forgotten
from reconciler.cli.interrupt import in_turn
from reconciler.cli.plan import show_plans
from reconciler.cli.saved import saved
from reconciler.cli.saying import reporting, say
from reconciler.cli.session import Session
from reconciler.cli.writing import blocked, closed, opened, write
from reconciler.declare.model import App
from reconciler.plan.model import Change

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
    from reconciler.plan.asked import is_rest

    record, plan = found.record, found.planned.plan
    if record is None or record.base_url != plan.base_url or not is_rest(record, digest, plan):
        return False
    say(f"{'This is what' if plan.changes else 'Nothing'} is left of {digest}.")
    return True
