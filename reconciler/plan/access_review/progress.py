"""The files of a review in, how far each reviewer is out. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from reconciler.declare.reviews import KEEP, REMOVE, Review, Reviewed
from reconciler.plan.access_review.share import Named


class Part(NamedTuple):
    """One reviewer's rows by what was decided; `due` is the last day, ISO."""

    reviewer: str
    file: str
    due: str
    keep: int
    remove: int
    missing: tuple[int, ...]  # lines of the file on which a row without a decision begins
    left: str = ""  # why the reviewer cannot decide any more, in words

    @property
    def rows(self) -> int:
        return self.keep + self.remove + len(self.missing)

    def is_overdue(self, today: str) -> bool:
        return bool(self.missing) and self.due < today


def progress(files: Iterable[Review], named: Named) -> list[Part]:
    """By file."""
    return [_part(review, has_left(review, named)) for review in files]


def has_left(review: Review, named: Named) -> str:
    """Why a reviewer cannot decide what is missing, in words; "" where they can, or nothing is missing."""
    if not undecided(review):
        return ""
    if named.is_disabled(review.reviewer):
        return "disabled in the directory"
    gone = review.document.data.get("reviewerDeclared") is True and not named.is_declared(review.reviewer)
    return "no longer declared" if gone else ""


def undecided(review: Review) -> list[Reviewed]:
    """Rows of which nothing is decided."""
    return [row for row in review.rows if not row.decision]


def _part(review: Review, left: str) -> Part:
    keep, remove = (sum(row.decision == decision for row in review.rows) for decision in (KEEP, REMOVE))
    lines = tuple(review.document.locate(("access", row.number)).line for row in undecided(review))
    return Part(review.reviewer, review.file, review.due, keep, remove, lines, left)
