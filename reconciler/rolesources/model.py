"""What a role source speaks of: people, the roles and places that there are, what a person holds, and who edited whom. No I/O.

Ids are those of the service, as text. A place is where a role holds: an account group of ThousandEyes.
"""

from __future__ import annotations

from typing import NamedTuple

EVERYWHERE = "*"  # the place of a role that holds in every place, those to come included


class Grant(NamedTuple):
    """One role in one place, by their ids; `place` may be EVERYWHERE, which is not the same as each place by itself."""

    place: str
    role: str


class Named(NamedTuple):
    """A role or a place that the service has; `managing` where others can be managed by that role."""

    id: str
    name: str
    managing: bool = False


class Catalog(NamedTuple):
    """Every role and every place that the service has, in its own order; two may bear one name."""

    roles: tuple[Named, ...]
    places: tuple[Named, ...]


class Person(NamedTuple):
    """Somebody as the service's list shows them; `email` as it is written there, times in UTC (ISO 8601, ending in Z), "" unsaid.

    Roles are not in here: no list shows them.
    """

    id: str
    email: str
    last_login: str = ""
    registered: str = ""


class Holding(NamedTuple):
    """What one person holds, all of it; `home` is the id of the place that they enter at login, "" where none is said."""

    grants: frozenset[Grant]
    home: str = ""


class Edit(NamedTuple):
    """One event of the service's own log: somebody changed the person `email` (as written there) at a time, UTC (ISO 8601, Z).

    `by` is who, in words, `address` the IP address that it came from, "" where the log does not say.
    """

    email: str
    at: str
    by: str
    address: str = ""


class Log(NamedTuple):
    """What the service's own log told: edits, oldest first. `owner` is whose token it is, as the log names them.

    `lacking` says in words why there may have been more edits than these, "" where these are all. `asked` are the requests that
    it took.
    """

    edits: tuple[Edit, ...] = ()
    owner: str = ""
    lacking: str = ""
    asked: int = 0


class Rights(NamedTuple):
    """`owner` is whose token it is; `reading` and `writing` are the service's names of the permissions that it lacks for each.

    `within` are the places in which alone it may write, none where it may in all. `managing` is what it lacks to give roles by
    which others are managed, None where that is not known. `log` says in words what of others' edits the log does not show it.
    """

    owner: str
    reading: tuple[str, ...] = ()
    writing: tuple[str, ...] = ()
    within: tuple[Named, ...] = ()
    managing: tuple[str, ...] | None = None
    log: str = ""
