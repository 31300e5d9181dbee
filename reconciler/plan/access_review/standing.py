"""A row of a review and the declarations of today in; the assignments and groups that still give it out. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from typing import NamedTuple

from reconciler.declare.model import App, Declarations
from reconciler.declare.names import fold
from reconciler.declare.reviews import Reviewed
from reconciler.plan.access.given import Reach
from reconciler.resolve.scope import Ways, flatten


class Giving(NamedTuple):
    """What gives somebody something: an item of `kind` (assignments or groups) at a line.

    `group` is the group by which it comes; "" for an assignment that names the person, and for the very group that is had.
    `role` is the key of the role that an assignment gives.
    """

    kind: str
    file: str
    line: int
    group: str = ""
    role: str = ""


class Standing:
    """Declarations by what they give on a day, ISO."""

    def __init__(self, declarations: Declarations, today: str) -> None:
        self.declarations, self.today = declarations, today
        self.ways = Ways(declarations.groups)
        self._reach = cache(self._reach_of)

    def of(self, row: Reviewed) -> list[Giving]:
        """All that gives it, in the order of declaration; nothing where nobody declares the person, or the app."""
        app, user = self.declarations.apps.get(row.app), self.user(row.user)
        if app is None or not user:
            return []
        return list(self._membership(app, user, row.group) if row.group else self._assignments(app, user, _roles(app, row)))

    def user(self, name: str) -> str:
        """The key of a person by the name of then: it may be an earlier one by now; "" where nobody is called so."""
        users = self.declarations.users
        key = fold(users.name_now(name))
        return key if key in users.index else ""

    def _reach_of(self, name: str) -> Reach:
        app = self.declarations.apps[name]
        return Reach(app.assignments, flatten(self.declarations.groups, app.provisioning.nestedGroups))

    def _assignments(self, app: App, user: str, roles: Collection[str]) -> Iterator[Giving]:
        for item in self._reach(app.name).all(user):
            if (not roles or item.role in roles) and (item.expires is None or item.expires >= self.today):
                group = self._written(item.group) if item.group is not None else ""
                yield Giving("assignments", item.file, item.line, group, item.role)

    def _membership(self, app: App, user: str, group: str) -> Iterator[Giving]:
        groups = self.declarations.groups
        key = fold(groups.name_now(group))
        if user in self._reach(app.name).flat.get(key, ()):
            inner = self.ways.chain(key, user)[-1]
            row = groups.index[inner]
            yield Giving("groups", groups.files[row], groups.lines[row], self._written(inner) if inner != key else "")

    def _written(self, group: str) -> str:
        groups = self.declarations.groups
        return str(groups.columns["displayName"][groups.index[group]]) if group in groups.index else group


def _roles(app: App, row: Reviewed) -> set[str]:
    """Keys of the role of a row, whatever it is called by now; none where it is about the account."""
    same = {key for key, role in app.roles.items() if row.value and role.value == row.value}
    return same | ({fold(row.role)} if row.role else set())
