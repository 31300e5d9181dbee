"""reconcile validate: every error at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import ERROR, app_folders, known_apps, options
from reconciler.cli.stray import takes_no_words
from reconciler.cli.terminal import echo, echo_form
from reconciler.cycle.clock import now
from reconciler.cycle.declarations import checked
from reconciler.declare.place import Problem
from reconciler.declare.wording import plural

if TYPE_CHECKING:
    from reconciler.declare.model import Declarations
    from reconciler.declare.reviews import Reviews


@click.command()
@takes_no_words
@options
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github", "sarif"]),
    default="text",
    show_default=True,
    help="How to print it: github are annotations, sarif is for code scanning.",
)
def validate(desired: Path, apps: tuple[str, ...], no_color: bool, form: str) -> int:
    """Check every declaration and report all errors at once, each with file, line and what to do. No service is asked.

    With --app only problems of these apps, and of what all apps share, are printed; everything is read all the same.
    """
    from reconciler.cycle.already_expired import check_expired
    from reconciler.cycle.carried import check_carried
    from reconciler.declare.listed import listed
    from reconciler.declare.lookalikes import check_names
    from reconciler.declare.reviews import read_reviews
    from reconciler.plan.policies import check_policies
    from reconciler.report.problems import as_github, as_json, as_text
    from reconciler.report.sarif import as_sarif
    from reconciler.resolve.check import check_assignments

    declarations, problems = checked(desired)
    problems = [*problems, *check_policies(declarations, now()[:10]), *check_carried(declarations)]
    problems += check_expired(declarations, now()[:10])
    reviews = read_reviews(desired)
    problems += [*_reviewed(reviews, declarations), *_ended(reviews, declarations)]
    problems = listed([*problems, *check_assignments(declarations), *check_names(declarations)])
    if apps:
        problems = _of_apps(desired, apps, problems)
    echo_form(form, {"text": as_text, "json": as_json, "github": as_github, "sarif": as_sarif}[form](problems))
    errors = sum(problem.stands_for for problem in problems if problem.severity == "error")
    warnings = sum(problem.stands_for for problem in problems if problem.severity == "warning")
    sizes = ((declarations.users, "user"), (declarations.groups, "group"), (declarations.apps, "app"))
    counts = ", ".join(plural(len(table), noun) for table, noun in sizes)
    echo(f"{counts}: {plural(errors, 'error')}, {plural(warnings, 'warning')}", err=form != "text")
    return ERROR if errors else 0


def _reviewed(reviews: Reviews, declarations: Declarations) -> list[Problem]:
    """What is wrong with reviews, by what records in files know of renamed accounts; these are read where one is open alone."""
    from reconciler.plan.access_review.check import check_reviews

    files = [review for _, found in reviews.open for review in found]
    if not files:
        return check_reviews(reviews, declarations, now()[:10])
    from reconciler.cycle.review_records import known_locally

    return check_reviews(reviews, declarations, now()[:10], known_locally(files, declarations))


def _ended(reviews: Reviews, declarations: Declarations) -> list[Problem]:
    """What the log says against the end of a review; what reads records is loaded where a review is closed alone."""
    if not reviews.closed:
        return []
    from reconciler.cycle.review_log import check_closed

    return list(check_closed(reviews, declarations))


def _of_apps(desired: Path, apps: tuple[str, ...], problems: list[Problem]) -> list[Problem]:
    """Problems of these apps and of what all apps share."""
    from reconciler.declare.folders import readable_path

    names = app_folders(desired)
    known_apps(apps, names)
    others = tuple(readable_path(desired / "apps" / name) + "/" for name in names if name not in apps)
    return [problem for problem in problems if not problem.place.file.startswith(others)]
