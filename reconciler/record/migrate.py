"""A record moved from one place, or from one app's name, to another, whole: entries, journal and log."""

from __future__ import annotations

from reconciler.declare.settings import RecordSettings
from reconciler.record.log.read import records_of
from reconciler.record.model import Record
from reconciler.record.store import RecordError, Store


def migrate(source: Store, target: Store, since: str) -> int:
    """Move everything; `since` is now, UTC. Returns the number of entries. Raises Locked, RecordError."""
    command = "reconcile record migrate"
    with source.lock(command, since):
        with target.lock(command, since):
            record = source.load()
            _check(record, source, target)
            assert record is not None
            record.app = target.app
            target.save(record)
            for line in source.read_journal():
                target.journal(line)
            target.restore_log(list(records_of(source.log_blocks())))
        source.retire(target.where())  # only now does the target have it for certain
    return len(record.entries)


def _check(record: Record | None, source: Store, target: Store) -> None:
    if record is None:
        raise RecordError(f"there is no record in {source.where()}", "name the place where it lies: --from, --path, --remote")
    if target.load() is not None:
        raise RecordError(f"there is a record in {target.where()} already", "keep one of the two, and move the other away")


def other_backend(settings: RecordSettings) -> str:
    """Where a record lies that reconciler.yaml has another place for now."""
    return "local" if settings.backend == "git" else "git"
