"""What the logs of a review's apps know of it: told when it starts and when it ends, asked by who looks at it or ends it.

A sum in a file can be made again by whoever changes the file. In the log it is a link of the chain. Reads and writes the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.cycle.audited import tell
from reconciler.declare.model import Declarations
from reconciler.declare.place import Problem
from reconciler.declare.reviews import Review, Reviews
from reconciler.declare.wording import plural
from reconciler.plan.access_review.rows import digest_of_all
from reconciler.record.log.audit import Kind
from reconciler.record.open import store_named
from reconciler.record.store import RecordError, Store
from reconciler.report.log_query import Query
from reconciler.report.log_record import ours_of


def tell_started(store: Store, review: str, files: Iterable[dict[str, Any]]) -> None:
    """With which files, rows and reviewers it starts. Raises RecordError."""
    files = list(files)
    details = {"review": review, "digest": digest_of_all(files), "files": len(files)}
    tell(store, Kind.REVIEW_STARTED, f"the review {review} was started with {plural(len(files), 'file')}", details)


def tell_closed(store: Store, review: str, evidence: str) -> None:
    """`evidence` is `sha256:` and the hex digest of the whole file. Raises RecordError."""
    tell(store, Kind.REVIEW_CLOSED, f"the review {review} was closed", {"review": review, "evidence": evidence})


def not_as_started(store: Store, review: str, files: Iterable[Review]) -> str:
    """Why the files are not those with which a review was started, in words; empty where they are. Raises RecordError."""
    started = [str(details.get("digest")) for details in _told(store, Kind.REVIEW_STARTED, review)]
    if not started:
        return f"the log of {store.app} knows of no start of the review {review}"
    if started[-1] != digest_of_all(file.document.data for file in files):
        return f"files, rows or reviewers are not those with which the review {review} was started, by the log of {store.app}"
    return ""


def is_closed(store: Store, review: str, evidence: str) -> bool:
    """Whether the log knows that it was closed with this evidence. Raises RecordError."""
    return any(details.get("evidence") == evidence for details in _told(store, Kind.REVIEW_CLOSED, review))


def check_closed(reviews: Reviews, declarations: Declarations) -> Iterator[Problem]:
    """A warning for each review that is closed by a file that no log knows; of records in files alone: no remote is asked."""
    if declarations.record.backend == "git":
        return
    for name, closed in reviews.closed.items():
        apps = sorted({app for review in reviews.by_name[name] for app in review.apps})
        if any(_denies(app, name, closed.evidence, declarations) for app in apps):
            words = f"the review {name} is closed by a file that the log does not know: `reconcile review close` did not write it"
            yield Problem(closed.place, "warning", "review-close-unknown", words, "remove closed.yaml, and close the review")


def _denies(app: str, review: str, evidence: str, declarations: Declarations) -> bool:
    """Whether the log of an app is at hand, and knows of no such end."""
    try:
        store = store_named(app, declarations)
        return store.log_head().number > 0 and not is_closed(store, review, evidence)
    except RecordError:
        return False  # who asks for it is told why


def _told(store: Store, kind: Kind, review: str) -> Iterator[dict[str, Any]]:
    for _, record in Query(action=kind.value).select(store.log_blocks()):
        details = ours_of(record).get("details")
        if isinstance(details, dict) and details.get("review") == review:
            yield details
