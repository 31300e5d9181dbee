"""Whether a person accepted the record as it is, instead of a version that it lost. Reads the record.

`reconcile record trust` says so in the log. Who may push to a record without signatures can write that too, as they can append
whatever else they like; of a signed one nobody can who has no key, since a newest head without a good signature is not read.
"""

from __future__ import annotations

from reconciler.record.log.audit import Kind
from reconciler.record.store import Store
from reconciler.report.log_query import Query
from reconciler.report.log_record import ours_of


def is_trusted_instead(store: Store, known: str) -> bool:
    """Whether the log says that the record is right without this commit, or this hash of its log. Raises RecordError."""
    store.load()
    for _, record in Query(action=Kind.RECORD_COMMAND.value).select(store.log_blocks()):
        details = ours_of(record).get("details")
        if isinstance(details, dict) and details.get("command") == "trust" and known in (details.get("insteadOf") or ()):
            return True
    return False
