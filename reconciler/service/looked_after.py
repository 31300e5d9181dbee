"""Whom an incremental cycle asks about although nobody changed what is declared of them, and whether it asks about all. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil

from reconciler.declare.names import fold, row_key
from reconciler.resolve.model import Resolution
from reconciler.scim.profile import Profile

SHARE = 0.1  # of the requests that the profile's rate allows in an interval
MOST_PAGES = 100  # that are read where no rate says how few
MOST_OBJECTS = 200  # that are asked for one by one


def costs_little(objects: int, profile: Profile, interval: int) -> bool:
    """Whether everything may be read in every cycle, `interval` seconds apart, of a service with so many objects."""
    allowed = MOST_PAGES if profile.rate is None else min(MOST_PAGES, profile.rate.perMinute * interval / 60 * SHARE)
    return profile.paging.requests(objects) <= allowed


def privileged(resolution: Resolution) -> frozenset[str]:
    """Holders of roles that are privileged, and the groups that give one: looked after in every cycle."""
    app = resolution.limited.app
    roles = {key for key, role in app.roles.items() if role.privileged}
    groups = {fold(row.group) for row in app.assignments if row.group is not None and fold(row.role) in roles} if roles else set()
    users = resolution.users.values() if roles else ()
    return frozenset(user.address for user in users if any(role.privileged for role in user.roles)) | frozenset(
        address for address in resolution.groups if row_key(address) in groups
    )


def turn(addresses: Iterable[str], at: float, interval: int, full_refresh: int) -> frozenset[str]:
    """A rotating part of all: at the moment `at` (seconds since 1970) the one whose turn it is.

    All have had theirs within `full_refresh` seconds, where that takes no more than MOST_OBJECTS at a time.
    """
    every = sorted(addresses)
    turns = max(full_refresh // interval, 1, ceil(len(every) / MOST_OBJECTS))
    size, number = ceil(len(every) / turns), int(at // interval) % turns
    return frozenset(every[number * size : (number + 1) * size])
