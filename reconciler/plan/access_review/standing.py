"""A row of a review and the declarations of today in; the assignments and groups that still give it out. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import NamedTuple

from reconciler.declare.model import App, Declarations
from reconciler.declare.names import fold
from reconciler.declare.reviews import Reviewed
from reconciler.plan.access.given import Reach
from reconciler.plan.access_review.known import Known
from reconciler.resolve.filters import passing
from reconciler.resolve.scope import Ways, flatten
from reconciler.resolve.sources import UserSource


class Giving(NamedTuple):
    """What gives somebody something: an item of `kind` (assignments, groups, or users, who are all in scope) at a line.

    `user` is the key of the person, as declared today. `group` is the group by which it comes; "" for an assignment that names
    the person, and for the very group that is had. `role` is the key of the role that an assignment gives.
    """

    kind: str
    user: str
    file: str
    line: int
    group: str = ""
    role: str = ""

    @property
    def is_scope(self) -> bool:
        """Whether it is that everybody who is declared is in scope."""
        return self.kind == "users"

    @property
    def is_left(self) -> bool:
        """Whether no edit of its own takes it from the person alone."""
        return bool(self.group) or self.is_scope


class Standing:
    """Declarations by what they give on a day, ISO; `known` is app -> whom its record knows, of those whose record was read."""

    def __init__(self, declarations: Declarations, today: str, known: Mapping[str, Known] | None = None) -> None:
        self.declarations, self.today, self.known = declarations, today, known or {}
        self.ways = Ways(declarations.groups)
        self._reach = cache(self._reach_of)

    def of(self, row: Reviewed) -> list[Giving]:
        """All that gives it, in the order of declaration; nothing where nobody declares the person, or the app."""
        app = self.declarations.apps.get(row.app)
        if app is None:
            return []
        return [giving for user in self.people(row) for giving in self._of(app, user, row)]

    def people(self, row: Reviewed) -> list[str]:
        """The keys of those who may be the person of a row: by the name of then, and by the account, whatever it is called."""
        named, known = self.user(row.user or row.login), self.known.get(row.app, Known())
        return [key for key in dict.fromkeys((named, known.users.get(row.account, ""))) if key]

    def is_stranger(self, row: Reviewed) -> bool:
        """Whether nobody declared the account of a row, then and now: no apply takes anything from it."""
        app, known = self.declarations.apps.get(row.app), self.known.get(row.app, Known())
        if row.user or row.account in known.users:
            return False
        return app is None or not any(any(self._account(app, user)) for user in self.people(row))

    def called(self, row: Reviewed) -> str:
        """The person of a row, with the name of today where it is another one."""
        names = self.declarations.users.columns["userPrincipalName"]
        others = [str(names[self.declarations.users.index[key]]) for key in self.people(row) if key != fold(row.who)]
        return f"{row.who}, who is {' and '.join(others)} now," if others else row.who

    def _of(self, app: App, user: str, row: Reviewed) -> Iterator[Giving]:
        if not row.group:
            roles = _roles(app, row)
            yield from self._assignments(app, user, roles) if roles else self._account(app, user)
            return
        known = self.known.get(app.name, Known()).groups.get(row.group_id, "")
        for group in dict.fromkeys((fold(self.declarations.groups.name_now(row.group)), known)):
            yield from self._membership(app, user, group)

    def user(self, name: str) -> str:
        """The key of a person by the name of then: it may be an earlier one by now; "" where nobody is called so."""
        users = self.declarations.users
        key = fold(users.name_now(name))
        return key if key in users.index else ""

    def _reach_of(self, name: str) -> Reach:
        app = self.declarations.apps[name]
        return Reach(app.assignments, flatten(self.declarations.groups, app.provisioning.nestedGroups))

    def _account(self, app: App, user: str) -> Iterator[Giving]:
        """Whatever is assigned, and that everybody is in scope of whom the scoping filters do not say otherwise."""
        yield from self._assignments(app, user, ())
        users, row = self.declarations.users, self.declarations.users.index[user]
        if app.provisioning.scope != "all" or users.column("accountEnabled")[row] is False:
            return
        if passing(app.users.scopingFilters, UserSource(self.declarations, [row], [()]), 1)[0]:
            yield Giving("users", user, users.files[row], users.lines[row])

    def _assignments(self, app: App, user: str, roles: Collection[str]) -> Iterator[Giving]:
        for item in self._reach(app.name).all(user):
            if (not roles or item.role in roles) and (item.expires is None or item.expires >= self.today):
                group = self._written(item.group) if item.group is not None else ""
                yield Giving("assignments", user, item.file, item.line, group, item.role)

    def _membership(self, app: App, user: str, key: str) -> Iterator[Giving]:
        groups = self.declarations.groups
        if user in self._reach(app.name).flat.get(key, ()):
            inner = self.ways.chain(key, user)[-1]
            row = groups.index[inner]
            yield Giving("groups", user, groups.files[row], groups.lines[row], self._written(inner) if inner != key else "")

    def _written(self, group: str) -> str:
        groups = self.declarations.groups
        return str(groups.columns["displayName"][groups.index[group]]) if group in groups.index else group


def _roles(app: App, row: Reviewed) -> set[str]:
    """Keys of the role of a row, whatever it is called by now; none where it is about the account."""
    same = {key for key, role in app.roles.items() if row.value and fold(role.value) == fold(row.value)}
    return same | ({fold(row.role)} if row.role else set())
