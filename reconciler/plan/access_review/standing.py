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
        user = self.person(row)
        return list(self._of(app, user, row)) if user else []

    def person(self, row: Reviewed) -> str:
        """The key of the person of a row: whose account it is, else who is called so; "" where that is nobody."""
        owner = self.owner(row)
        return self.user(row.user or row.login) if owner is None else owner

    def owner(self, row: Reviewed) -> str | None:
        """The key of whose account it is, whatever they are called, "" where nobody declares them; None where no record knows it.

        A name may be somebody else's by now.
        """
        return self.known.get(row.app, Known()).users.get(row.account)

    def is_stranger(self, row: Reviewed) -> bool:
        """Whether nobody declared the account of a row, then and now: no apply takes anything from it."""
        app, user = self.declarations.apps.get(row.app), self.person(row)
        if row.user or self.owner(row) is not None:
            return False
        return app is None or not user or not any(self._account(app, user))

    def called(self, row: Reviewed) -> str:
        """The person of a row, with the name of today where it is another one."""
        users, key = self.declarations.users, self.person(row)
        if key in ("", fold(row.who)):
            return row.who
        return f"{row.who}, who is {users.columns['userPrincipalName'][users.index[key]]} now,"

    def _of(self, app: App, user: str, row: Reviewed) -> Iterator[Giving]:
        if not row.group:
            roles = _roles(app, row)
            yield from self._assignments(app, user, roles) if roles else self._account(app, user)
            return
        named = fold(self.declarations.groups.name_now(row.group))
        yield from self._membership(app, user, self.known.get(app.name, Known()).groups.get(row.group_id, named))

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
