"""The apps of reviews in; whom their records know by the ids of accounts and groups out. Reads records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.cycle.carried import local_record
from reconciler.declare.model import Declarations
from reconciler.declare.reviews import Review
from reconciler.plan.access_review.known import Known, known_by
from reconciler.record.open import recovered
from reconciler.record.store import Store


def decided_apps(files: Iterable[Review]) -> list[str]:
    """The apps of the rows that somebody decided on."""
    return sorted({row.app for review in files for row in review.rows if row.decision})


def known_locally(files: Iterable[Review], declarations: Declarations) -> dict[str, Known]:
    """By app, of records in files alone: no remote is asked, and what cannot be read says nothing."""
    return dict(_local(files, declarations))


def _local(files: Iterable[Review], declarations: Declarations) -> Iterator[tuple[str, Known]]:
    for name in decided_apps(files):
        app = declarations.apps.get(name)
        if app is not None and (record := local_record(app, declarations)) is not None:
            yield name, known_by(record.entries, declarations)


def known_to(store: Store, declarations: Declarations) -> Known:
    """What one record knows; nothing before the first apply. Raises RecordError."""
    record = recovered(store)
    return Known() if record is None else known_by(record.entries, declarations)
