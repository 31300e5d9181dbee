"""One organization: its account groups, roles and people, and what its activity log holds. In memory; the clock is handed in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from reconciler.demo.thousandeyes.permissions import BUILT_IN, ORGANIZATION_ADMIN, PERMISSIONS, REGULAR_USER

OWNER = "Provisioning", "provisioning@example.net"  # whose token it is; made by hand, so SCIM does not list it


@dataclass
class Role:
    id: str
    name: str
    permissions: tuple[str, ...]  # labels
    built_in: bool = False

    @property
    def management(self) -> bool:
        """Whether one of its permissions is for managing others."""
        return any(PERMISSIONS[label].management for label in self.permissions)


@dataclass
class Person:
    """`groups` are role ids by the id of an account group, `everywhere` those in all of them.

    `elsewhere`: also a member of another organization. `confirming`: the new e-mail that the person has yet to confirm.
    """

    uid: str
    name: str
    email: str
    registered: str
    scim: str = ""
    login: str | None = None
    last_login: str | None = None
    groups: dict[str, list[str]] = field(default_factory=dict)
    everywhere: list[str] = field(default_factory=list)
    elsewhere: bool = False
    confirming: str | None = None


class Organisation:
    """`lock` is held while a request is served. Account groups are names by id."""

    def __init__(
        self, clock: Callable[[], float], name: str = "Example", groups: Iterable[str] = ("Production", "Staging")
    ) -> None:
        self.clock, self.name, self.lock = clock, name, threading.RLock()
        self._ids = count(1001)
        self.groups = {self.new_id(): group for group in groups}
        self.roles = {id: Role(id, name, labels, True) for name, (id, labels) in BUILT_IN.items()}
        self.people: dict[str, Person] = {}
        self.events: list[dict[str, Any]] = []
        self.owner = self.person(*OWNER, roles=(ORGANIZATION_ADMIN,))

    def new_id(self) -> str:
        return str(next(self._ids))

    def now(self) -> str:
        return moment(self.clock())

    def person(self, name: str, email: str, scim: str = "", roles: Iterable[str] = (REGULAR_USER,)) -> Person:
        """Somebody new, with roles in all account groups."""
        everywhere = [self.role(role).id for role in roles]
        made = Person(self.new_id(), name, email, self.now(), scim, next(iter(self.groups), None), everywhere=everywhere)
        self.people[made.uid] = made
        return made

    def by_email(self, email: str) -> Person | None:
        return next((person for person in self.people.values() if person.email.lower() == email.lower()), None)

    def role(self, name: str) -> Role:
        """The role of a name. Raises StopIteration where there is none."""
        return next(role for role in self.roles.values() if role.name == name)

    def new_role(self, name: str, permissions: Iterable[str] = ()) -> Role:
        made = Role(self.new_id(), name, tuple(permissions))
        self.roles[made.id] = made
        return made

    def delete_role(self, id: str) -> None:
        """It is gone from everybody who has it."""
        del self.roles[id]
        for person in self.people.values():
            person.everywhere = [role for role in person.everywhere if role != id]
            person.groups = {aid: [role for role in roles if role != id] for aid, roles in person.groups.items()}

    def member_of(self, person: Person) -> list[str]:
        """Ids of the account groups that a person is assigned to."""
        return list(self.groups) if person.everywhere else [aid for aid in self.groups if person.groups.get(aid)]

    def may(self, person: Person, aid: str | None) -> set[str]:
        """The labels of what a person may do in an account group."""
        held = [*person.everywhere, *person.groups.get(aid or "", ())]
        return {label for id in held if id in self.roles for label in self.roles[id].permissions}

    def log(self, actor: Person, aid: str | None, event: str, address: str, *resources: tuple[str, str]) -> None:
        """Into the activity log; a resource is its type and its name."""
        self.events.append(
            {
                "aid": aid,
                "accountGroupName": self.groups.get(aid or ""),
                "date": self.now(),
                "event": event,
                "ipAddress": address,
                "uid": actor.uid,
                "user": f"{actor.name} ({actor.email})",
                "resources": [{"type": kind, "name": name} for kind, name in resources],
            }
        )


def moment(seconds: float) -> str:
    """A time as the API shows it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
