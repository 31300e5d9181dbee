"""What reconcile review tells the logs of a review's apps, and asks them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from reconciler.cli.common import guarded, worst
from reconciler.declare.model import Declarations
from reconciler.declare.reviews import Review
from reconciler.record.open import store_named
from reconciler.record.store import Store


def each(apps: Iterable[str], declarations: Declarations, work: Callable[[Store], None]) -> int:
    """Do it with the record of each app; the exit code. What goes wrong is said."""

    def one(app: str) -> int:
        work(store_named(app, declarations))
        return 0

    return worst([guarded(lambda app=app: one(app)) for app in apps])  # type: ignore[misc]


def apps_of(files: Iterable[Review]) -> list[str]:
    """The apps that a review asks about."""
    return sorted({app for review in files for app in review.apps})


def doubts(name: str, files: list[Review], declarations: Declarations) -> tuple[int, list[str]]:
    """Exit code, and in words what the logs say against it that these are the files with which the review was started."""
    from reconciler.cycle.review_log import not_as_started

    found: list[str] = []
    code = each(apps_of(files), declarations, lambda store: found.append(not_as_started(store, name, files)))
    return code, [words for words in found if words]


def confirmed(name: str, evidence: str, files: list[Review], declarations: Declarations) -> tuple[int, bool]:
    """Exit code, and whether the log of each app of a review knows that it was closed so."""
    from reconciler.cycle.review_log import is_closed

    known: list[bool] = []
    code = each(apps_of(files), declarations, lambda store: known.append(is_closed(store, name, evidence)))
    return code, not code and bool(known) and all(known)
