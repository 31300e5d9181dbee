"""What the logs of a review's apps know of it: told when it starts and when it ends, asked by who looks at it or ends it.

A sum in a file can be made again by whoever changes the file. In the log it is a link of the chain. Reads and writes the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from reconciler.cycle.audited import tell
from reconciler.declare.model import Declarations
from reconciler.declare.place import Problem
from reconciler.declare.reviews import Closed, Review, Reviews
from reconciler.declare.wording import plural
from reconciler.plan.access_review.rows import digest_of_all, digest_of_decided
from reconciler.record.log.audit import Kind
from reconciler.record.log.chain import link_of
from reconciler.record.open import store_named
from reconciler.record.store import RecordError, Store
from reconciler.report.log_query import Query
from reconciler.report.log_record import Record, by_of, ours_of

RESTORE = "restore them from Git as they were then: the evidence has them, too, in files/"


def tell_started(store: Store, review: str, files: Iterable[dict[str, Any]]) -> None:
    """With which files, rows and reviewers it starts. Raises RecordError."""
    files = list(files)
    details = {"review": review, "digest": digest_of_all(files), "files": len(files)}
    tell(store, Kind.REVIEW_STARTED, f"the review {review} was started with {plural(len(files), 'file')}", details)


def tell_closed(store: Store, review: str, evidence: str, files: Iterable[Review]) -> None:
    """`evidence` is `sha256:` and the hex digest of the whole file; with which decisions is told too. Raises RecordError."""
    decisions = digest_of_decided(file.document.data for file in files)
    details = {"review": review, "evidence": evidence, "decisions": decisions}
    tell(store, Kind.REVIEW_CLOSED, f"the review {review} was closed", details)


def not_as_started(store: Store, review: str, files: Iterable[Review]) -> str:
    """Why the files are not those with which a review was started, in words; empty where they are. Raises RecordError."""
    started = [str(details.get("digest")) for _, details in _told(store, Kind.REVIEW_STARTED, review)]
    if not started:
        return f"the log of {store.app} knows of no start of the review {review}"
    if started[-1] != digest_of_all(file.document.data for file in files):
        return f"files, rows or reviewers are not those with which the review {review} was started, by the log of {store.app}"
    return ""


class End(NamedTuple):
    """When a review was closed, UTC, and by whom; the digests of its evidence and of its decisions, "" where none was told."""

    at: str
    by: str
    evidence: str
    decisions: str

    def __str__(self) -> str:
        return f"at {self.at} by {self.by}"

    def has(self, files: Iterable[Review]) -> bool:
        """Whether these are the decisions with which it was closed, as far as was told."""
        return self.decisions in ("", digest_of_decided(file.document.data for file in files))


def end_of(store: Store, review: str, evidence: str = "") -> End | None:
    """The newest end that the log knows since the newest start, by this evidence where some is named. Raises RecordError."""
    begun = max((_number(record) for record, _ in _told(store, Kind.REVIEW_STARTED, review)), default=0)
    ends = [
        End(str(record.get("activityDateTime", "")), by_of(record), said.get("evidence", ""), said.get("decisions", ""))
        for record, said in _told(store, Kind.REVIEW_CLOSED, review)
        if _number(record) >= begun and evidence in ("", said.get("evidence"))
    ]
    return ends[-1] if ends else None


def left_open(store: Store) -> dict[str, str]:
    """The reviews that the log knows as started, and not as closed since: when and by whom each was, in words.

    Raises RecordError.
    """
    found = dict[str, tuple[int, str]]()
    for record, said in _told(store, Kind.REVIEW_STARTED):
        found[str(said["review"])] = _number(record), f"at {record.get('activityDateTime')} by {by_of(record)}"
    for record, said in _told(store, Kind.REVIEW_CLOSED):
        if _number(record) >= found.get(said["review"], (_number(record) + 1, ""))[0]:
            del found[said["review"]]
    return {review: begun for review, (_, begun) in found.items()}


def check_closed(reviews: Reviews, declarations: Declarations) -> Iterator[Problem]:
    """A warning for each review that is closed by a file that no log knows, or in which decisions were changed since.

    Of records in files alone: no remote is asked.
    """
    if declarations.record.backend == "git":
        return
    for name, closed in reviews.closed.items():
        apps = sorted({app for review in reviews.by_name[name] for app in review.apps})
        found = [_against(app, name, closed, reviews.by_name[name], declarations) for app in apps]
        yield from [problem for problem in found if problem is not None][:1]


def _against(app: str, name: str, closed: Closed, files: list[Review], declarations: Declarations) -> Problem | None:
    """What the log of an app, where one is at hand, says against such an end."""
    try:
        store = store_named(app, declarations)
        if store.log_head().number == 0:
            return None
        end = end_of(store, name, closed.evidence)
    except RecordError:
        return None  # who asks for it is told why
    if end is None:
        words = f"the review {name} is closed by a file that the log does not know: `reconcile review close` did not write it"
        return Problem(closed.place, "warning", "review-close-unknown", words, "remove closed.yaml, and close the review")
    if not end.has(files):
        return Problem(closed.place, "warning", "review-changed", changed(name, end), RESTORE)
    return None


def changed(review: str, end: End) -> str:
    """In words."""
    return f"files of the review {review} are not those with which it was closed {end}, by the log"


def _told(store: Store, kind: Kind, review: str = "") -> Iterator[tuple[Record, Record]]:
    """Records of a review, or of all, and their details, in the order of the log."""
    for _, record in Query(action=kind.value).select(store.log_blocks()):
        details = ours_of(record).get("details")
        if isinstance(details, dict) and isinstance(name := details.get("review"), str) and review in ("", name):
            yield record, details


def _number(record: Record) -> int:
    """In the chain; several records may be of one second."""
    link = link_of(record)
    return link.number if link is not None else 0
