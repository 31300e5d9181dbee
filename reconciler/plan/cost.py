"""How many requests an apply of some changes will send. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil

from reconciler.plan.change import Action, Change
from reconciler.plan.model import Requests
from reconciler.resolve.capabilities import Limits

ROLES = 2  # reads of one person's roles over an API beside SCIM: before a write of them, and after it
MANY = 8  # updates that rest on a version: fewer are read first, rather than to find out whether that is needed


def estimate(changes: Iterable[Change], limits: Limits) -> Requests:
    """Members go in chunks; what is read before it is written to may be read with others.

    What a service answers without a body is read too: that nobody knows before.
    """
    reads = together = writes = 0
    changes = tuple(changes)
    versions = bool(limits.versions)
    if limits.versions is None and is_worth_a_try(changes):
        reads, writes, versions = 1, 1, True
    for change in changes:
        chunks = ceil(len(change.add) / limits.members_per_patch) + ceil(len(change.remove) / limits.members_per_patch)
        linked = change.action == Action.CREATE and any(a.reference for a in change.attributes)
        beside = any(a.apart for a in change.attributes)
        own = change.action in (Action.CREATE, Action.DELETE) or any(not a.apart for a in change.attributes)
        alone, shared = _read_before(change, versions)
        reads, together = reads + linked + alone, together + shared
        leaving = change.action in (Action.DISABLE, Action.DELETE)  # all that is held right before is to go
        reads += beside * (ROLES + leaving) + _read_back(change)
        writes += own + linked + chunks + beside
    reads += ceil(together / limits.together)
    counted = writes if limits.counts == "writes" else reads + writes
    seconds = ceil(counted * 60 / limits.per_minute) if limits.per_minute else None
    return Requests(reads, writes, seconds)


def without_a_body(changes: Iterable[Change]) -> int:
    """Reads that come beside those, at most: of updates that a service answers without a body."""
    updates = (change for change in changes if change.action not in (Action.CREATE, Action.DELETE))
    return sum(1 for change in updates if any(not a.apart for a in change.attributes) and not _read_back(change))


def is_worth_a_try(changes: Iterable[Change]) -> bool:
    """Whether so many updates rest on a version that it pays to find out whether the service keeps them."""
    return sum(1 for change in changes if _has_version(change) and change.attributes) >= MANY


def _has_version(change: Change) -> bool:
    return change.action != Action.CREATE and change.precondition is not None and change.precondition.version is not None


def _read_back(change: Change) -> int:
    """Reads after its writes: who is in a group by now, whether an account is out, in again or gone, whatever was answered."""
    switches = change.action != Action.CREATE and any(a.path == "active" for a in change.attributes)
    return bool(change.add) + bool(change.remove) + (switches or change.action == Action.DELETE)


def _read_before(change: Change, versions: bool) -> tuple[int, int]:
    """Reads of an object before its writes: those for it alone, and those that may serve other accounts too."""
    if change.action == Action.CREATE:
        return 0, 0
    own = (any(not a.apart for a in change.attributes) and not (versions and _has_version(change))) + (
        change.action == Action.DELETE
    )
    members = bool(change.add) + bool(change.remove)
    return (members, own) if change.address.startswith("User/") else (members + own, 0)
