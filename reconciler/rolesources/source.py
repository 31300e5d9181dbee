"""What a driver of a role API owes, as a Protocol: the core decides what changes, a driver reads and writes one person."""

from __future__ import annotations

from typing import Protocol

from reconciler.rolesources.model import Catalog, Grant, Holding, Log, Person, Rights

PAGES = 3  # of the log that a plan reads at most, so that it sends few requests however much was done


class RoleSource(Protocol):
    """One service's API of roles. Safe to use from several threads.

    A driver is made with an `Api` (scim/sender.py) alone, and stands in drivers.py. Every request goes through it: it counts in
    the one rate of the service, waits, tries again, and raises ServiceError and its kinds (scim/errors.py). A driver makes no
    connection, looks at no clock and writes to no file. It sees no base URL and no token: paths are relative (`/users`).

    What the service does not show is an error, never an empty answer: an answer that lacks what it must hold is a ReadError.
    """

    name: str
    """The service and its API, in words, for messages: `ThousandEyes v7`."""

    def rights(self) -> Rights:
        """Whose token it is, the permissions that it lacks, in the service's words, and where alone it may write; few requests.

        Raises AuthError where the token is refused altogether.
        """
        ...

    def catalog(self) -> Catalog:
        """All roles, built-in and custom, and all places, every page of them. Raises ServiceError."""
        ...

    def people(self) -> list[Person]:
        """Everybody, every page. Raises ServiceError, AuthError where the token may not list people."""
        ...

    def read(self, person: str) -> Holding | None:
        """All that one person holds, by id; None where there is no such person any more (404). One request."""
        ...

    def change(self, person: str, gains: frozenset[Grant], losses: frozenset[Grant], home: str = "") -> Holding | None:
        """Give and take, and what is held after it; None where there is no such person any more.

        Reads right before the write and merges: whatever is neither in `gains` nor in `losses` stays, as it is by then. Sends
        nothing where that is what is held already, so that it may be called again after a lost answer. Everything that a
        replacing write must hold beside the grants is sent as it was read. `home` is the place to enter at login, for a person
        who has none or whose own is not among their places; "" leaves it. Reads back after the write: what is answered is what
        a second read showed, not what was sent.

        A write is sent once (`Api.put`): where nobody knows whether it was done, or the service was busy (429, 502 to 504), the
        error goes on as it is, and the caller waits and calls again. Raises AuthError for 403, ServiceError for what else the
        service refuses, with its own words.
        """
        ...

    def edits(self, since: str, pages: int = PAGES) -> Log:
        """Changes of people that the service's log has, from `since` (UTC, ISO 8601, Z) on, of so many pages at most.

        Logins and other events that change nobody are left out. What the token is not shown, and pages that were not read, are
        said (`lacking`). Raises AuthError where the token may not read the log at all, ReadError where a page leads to itself.
        """
        ...
