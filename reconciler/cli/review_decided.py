"""reconcile review status and apply: what becomes of decisions."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import CHANGES, ERROR, PARTIAL, load_checked, options
from reconciler.cli.output import say, say_error
from reconciler.cli.terminal import echo, echo_form
from reconciler.cli.wrong_usage import UnknownName
from reconciler.cycle.clock import today
from reconciler.declare.model import Declarations

if TYPE_CHECKING:
    from reconciler.adopt.access_review import Followed
    from reconciler.declare.reviews import Review, Reviews
    from reconciler.plan.access_review.known import Known
    from reconciler.plan.access_review.standing import Standing


@click.command()
@options
@click.argument("name", required=False)
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 where decisions are missing.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print it.")
def status(desired: Path, apps: tuple[str, ...], no_color: bool, name: str | None, detailed_exitcode: bool, form: str) -> int:
    """Show which decisions are missing, by reviewer, of the review NAME or of every one."""
    from reconciler.declare.reviews import Reviews
    from reconciler.plan.access_review.progress import progress
    from reconciler.plan.access_review.share import Named
    from reconciler.report.access_review import as_json, as_text

    try:
        reviews = _reviews(desired, name)
    except UnknownName:
        if code := _gone(*_loaded(desired, apps), Reviews(), name):
            return code
        raise
    declarations, names = _loaded(desired, apps)
    named = Named(declarations.users)
    parts = {name: progress(_of_apps(files, apps), named) for name, files in reviews.open}
    gone = _gone(declarations, names, reviews, name)
    code, closed = _closed(declarations, reviews)
    code = max(code, gone, _doubted(declarations, reviews))
    echo_form(form, (as_json if form == "json" else as_text)(parts, closed, today()))
    every = [part for found in parts.values() for part in found]
    if code or reviews.problems or any(part.is_overdue(today()) for part in every):
        return ERROR
    return CHANGES if detailed_exitcode and any(part.missing for part in every) else 0


def _closed(declarations: Declarations, reviews: Reviews) -> tuple[int, dict[str, bool]]:
    """Exit code, and of each closed review whether the logs of its apps know that it was closed so; what is wrong is said."""
    from reconciler.cli.review_log import ends
    from reconciler.cycle.review_log import RESTORE, changed

    codes, known = [0], dict[str, bool]()
    for name, closed in reviews.closed.items():
        files, place = reviews.by_name[name], f"{closed.place.file}:{closed.place.line}"
        code, end = ends(name, closed.evidence, files, declarations)
        known[name] = end is not None and end.has(files)
        if not code and end is None:
            say(f"Error: {place}: {name} is closed by a file that the log does not know [ReviewOpen]")
            say("    `reconcile review close` did not write it, or not where this record lies: remove it, close the review")
        elif end is not None and not known[name]:
            say(f"Error: {place}: {changed(name, end)} [ReviewChanged]")
            say(f"    {RESTORE}")
        codes.append(code if known[name] else code or ERROR)
    return max(codes), known


def _doubted(declarations: Declarations, reviews: Reviews) -> int:
    """1 where the logs know another start of an open review, or its end; what they say against it is told."""
    from reconciler.cli.review_log import told, was_closed

    codes = [0]
    for name, files in reviews.open:
        logs = told(name, files, declarations)
        lines = [f"Error: {words} [ReviewOpen]" for words in logs.doubts]
        lines += was_closed(files, logs.end) if logs.end is not None else []
        for line in lines:
            say(line)
        codes += [logs.code, ERROR if lines else 0]
    return max(codes)


def _loaded(desired: Path, apps: tuple[str, ...]) -> tuple[Declarations, list[str]]:
    """The declarations, as far as they say where records lie, and the apps that are asked for."""
    from reconciler.cli.common import load_for_the_record

    declarations, names = load_for_the_record(desired, ())
    return declarations, [name for name in names if not apps or name in apps]


def _gone(declarations: Declarations, names: list[str], reviews: Reviews, name: str | None) -> int:
    """Exit code: 1 where a log knows a review, or the one of the name, that is not closed and has no files; each is told."""
    from reconciler.cli.review_log import gone

    code, lines = gone(reviews, names, declarations, name)
    for line in lines:
        say(line)
    return code or (ERROR if lines else 0)


def _of_apps(files: Iterable[Review], apps: tuple[str, ...]) -> Iterable[Review]:
    """With the rows of these apps alone; all of them where none is named."""
    return (review._replace(rows=tuple(row for row in review.rows if not apps or row.app in apps)) for review in files)


def _reviews(desired: Path, name: str | None) -> Reviews:
    """The reviews, or the one that is named. Problems are printed; raises UnknownName where there is none of the name."""
    from reconciler.cli.common import meant
    from reconciler.declare.reviews import read_reviews
    from reconciler.report.problems import as_text

    reviews = read_reviews(desired)
    if name is not None and name not in reviews.by_name:
        raise UnknownName(f"no review {name!r}\n    " + meant(name, sorted(reviews.by_name)))
    found = reviews if name is None else reviews.only(name)
    echo(as_text(found.problems), err=True, nl=False)
    return found


@click.command(name="apply")
@options
@click.argument("name")
def apply_(desired: Path, apps: tuple[str, ...], no_color: bool, name: str) -> int:
    """Take out of the declarations what the review NAME decided to remove; comments are kept.

    What comes through a group is left to you, since others would lose it too: the group is named. So is what an account has that
    nobody declares: the command that puts it out is named. Nothing is written to a service: the next apply does that.
    """
    from reconciler.adopt.access_review import follow
    from reconciler.adopt.model import ImportRefused
    from reconciler.declare.reviews import REMOVE

    declarations = load_checked(desired, apps)
    files, standing = sound(desired, name, declarations)
    rows = [row for review in files for row in review.rows if row.decision == REMOVE and (not apps or row.app in apps)]
    try:
        followed = follow(desired, rows, standing)
    except ImportRefused as error:
        say_error(error, f"{error.remedy}; nothing was written")
        return ERROR
    return _told_of(followed, desired, len(rows))


def sound(desired: Path, name: str, declarations: Declarations) -> tuple[list[Review], Standing]:
    """The files of one review, which is not closed and has no error; else these are printed, and Exit is raised.

    Who was renamed since is known by the records, which are read.
    """
    from reconciler.plan.access_review.check import check_reviews
    from reconciler.plan.access_review.standing import Standing
    from reconciler.report.problems import as_text

    reviews = _reviews(desired, name)
    if name in reviews.closed:
        raise click.ClickException(f"the review {name} is closed [ReviewClosed]\n    start another one: `reconcile review start`")
    known = _known(reviews.by_name[name], declarations)
    problems = [problem for problem in check_reviews(reviews, declarations, today(), known) if problem.severity == "error"]
    echo(as_text([problem for problem in problems if problem not in reviews.problems]), err=True, nl=False)
    if problems:
        raise click.exceptions.Exit(ERROR)
    return reviews.by_name[name], Standing(declarations, today(), known)


def _known(files: list[Review], declarations: Declarations) -> dict[str, Known]:
    """By app, whom its record knows. Raises Exit where one cannot be read, which is said."""
    from reconciler.cli.review_log import each
    from reconciler.cycle.review_records import decided_apps, known_to

    found: dict[str, Known] = {}
    if code := each(decided_apps(files), declarations, lambda store: found.update({store.app: known_to(store, declarations)})):
        raise click.exceptions.Exit(code)
    return found


def _told_of(followed: Followed, desired: Path, removals: int) -> int:
    from reconciler.declare.wording import plural
    from reconciler.plan.access_review.check import OUT_OF_SCOPE
    from reconciler.report.access_review import revocation

    for path, items in followed.edited.items():
        say(f"{desired / path}: {plural(items, 'item')} edited", err=False)
    for row, giving in followed.left:
        if giving.is_scope:
            say(f"{row.who} still has {row.what} in {row.app}: provisioning.scope is all ({giving.file}:{giving.line})")
            say(f"    {OUT_OF_SCOPE}")
            continue
        say(f"{row.who} still has {row.what} in {row.app} through group {giving.group} ({giving.file}:{giving.line})")
        say("    take them out of the group, or the assignment from the group: others would lose it too")
    for account, row in {(row.app, row.account): row for row in followed.unmanaged}.items():
        what = ", ".join(other.what for other in followed.unmanaged if (other.app, other.account) == account)
        say(f"{row.who} may still have {what} in {row.app}: nobody declares this account")
        say(f"    put it out: `{revocation(row.app, row.account)}`")
    left = len({row.key for row, _ in followed.left}) + len(followed.unmanaged)
    say(f"{plural(removals, 'removal')}: {removals - left} out of the declarations, {left} left to you", err=False)
    if followed.edited:
        say("Look at `git diff`, and merge it: the next apply takes it from the service.", err=False)
    return PARTIAL if left else 0
