"""reconcile github: what the workflows need of GitHub. Each is a command that a person can type, where gh is logged in."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import click

from reconciler.cli.common import ERROR, chosen, guarded, known_apps, load_checked, options, worst
from reconciler.cli.output import reporting, say, say_error
from reconciler.cli.wrong_usage import Commands
from reconciler.cycle.commit import revision
from reconciler.cycle.plan_files import read_plans
from reconciler.declare.model import App
from reconciler.github.gh import GitHubError
from reconciler.github.pages import actions, blob, page_of, whole_plan
from reconciler.plan.model import Plan
from reconciler.record.open import store_of

FILE = click.Path(path_type=Path, exists=True, dir_okay=False, readable=False)


@click.group(cls=Commands)
def github() -> None:
    """Comments, issues and reviewed plans on GitHub, for the workflows."""


def _each(file: Path, apps: tuple[str, ...], work: Callable[[Plan], None]) -> int:
    """Each plan of a saved file."""

    def all_of_them() -> int:
        for plan in _picked(file, apps):
            work(plan)
        return 0

    return _told(all_of_them)


def _picked(file: Path, apps: tuple[str, ...]) -> list[Plan]:
    plans = read_plans(file)
    known_apps(apps, [plan.app for plan in plans])
    return [plan for plan in plans if not apps or plan.app in apps]


def _told(work: Callable[[], int]) -> int:
    """The exit code; what GitHub refuses is said in words."""
    try:
        return guarded(work)
    except GitHubError as error:
        say_error(error)
        return ERROR


@github.command()
@options
@click.argument("file", type=FILE)
@click.option("--pull-request", "number", type=click.IntRange(1), metavar="N", help="The pull request that is reviewed.")
@click.option(
    "--plans",
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder of reviewed plans that were not applied: their pull requests get the plan in FILE, as the new one.",
)
@click.option("--because", type=FILE, help="Markdown that says why they were not; `apply --report` writes it.")
@click.option("--page", default="", metavar="URL", help="The artifact of the run that shows the plan as a page, to be linked.")
def comment(
    desired: Path, apps: tuple[str, ...], no_color: bool, file: Path, number: int | None, plans: Path | None,
    because: Path | None, page: str,
) -> int:  # fmt: skip
    """Put the plan of FILE on a pull request: one comment an app, found by its first line and updated in place."""
    from reconciler.github.posts import keep_comment
    from reconciler.github.reviewed_plans import doubt, numbers
    from reconciler.report.markdown import how_to_go_on, render

    if (number is None) == (plans is None):
        raise click.UsageError("say where: --pull-request N, or --plans DIR")
    why = because.read_text(encoding="utf-8") if because else ""

    def post(plan: Plan) -> None:
        if number is not None:
            note, shown = how_to_go_on.merge(plan, doubt(number)), page_of(page)
            body = render(plan, whole=whole_plan(plan, shown), note=note, blob=blob(plan), page=shown)
            say(f"{plan.app}: {keep_comment('plan', plan, body, number)}")
            return
        body = render(plan, whole=whole_plan(plan), kind="stale", note=how_to_go_on.stale(plan, actions(), why), blob=blob(plan))
        for pull_request in numbers(plans or Path(), plan.app):
            say(f"{plan.app}: {keep_comment('stale', plan, body, pull_request)}")

    return _each(file, apps, post)


@github.command()
@options
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder to save them in.")
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), help="Append what was found, as Markdown.")
def plans(desired: Path, apps: tuple[str, ...], no_color: bool, out: Path, report: Path | None) -> int:
    """Save the reviewed plans of all pull requests that were merged since the last apply."""
    if out.is_symlink():
        raise click.UsageError(f"{out} is a link: name a new folder")
    if out.is_dir() and any(out.iterdir()):
        raise click.UsageError(f"{out} is not empty, and what is in it would be taken for reviewed plans: name a new folder")
    from reconciler.cycle.touched import Touched, touched_since
    from reconciler.github.reviewed_plans import save_merged

    declarations = load_checked(desired, apps)
    out.mkdir(parents=True, exist_ok=True)
    picked = chosen(declarations, apps)

    @cache
    def changed(commit: str) -> Touched:
        return touched_since(commit, desired, lambda: declarations)

    def work(app: App) -> int:
        save_merged(app.name, store_of(app, declarations), revision(declarations.folder)[0], changed, out, say)
        return 0

    with reporting(report):
        return worst([_told(lambda app=app: work(app)) for app in picked])  # type: ignore[misc]


@github.command("record")
@options
@click.option("--base", required=True, metavar="BRANCH", help="The branch into which changes are merged.")
def known(desired: Path, apps: tuple[str, ...], no_color: bool, base: str) -> int:
    """Refuse a record that lost what the newest merged pull request's plan was made with, unless `record trust` accepted it."""
    from reconciler.github.known_record import Merged, check_record

    declarations, merged = load_checked(desired, apps), Merged(base)

    def work(app: App) -> int:
        check_record(app.name, store_of(app, declarations), merged, say)
        return 0

    return worst([_told(lambda app=app: work(app)) for app in chosen(declarations, apps)])  # type: ignore[misc]


@github.command("left-out")
@options
@click.option("--pull-request", "number", type=click.IntRange(1), metavar="N", help="Comment there, and print nothing.")
def left_out(desired: Path, apps: tuple[str, ...], no_color: bool, number: int | None) -> int:
    """Name the apps that nobody plans: those without a token, and those that are no longer declared but have a record."""
    from reconciler.cycle.left_out import left_out
    from reconciler.github.posts import keep_left_out, retire_plans
    from reconciler.report.left_out import comment

    if apps:
        raise click.UsageError("left-out is about every app: leave --app out")
    left = left_out(load_checked(desired, ()), os.environ)

    def tell() -> int:
        if number is None:
            click.echo(comment(left.apps, left.doubt), nl=False)
            return 0
        say(keep_left_out(left.apps, left.doubt, number))
        for line in retire_plans(left.is_planned, number):
            say(line)
        return 0

    return _told(tell)


@github.command()
@options
@click.argument("file", type=FILE)
def waiting(desired: Path, apps: tuple[str, ...], no_color: bool, file: Path) -> int:
    """Print what the plan of FILE leaves to be approved, and how, as a job summary."""
    from reconciler.report.markdown import how_to_go_on, render, share

    def show() -> int:
        plans = _picked(file, apps)
        for plan in plans:
            note = how_to_go_on.waiting(plan, actions())
            click.echo(render(plan, share(len(plans)), whole_plan(plan), note=note, blob=blob(plan)))
        return 0

    return _told(show)


@github.command()
@options
@click.argument("file", type=FILE)
def issue(desired: Path, apps: tuple[str, ...], no_color: bool, file: Path) -> int:
    """Keep one open issue an app as long as the plan of FILE is not empty: open it, update it, close it."""
    from reconciler.github.posts import keep_issue
    from reconciler.report.markdown import how_to_go_on, render

    def keep(plan: Plan) -> None:
        body = render(plan, whole=whole_plan(plan), kind="drift", note=how_to_go_on.drift(plan, actions()), blob=blob(plan))
        say(f"{plan.app}: {keep_issue(plan, body)}")

    return _each(file, apps, keep)
