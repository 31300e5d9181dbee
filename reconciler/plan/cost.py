"""How many requests an apply of some changes will send. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil

from reconciler.plan.model import Change, Requests
from reconciler.resolve.capabilities import Limits


def estimate(changes: Iterable[Change], limits: Limits) -> Requests:
    """Of each change: the object is read before what is written at once; members go in chunks."""
    reads = writes = 0
    for change in changes:
        chunks = ceil(len(change.add) / limits.members_per_patch) + ceil(len(change.remove) / limits.members_per_patch)
        linked = change.action == "create" and any(a.reference for a in change.attributes)
        own = change.action in ("create", "delete") or bool(change.attributes)
        steps = bool(change.attributes) + bool(change.add) + bool(change.remove) + (change.action == "delete")
        reads += linked + (0 if change.action == "create" else steps)
        writes += own + linked + chunks
    counted = writes if limits.counts == "writes" else reads + writes
    seconds = ceil(counted * 60 / limits.per_minute) if limits.per_minute else None
    return Requests(reads, writes, seconds)
