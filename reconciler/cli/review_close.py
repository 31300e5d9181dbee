"""reconcile review close: what stands in the way of a review's end, else its evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

import click

from reconciler.cli.access_evidence import Evidence
from reconciler.cli.common import ERROR, guarded, load_checked, options, worst
from reconciler.cli.output import PERSON, say
from reconciler.cli.output_files import check, write_bytes
from reconciler.cli.review_decided import sound
from reconciler.cli.review_log import apps_of, each, put_and_tell, told, was_closed
from reconciler.cycle.access_review import Seen, removed
from reconciler.cycle.clock import now
from reconciler.cycle.commit import revision
from reconciler.cycle.had import past_by_log
from reconciler.cycle.review_log import tell_closed
from reconciler.declare.model import Declarations
from reconciler.declare.reviews import CLOSED, FOLDER, REMOVE, Review
from reconciler.plan.access.had import Past
from reconciler.plan.access_review.check import check_review
from reconciler.plan.access_review.progress import undecided
from reconciler.plan.access_review.read_back import ReadBack
from reconciler.plan.access_review.standing import Standing
from reconciler.report.access_review_evidence import (
    Closing,
    answers_of,
    closed_text,
    files_of,
    obstacles,
    query_of,
    table_of,
    words_of,
)
from reconciler.report.evidence import Beside


@click.command()
@options
@click.argument("name")
@click.option(
    "--evidence",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.zip",
    help="Where to write the evidence.",
)
def close(desired: Path, apps: tuple[str, ...], no_color: bool, name: str, evidence: Path) -> int:
    """End the review NAME, and write its evidence: rows, decisions, what was read back, the head of the log, versions.

    It is refused until everything is decided, nobody decided about themselves, and each removal is out of the declarations and,
    as the service is read now, gone there.
    """
    if apps:
        raise click.UsageError("a review is closed as a whole: leave out --app")
    check(evidence)
    declarations = load_checked(desired, ())
    files, standing = sound(desired, name, declarations)
    if not files:
        words = f"the review {name} has no files [UnknownName]"
        raise click.ClickException(f"{words}\n    `reconcile review status` lists the reviews")
    logs = told(name, files, declarations)
    if logs.end is not None:
        for line in was_closed(files, logs.end):
            say(line)
        return ERROR
    then = f"decide what is missing, `reconcile review apply {name}`, apply"
    if logs.code or _said([*logs.doubts, *_undone(files, standing)], name, then):
        return logs.code or ERROR
    seen: dict[str, Seen] = {}
    code = worst([guarded(partial(_look, seen, app, declarations, files)) for app in _apps_of(files)])
    read_back = [item for app in seen.values() for item in app.read_back]
    if code or _said(obstacles(files, {}, read_back), name, _next(read_back)):
        return code or ERROR
    closing = Closing(files, read_back, now(), revision(declarations.folder)[0] or "", apps_of(files))
    return _ended(desired, Evidence(evidence, query_of(closing), declarations, closing.apps, closing.closed), closing, seen)


def _undone(files: list[Review], standing: Standing) -> list[str]:
    """Decisions that are missing, and removals that are still declared."""
    declared = [problem for problem in check_review(files, standing) if problem.severity == "warning"]
    told = [f"{problem.place.file}:{problem.place.line}: {problem.message}" for problem in declared]
    return [*obstacles(files, {review.file: undecided(review) for review in files}, ()), *told]


def _next(read_back: Iterable[ReadBack]) -> str:
    """What takes away what is still there."""
    left = [item for item in read_back if item.stands_in_the_way]
    steps = {
        "take it out of the declarations": any(item.found and item.found.file for item in left),
        "apply": any(not item.stranger for item in left),
        "put out the accounts that nobody declares, with the commands above": any(item.stranger for item in left),
    }
    return ", ".join(words for words, needed in steps.items() if needed)


def _said(lines: list[str], name: str, then: str) -> bool:
    """Whether something stands in the way, which is told, and what to do then."""
    for line in lines:
        say(f"Error: {line} [ReviewOpen]")
    if lines:
        say(f"The review {name} stays open: {then}, and close it again.")
    return bool(lines)


def _apps_of(files: list[Review]) -> list[str]:
    """Apps in which something was to be removed."""
    return sorted({row.app for review in files for row in review.rows if row.decision == REMOVE})


def _look(seen: dict[str, Seen], name: str, declarations: Declarations, files: list[Review]) -> int:
    """What became of the removals in one app."""
    app = declarations.apps.get(name)
    if app is None:
        say(f"Error: the app {name} is no longer declared: nobody can read there what was to be removed [AppNotDeclared]")
        return ERROR
    rows = [row for review in files for row in review.rows if row.app == name and row.decision == REMOVE]
    seen[name] = removed(app, declarations, rows, PERSON)
    return 0


def _ended(desired: Path, evidence: Evidence, closing: Closing, seen: Mapping[str, Seen]) -> int:
    """The evidence, and closed.yaml, by which validate and status know."""
    name, file = closing.files[0].name, evidence.file
    code, data = _packed(evidence, closing, seen)
    if code:
        say(f"The review {name} stays open.")
        return code
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    write_bytes(file, data)
    tell = partial(each, closing.apps, evidence.declarations, lambda store: tell_closed(store, name, digest, closing.files))
    if code := put_and_tell(desired, {f"{FOLDER}/{name}/{CLOSED}.yaml": closed_text(closing.closed[:10], digest)}, tell):
        say(f"The review {name} stays open: close it again. {file} is not its evidence.")
        return code
    say(f"{name} is closed. Evidence: {file}, {digest}", err=False)
    say(f"Commit {desired / FOLDER / name / CLOSED}.yaml, which holds this digest, and keep the evidence.", err=False)
    return 0


def _packed(evidence: Evidence, closing: Closing, seen: Mapping[str, Seen]) -> tuple[int, bytes]:
    """Exit code, and the bytes of the evidence: the answer of a review, in the form of every answer on access."""
    pasts: dict[str, Past] = {}

    def look(app: str) -> int:
        pasts[app] = past_by_log(app, evidence.declarations)
        return 0

    code = worst([guarded(partial(look, app)) for app in closing.apps])
    answers = answers_of(closing)
    table = table_of([row for answer in answers for row in answer["rows"]])
    packed, data = evidence.packed(
        answers, table, pasts, {app: item.counts for app, item in seen.items()}, Beside(files_of(closing), words_of(closing))
    )
    return worst([code, packed]), data
