"""reconcile review hand-over: a reviewer who has left in, their file with another reviewer out."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import ERROR, load_checked, options
from reconciler.cli.output import say
from reconciler.cli.wrong_usage import BadValue, UnknownName
from reconciler.declare.model import Declarations

if TYPE_CHECKING:
    from reconciler.declare.reviews import Review
    from reconciler.plan.access_review.share import Named
    from reconciler.plan.access_review.standing import Standing


@click.command(name="hand-over")
@options
@click.argument("name")
@click.argument("reviewer")
@click.option("--to", "taker", required=True, metavar="REVIEWER", help="Who decides from now on.")
def hand_over(desired: Path, apps: tuple[str, ...], no_color: bool, name: str, reviewer: str, taker: str) -> int:
    """Give the file of REVIEWER in the review NAME to somebody else, as when they have left.

    Rows, and decisions that were made, stay as they are. The log of each app is told from whom to whom it went.
    """
    from reconciler.cli.review_decided import sound
    from reconciler.cli.review_log import told, was_closed
    from reconciler.plan.access_review.share import Named

    if apps:
        raise click.UsageError("a file is handed over as a whole: leave out --app")
    declarations = load_checked(desired, ())
    files, standing = sound(desired, name, declarations)
    named = Named(declarations.users)
    review = _of(files, reviewer, named)
    taker = _taker(review, taker, named)
    logs = told(name, files, declarations)
    lines = [f"Error: {words} [ReviewOpen]" for words in logs.doubts] + (was_closed(files, logs.end) if logs.end else [])
    lines = lines or _own(review, taker, standing)
    for line in lines:
        say(line)
    if logs.code or lines:
        return logs.code or ERROR
    return _handed(desired, declarations, files, review, taker)


def _of(files: list[Review], reviewer: str, named: Named) -> Review:
    """Raises UnknownName where there is no file of the reviewer."""
    from reconciler.cli.common import meant
    from reconciler.declare.names import fold

    found = next((file for file in files if fold(named(reviewer)) == fold(named(file.reviewer))), None)
    if found is None:
        raise UnknownName(f"no file of {reviewer!r} in this review\n    " + meant(reviewer, [file.reviewer for file in files]))
    return found


def _taker(review: Review, taker: str, named: Named) -> str:
    from reconciler.declare.names import fold

    if named.is_disabled(taker):
        raise BadValue(f"--to {taker!r} is disabled in the directory: name somebody who can decide")
    if fold(named(taker)) == fold(review.reviewer):
        raise BadValue(f"--to {taker!r} has this file already: name somebody else")
    return named(taker)


def _own(review: Review, taker: str, standing: Standing) -> list[str]:
    """What is said where the file is about its new reviewer."""
    from reconciler.declare.names import fold

    for row in review.rows:
        if {fold(taker), standing.user(taker)} & ({fold(row.user), fold(row.login), *standing.people(row)} - {""}):
            place = review.place(row, "app")
            words = f"Error: {place.file}:{place.line}: {taker} would decide about their own access [NoReviewer]"
            return [words, "    name somebody else with --to"]
    return []


def _handed(desired: Path, declarations: Declarations, files: list[Review], review: Review, taker: str) -> int:
    """The file under the new reviewer's name, told to the logs; then the old one goes."""
    from reconciler.cli.review_log import apps_of, each, put_and_tell
    from reconciler.cli.review_start import mails
    from reconciler.cycle.review_log import tell_handed_over
    from reconciler.declare.folders import readable_path
    from reconciler.declare.reviews import FOLDER
    from reconciler.declare.yaml.document import parse
    from reconciler.plan.access_review.rows import digest_of, head_of
    from reconciler.plan.access_review.share import Named
    from reconciler.record.here import inside
    from reconciler.report.access_review import codeowners, handed_over

    data = head_of(review.document.data, taker, Named(declarations.users).is_declared(taker))
    data["digest"] = digest_of(data)
    text, file = handed_over(review.document, data), _free(desired / FOLDER / review.name, taker)
    if parse(text.encode(), review.file).data != data:
        place = review.document.locate(("reviewer",))
        say(f"Error: {place.file}:{place.line}: the file is not laid out as `review start` wrote it [NotWritten]")
        say("    write each key of its head on a line of its own")
        return ERROR
    every = [data if other is review else other.document.data for other in files]
    tell = partial(tell_handed_over, review=review.name, pair=(review.reviewer, taker), files=every)
    path = f"{FOLDER}/{review.name}/{file}.yaml"
    if code := put_and_tell(desired, {path: text}, lambda: each(apps_of(files), declarations, tell)):
        say(f"{review.file} is still that of {review.reviewer}.")
        return code
    try:
        Path(review.file).unlink()
    except OSError as error:
        say(f"Error: {review.file} cannot be removed: {error.strerror} [NotWritten]")
        say(f"    remove it: {desired / path} has taken its place")
        return ERROR
    say(f"{desired / path}: handed over from {review.reviewer} to {taker}")
    say("The line for CODEOWNERS, instead of that of the old file:")
    folder = inside(str(desired)) or readable_path(desired)
    click.echo(codeowners(folder, review.name, {taker: file}, mails(declarations)), nl=False)
    return 0


def _free(folder: Path, reviewer: str) -> str:
    """The name of a file that is not there yet, without its suffix."""
    from reconciler.report.access_review import file_names

    name = base = file_names([reviewer])[reviewer]
    number = 1
    while (folder / f"{name}.yaml").exists():
        number += 1
        name = f"{base}-{number}"
    return name
