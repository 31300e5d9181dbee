"""Which assignments reach whom today, by which way, and for how long: a context in, answers out. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property

from reconciler.declare.model import Assignment
from reconciler.declare.names import row_key
from reconciler.plan.context import Context
from reconciler.resolve.scope import Ways, flatten

LONGEST = 10  # groups of a way that are named


class Reach:
    """Some assignments by whom they reach; `flat` is group -> everybody inside, by folded names."""

    def __init__(self, assignments: Iterable[Assignment], flat: Mapping[str, frozenset[str]]) -> None:
        self.flat, self.of_groups = flat, list[Assignment]()
        self.direct: dict[str, list[Assignment]] = {}
        for item in assignments:
            if item.user is not None:
                self.direct.setdefault(item.user, []).append(item)
            elif item.group is not None:
                self.of_groups.append(item)

    @cached_property
    def _inside(self) -> list[tuple[Assignment, Collection[str]]]:
        """Those of groups, with everybody inside: of 100,000 people each is asked for."""
        return [(item, self.people(item)) for item in self.of_groups]

    def all(self, user: str) -> list[Assignment]:
        """Those that name a user, or a group that the user is in."""
        return [*self.direct.get(user, ()), *[item for item, inside in self._inside if user in inside]]

    def people(self, item: Assignment) -> Collection[str]:
        """The users whom an assignment reaches."""
        return self.flat.get(item.group, ()) if item.group is not None else {item.user} if item.user is not None else ()


def longest(assignments: Iterable[Assignment], since: str) -> Assignment | None:
    """The one that ends last of those that hold on a day, direct ones before those by a group; "" is whenever."""
    found = [item for item in assignments if item.expires is None or item.expires >= since]
    return max(found, key=lambda item: (item.expires or "9999", item.user is not None), default=None)


def ending(item: Assignment) -> str:
    """` until 2027-01-31`, or nothing where it does not end."""
    return f" until {item.expires}" if item.expires else ""


class Given:
    """The assignments of an app by user and by group."""

    def __init__(self, context: Context) -> None:
        self.context, self.app = context, context.app
        self.groups = context.resolution.declarations.groups
        self.flat = flatten(self.groups, self.app.provisioning.nestedGroups)
        self.ways = Ways(self.groups)

    @cached_property
    def reach(self) -> Reach:
        return Reach(self.app.assignments, self.flat)

    @property
    def of_groups(self) -> list[Assignment]:
        return self.reach.of_groups

    def of_roles(self, address: str, keys: Collection[str]) -> list[Assignment]:
        """Those that give a person one of some roles, on whatever day."""
        return [item for item in self.reach.all(row_key(address)) if item.role in keys]

    def role(self, address: str, *keys: str) -> Assignment | None:
        """What gives a person one of some roles today."""
        return longest(self.of_roles(address, keys), self.context.resolution.today)

    def through(self, address: str, group: str | None) -> str:
        """The group that gives something, and the groups inside it that lead to the person."""
        if group is None:
            return ""
        names = self.ways.chain(group, row_key(address))
        shown = [str(self.groups[name].row["displayName"]) for name in (names if len(names) <= LONGEST else names[: LONGEST - 1])]
        more = [f"{len(names) - LONGEST:,} more", str(self.groups[names[-1]].row["displayName"])] if len(names) > LONGEST else []
        return " > ".join([*shown, *more])

    def by(self, role: str, given: Assignment) -> str:
        """`Member through group Net until 2027-01-31`, or by which line; no day where it does not end."""
        way = f"through group {self.groups[given.group].row['displayName']}" if given.group else f"by {given.file}:{given.line}"
        return f"{role} {way}{ending(given)}"
