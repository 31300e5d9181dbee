"""Edits by others while an apply gave and took roles: the service's log in, whose roles must be read again out.

Reads the service once more at the end of a run, so that the next plan need not look through what this run has written.
"""

from __future__ import annotations

from reconciler.apply.shared import Shared
from reconciler.declare.names import fold
from reconciler.record.moments import moved
from reconciler.rolesources.source import PAGES
from reconciler.scim.errors import ServiceError

AROUND = 60  # seconds by which the clocks of two machines may differ


def hear_edits(shared: Shared, now: str) -> None:
    """Whose roles somebody else has edited since they were read counts as not seen; a log that cannot be read changes nothing."""
    source, memory = shared.job.roles, shared.job.record.role_api
    if source is None or not shared.role_writes or "read" not in memory:
        return
    try:
        log = source.edits(moved(memory["read"], -AROUND), PAGES + len(shared.role_writes) // 10)  # its own writes are among them
    except ServiceError:
        return
    accounts = {fold(person.email): id for id, person in shared.job.inputs.live.roles.people.items()}
    for edit in log.edits:
        if edit.by != log.owner:
            memory.get("seen", {}).pop(accounts.get(fold(edit.email), ""), None)
    memory["owner"], memory["read"] = log.owner, now
