"""reconcile plan: what an apply would do."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import click

from reconciler.cli import output_files
from reconciler.cli.common import (
    BLOCKED,
    CHANGES,
    ERROR,
    chosen,
    colourer,
    guarded,
    large_option,
    load_checked,
    minimal_option,
    options,
    refresh_option,
    selection_options,
    worst,
)
from reconciler.cli.jobs import jobs_option, side_by_side
from reconciler.cli.only import known_addresses, warn_unknown
from reconciler.cli.other_apps import warn_forgotten
from reconciler.cli.output import PERSON
from reconciler.cli.stray import takes_no_words
from reconciler.cli.terminal import echo
from reconciler.declare.errors import ReconcileError
from reconciler.declare.model import App, Declarations
from reconciler.plan.model import Plan

if TYPE_CHECKING:
    from reconciler.cycle.session import Session
    from reconciler.plan.planner import Planned

LAST: list[Planned] = []  # what was planned last: to take it apart, just before the process ends, would take a while
FORMATS = ["text", "json", "markdown", "summary", "html"]
FORMAT_HELP = "How to print it: markdown as a GitHub comment, summary as a GitHub job summary, html as a page for a browser."
unmanaged_option = click.option(
    "--show-unmanaged", is_flag=True, help="List in text, too, the accounts that are not ours, and whose they may be."
)


full_option = click.option("--full", is_flag=True, help="In text, show each of many changes of one cause, and not two for all.")


@click.command()
@takes_no_words
@options
@selection_options
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help=FORMAT_HELP)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False, readable=False), help="Save the plan, for `apply FILE`.")
@minimal_option
@large_option
@refresh_option
@unmanaged_option
@full_option
@click.option("--redact", is_flag=True, help="Show hashes for personal values, also in FILE, which can then not be applied.")
@click.option("--with-token", is_flag=True, help="Only apps whose token is in the environment.")
@jobs_option("Apps that are planned at a time.")
@click.option(
    "--detailed-exitcode",
    is_flag=True,
    help="Exit 2 where there are changes, or something is left that the service was asked to remove.",
)
def plan(
    desired: Path, apps: tuple[str, ...], no_color: bool, only: tuple[str, ...], causes: tuple[str, ...], form: str,
    out: Path | None, minimal: bool, if_large: bool, refresh: tuple[str, ...],
    show_unmanaged: bool, full: bool, redact: bool, with_token: bool, jobs: int, detailed_exitcode: bool,
) -> int:  # fmt: skip
    """Show what an apply would do. Writes nothing to the service.

    On a terminal lines of text wrap at its width; in a pipe or a file each stays whole, so that grep finds a change by its
    line. Nothing is cut; of many changes of one cause two are shown, unless --full is given.

    `reconcile help plans` says how a plan is made, and what one made with --minimal leaves out.
    """
    mode = output_files.clear(out) if out is not None else output_files.OWN
    from reconciler.cycle.minimal import minimal_if_large, minimal_read
    from reconciler.cycle.role_reading import Anew
    from reconciler.cycle.session import read_and_plan
    from reconciler.plan.selection import Selection
    from reconciler.scim.credentials import at_hand

    declarations = load_checked(desired, apps)
    read = minimal_read(only) if minimal else minimal_if_large(only) if if_large else None

    def made(app: App, into: _Made) -> int:
        with read_and_plan(
            app, declarations, PERSON, Selection(only, causes), read=read, anew=Anew("roles" in refresh)
        ) as session:
            warn_unknown(only, app, declarations, session.record)
            into.plan = _redacted(session, declarations) if redact else session.planned.plan
            LAST[:] = [session.planned]
        code = _code(into.plan, session)
        return code if code != CHANGES or detailed_exitcode else 0

    def work(app: App) -> _Made:
        found = _Made()
        found.code = guarded(partial(made, app, found), found.end)
        return found

    picked = [app for app in chosen(declarations, apps) if not with_token or at_hand(app, os.environ)]
    known_addresses(only, declarations, picked)
    if not apps:
        warn_forgotten(declarations)
    found = side_by_side(picked, work, jobs, len(declarations.users))
    plans = [item.plan for item in found if item.plan is not None]
    if plans or form == "json":
        failed = {app.name: item.error for app, item in zip(picked, found, strict=True) if item.error is not None}
        show_plans(plans, form, no_color, show_unmanaged, full, failed)
    unplanned = [app.displayName for app, item in zip(picked, found, strict=True) if item.plan is None]
    _say_unplanned(unplanned, form)
    if out is not None:
        _save(plans, out, mode, unplanned)
    return worst([item.code for item in found])


@dataclass
class _Made:
    """What came of one app: its plan, or what ended the work on it."""

    code: int = 0
    plan: Plan | None = None
    error: ReconcileError | None = None

    def end(self, error: ReconcileError) -> None:
        self.error = error


def _code(plan: Plan, session: Session) -> int:
    """The exit code of one plan, with --detailed-exitcode."""
    if plan.errors:
        return ERROR
    if session.guarded.blocking:
        return BLOCKED
    return CHANGES if plan.changes or plan.outstanding or plan.kept else 0


def _save(plans: list[Plan], out: Path, mode: int, unplanned: list[str]) -> None:
    """The plans in a file of this mode; none where it would lack an app."""
    from reconciler.report.jsonform import dumps

    if unplanned:
        echo(f"{out} was not written, because one app could not be planned", err=True)
    else:
        output_files.write(out, dumps(plans), mode)


def _say_unplanned(names: list[str], form: str) -> None:
    """Whoever reads the Markdown alone must not take the apps in it for all of them; stderr has said why."""
    if names and form in ("markdown", "summary"):
        from reconciler.report.markdown import unplanned

        click.echo("\n".join(map(unplanned, names)), nl=False)


def _redacted(session: Session, declarations: Declarations) -> Plan:
    from reconciler.report.redact import known_of, redact

    plan, record = session.planned.plan, session.record
    typed = [item["reason"] for item in record.revoked.values()] if record is not None else []
    known = known_of(declarations, declarations.apps[plan.app], typed)
    return redact(plan, os.environ.get("RECONCILE_REDACT_KEY", ""), known)


def show_plans(
    plans: list[Plan], form: str, no_color: bool, unmanaged: bool = False, full: bool = False,
    failed: Mapping[str, ReconcileError] = MappingProxyType({}),
) -> None:  # fmt: skip
    """Plans on stdout in the asked form; `failed` is what ended the planning of other apps."""
    match form:
        case "json":
            from reconciler.report import jsonform

            click.echo(jsonform.dumps(plans, failed), nl=False)
        case "text":
            from reconciler.report import text
            from reconciler.report.blocks import FEW

            few, colour = sys.maxsize if full else FEW, colourer(no_color)
            shown = (text.render(plan, colour, plan.unmanaged if unmanaged else (), few) for plan in plans)
            echo("\n".join(shown), nl=False)
        case "html":
            from reconciler.report import html

            click.echo(html.render(plans), nl=False)
        case _:
            from reconciler.github.pages import blob, whole_plan
            from reconciler.report import markdown

            limit = markdown.share(len(plans)) if form == "summary" else markdown.COMMENT
            shown = (markdown.render(item, limit, whole_plan(item), blob=blob(item)) for item in plans)
            click.echo("\n".join(shown), nl=False)
