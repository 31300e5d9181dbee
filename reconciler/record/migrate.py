"""A record moved from one place, or from one app's name, to another, whole: entries, journal and log; in Git its history too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.record.log.read import records_in
from reconciler.record.model import Record
from reconciler.record.store import RecordError, Store

if TYPE_CHECKING:
    from reconciler.record.git.store import GitStore


COMMAND = "reconcile record migrate"


def migrate(source: Store, target: Store, since: str) -> int:
    """Move everything; `since` is now, UTC. Returns the number of entries. Raises Locked, RecordError."""
    from reconciler.record.git.store import GitStore

    if isinstance(source, GitStore) and isinstance(target, GitStore) and source.is_beside(target):
        return _with_history(source, target, since)
    with source.lock(COMMAND, since):
        with target.lock(COMMAND, since):
            record = _checked(source, target)
            record.app = target.app
            target.save(record)
            for line in source.read_journal():
                target.journal(line)
            target.restore_log(list(records_in(source)))
        source.retire(target.where())  # only now does the target have it for certain
    return len(record.entries)


def _with_history(source: GitStore, target: GitStore, since: str) -> int:
    """Of one app, on one remote."""
    from reconciler.record.git.move import joined, move

    with source.lock(COMMAND, since):
        record = _checked(source, target)
        move(source, target)
    joined(source, target)
    return len(record.entries)


def _checked(source: Store, target: Store) -> Record:
    record = source.load()
    if record is None:
        raise RecordError(f"there is no record in {source.where()}", "name the place where it is: --from, --path, --remote")
    if target.load() is not None:
        raise RecordError(f"there is a record in {target.where()} already", "keep one of the two, and move the other away")
    return record
