"""How many requests an apply of some changes will send. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil

from reconciler.plan.model import Change, Requests


def estimate(changes: Iterable[Change], members_per_patch: int) -> Requests:
    """Of each change: the account is read, then written once; members go in chunks."""
    reads = writes = 0
    for change in changes:
        chunks = ceil(len(change.add) / members_per_patch) + ceil(len(change.remove) / members_per_patch)
        linked = change.action == "create" and any(a.reference for a in change.attributes)
        own = change.action in ("create", "delete") or bool(change.attributes)
        reads += (change.action != "create" and bool(change.attributes)) + linked
        writes += own + linked + chunks
    return Requests(reads, writes)
