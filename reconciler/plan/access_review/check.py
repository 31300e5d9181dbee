"""The files of reviews and the declarations in; decisions that are none, and those that were not followed, out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reconciler.declare.model import Declarations
from reconciler.declare.names import fold
from reconciler.declare.place import Place, Problem
from reconciler.declare.reviews import KEEP, REMOVE, Review, Reviewed, Reviews
from reconciler.plan.access_review.known import Known
from reconciler.plan.access_review.progress import has_left, undecided
from reconciler.plan.access_review.rows import digest_of
from reconciler.plan.access_review.share import Named
from reconciler.plan.access_review.standing import Standing

OUT_OF_SCOPE = "leave them out by a scoping filter, set their accountEnabled to false, or provisioning.scope to assigned"
IN_PLACE = (
    "whoever may change this file decides here in their place, and says so in `reason`: the pull request shows who it was; "
    "or remove the review's folder, and start it again under its name"
)
REOPEN = "remove closed.yaml, decide what is missing, and end the review with `reconcile review close`"


def check_reviews(
    reviews: Reviews, declarations: Declarations, today: str, known: Mapping[str, Known] | None = None
) -> list[Problem]:
    """Of every review that is not closed errors of its files, and a warning for each removal that is still declared; of one that
    is closed whether it may be. `known` is as in Standing.
    """
    standing = Standing(declarations, today, known)
    found = list(reviews.problems)
    for name, files in reviews.open:
        found += check_review(files, standing)
        found += _left(files, Named(declarations.users))
        if name not in reviews.broken:
            found += _missing_files(files)
    for name, closed in reviews.closed.items():
        if name not in reviews.broken and any(undecided(review) for review in reviews.by_name[name]):
            words = f"the review {name} is said to be closed, and not everything in it is decided"
            found.append(Problem(closed.place, "error", "review-not-closed", words, REOPEN))
    return found


def _left(files: Iterable[Review], named: Named) -> Iterator[Problem]:
    """A warning for each reviewer of whom decisions are missing, and who cannot make them any more."""
    for review in files:
        if why := has_left(review, named):
            words = f"{review.reviewer} is {why}, and decisions are missing in this file"
            place = review.document.locate(("reviewer",))
            yield Problem(place, "warning", "review-reviewer-left", words, IN_PLACE)


def check_review(files: Iterable[Review], standing: Standing) -> Iterator[Problem]:
    """What is wrong in the files of one review."""
    files = list(files)
    for review in files:
        yield from _altered(review)
        reviewer = _reviewer(review, files, standing)
        for row in review.rows:
            yield from _decision(review, row, standing, reviewer)
            if row.decision == REMOVE:
                yield from _still_declared(review, row, standing)


def _altered(review: Review) -> Iterator[Problem]:
    if digest_of(review.document.data) != review.document.data["digest"]:
        yield Problem(
            review.document.locate(("digest",)),
            "error",
            "review-altered",
            f"something else than decisions and reasons was changed in this file since the review {review.name} was started",
            "restore the rows from Git, and fill in decision and reason alone",
        )


def _missing_files(files: list[Review]) -> Iterator[Problem]:
    wanted = max((int(review.document.data["files"]) for review in files), default=0)
    if wanted > len(files):
        gone = wanted - len(files)
        words = "1 file of the review is" if gone == 1 else f"{gone} files of the review are"
        place = Place(files[0].file, 1)
        yield Problem(
            place, "error", "review-file-missing", f"{words} missing: it was started with {wanted}", "restore it from Git"
        )


def _reviewer(review: Review, files: Iterable[Review], standing: Standing) -> str:
    """The key of a reviewer today: by the account of a row about them, else of who is called so; "" where it is nobody."""
    about = (row for file in files for row in file.rows if fold(review.reviewer) in (fold(row.user), fold(row.login)))
    owner = next((owner for row in about if (owner := standing.owner(row)) is not None), None)
    return standing.user(review.reviewer) if owner is None else owner


def _decision(review: Review, row: Reviewed, standing: Standing, reviewer: str) -> Iterator[Problem]:
    if row.decision == KEEP and not row.reason.strip():
        message = f"{row.who} is to keep {row.what} in {row.app}, and no reason is given"
        yield Problem(review.place(row), "error", "review-reason", message, "write the reason beside it: `reason: ...`")
    is_named = fold(review.reviewer) in (fold(row.user), fold(row.login))
    if row.decision and (is_named or reviewer != "" and reviewer == standing.person(row)):
        message = f"{row.who} decides about their own access"
        remedy = "start the review again with somebody else, whom --otherwise names"
        yield Problem(review.place(row), "error", "review-self", message, remedy)


def _still_declared(review: Review, row: Reviewed, standing: Standing) -> Iterator[Problem]:
    for giving in standing.of(row):
        through = (
            ", since provisioning.scope is all" if giving.is_scope else f" through group {giving.group}" if giving.group else ""
        )
        place = review.place(row)
        who, decided = standing.called(row), f"{place.file}:{place.line}"
        yield Problem(
            Place(giving.file, giving.line),
            "warning",
            "review-still-declared",
            f"{who} was to lose {row.what} in {row.app} ({decided}), and still has it here{through}",
            OUT_OF_SCOPE if giving.is_scope else f"take it out, or run `reconcile review apply {review.name}`",
        )
