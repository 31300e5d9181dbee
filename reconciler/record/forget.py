"""An address in, its entry out of the record: the account stays as it is. Reads and writes the record."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.declare.names import STRANGER
from reconciler.record.entries import Entry
from reconciler.record.open import recovered
from reconciler.record.store import Store


def forget(store: Store, address: str, since: str, tell: Callable[[str, Entry], None]) -> bool:
    """Whether there was an entry, which is gone now; `since` is now, UTC; `tell` logs it, by its address and what it was. Raises
    Locked, RecordError.
    """
    with store.lock(f"reconcile record forget {address}", since):
        record = recovered(store)
        recorded = record.written(address) if record is not None else None
        if record is None or recorded is None:
            return False
        entry = record.entries[recorded]
        record.drop(recorded)
        if recorded.startswith(STRANGER):  # no declaration can agree to keep these out
            record.forget_revoked((recorded,))
        record.begin_run()  # what the journal says of it is past
        store.save(record)
        store.clear_journal()
        tell(recorded, entry)
        return True
