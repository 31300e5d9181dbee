"""What reconcile review tells the logs of a review's apps, and asks them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from reconciler.cli.common import ERROR, guarded, worst
from reconciler.cli.output import say
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
    return sorted({str(app) for review in files for app in review.document.data["scope"]["apps"]})


def doubts(name: str, files: list[Review], declarations: Declarations) -> tuple[int, list[str]]:
    """Exit code, and in words what the logs say against it that these are the files with which the review was started."""
    from reconciler.cycle.review_log import not_as_started

    found: list[str] = []
    code = each(apps_of(files), declarations, lambda store: found.append(not_as_started(store, name, files)))
    return code, [words for words in found if words]


def closed_unknown(name: str, evidence: str, files: list[Review], declarations: Declarations) -> int:
    """1 where no log knows that a review was closed so; that is said."""
    from reconciler.cycle.review_log import is_closed

    known: list[bool] = []
    code = each(apps_of(files), declarations, lambda store: known.append(is_closed(store, name, evidence)))
    if known and all(known):
        return code
    say(f"{name} is closed by a file that the log does not know: whoever wrote closed.yaml, `reconcile review close` did not")
    return ERROR
