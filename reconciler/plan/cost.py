"""How many requests an apply of some changes will send. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil

from reconciler.plan.change import Action, Change
from reconciler.plan.model import Requests
from reconciler.resolve.capabilities import Limits


def estimate(changes: Iterable[Change], limits: Limits) -> Requests:
    """Of each change: the object is read before what is written at once; members go in chunks."""
    reads = writes = 0
    for change in changes:
        chunks = ceil(len(change.add) / limits.members_per_patch) + ceil(len(change.remove) / limits.members_per_patch)
        linked = change.action == Action.CREATE and any(a.reference for a in change.attributes)
        own = change.action in (Action.CREATE, Action.DELETE) or bool(change.attributes)
        steps = bool(change.attributes) + bool(change.add) + bool(change.remove) + (change.action == Action.DELETE)
        reads += linked + (0 if change.action == Action.CREATE else steps)
        writes += own + linked + chunks
    counted = writes if limits.counts == "writes" else reads + writes
    seconds = ceil(counted * 60 / limits.per_minute) if limits.per_minute else None
    return Requests(reads, writes, seconds)
