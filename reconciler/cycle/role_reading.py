"""The roles of a service's accounts over an API of their own: whom to read, and what was read, into what SCIM showed.

Reads the service. A list shows no roles, and each person costs a request: of those who are not read what was last seen stands,
with its age.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple

from reconciler.cycle.clock import now
from reconciler.declare.names import fold
from reconciler.declare.place import Problem
from reconciler.declare.wording import plural
from reconciler.plan.live import Live, LiveObject, RolesRead
from reconciler.plan.matching.match import match
from reconciler.plan.role_table import Grants, RoleTable, read, role_table, written
from reconciler.plan.roles_beside import given_keys, is_beside
from reconciler.record.entries import Entries, is_active
from reconciler.record.model import Record
from reconciler.record.moments import moved
from reconciler.record.values import RoleMemory, SeenRoles
from reconciler.resolve.model import Resolution
from reconciler.rolesources.model import Edit, Person
from reconciler.rolesources.source import RoleSource
from reconciler.scim.errors import AuthError, ServiceError

AT_ONCE = 4  # people who are read side by side
AROUND = 60  # seconds by which the clocks of two machines may differ
IN_TURN = 3  # people who are read each time, those longest unseen first
NOTHING = RoleMemory()
NOT_LISTED = "the API of roles does not list the account"
Tell = Callable[[str], None]


class RoleNames(ServiceError):
    """Names in roles.yaml that the service does not have, or has twice."""

    @property
    def code(self) -> str:
        return "RoleNames"


class Asked(NamedTuple):
    """How to read: `everybody` instead of whom a plan needs; `tell` hears of what takes long.

    `urgent`: somebody is put out, which no name in roles.yaml and no outage of the API may hold up.
    """

    everybody: bool = False
    tell: Tell = lambda words: None
    per_minute: int | None = None
    urgent: bool = False


AS_NEEDED = Asked()


def read_roles(
    source: RoleSource | None, resolution: Resolution, record: Record | None, live: Live, asked: Asked = AS_NEEDED
) -> Live:
    """What SCIM showed with the roles of each account. Raises ServiceError, and RoleNames for names that are not there."""
    if source is None:
        beside = is_beside(resolution.user_mapping)
        return replace(live, roles=RolesRead(why="no driver is there that could read them")) if beside else live
    try:
        return _read(source, resolution, record, live, asked)
    except AuthError as error:
        return replace(live, roles=RolesRead(why=_refused(source, error)))
    except ServiceError as error:
        if not asked.urgent:
            raise
        return replace(live, roles=RolesRead(why=f"{source.name}: {error}"))


def _read(source: RoleSource, resolution: Resolution, record: Record | None, live: Live, asked: Asked) -> Live:
    memory = record.role_api if record is not None else NOTHING
    catalog, people = source.catalog(), source.people()
    table, problems = role_table(resolution.limited.app, catalog, memory.get("given", {}))
    if problems and not asked.urgent:
        message, remedy = _said(problems)
        raise RoleNames(message, remedy=remedy)
    return _Reading(source, resolution, record, live, table, people, asked, memory).read()


def _refused(source: RoleSource, error: AuthError) -> str:
    """In words, with the permission that the token lacks, where the service says which."""
    try:
        rights = source.rights()
    except ServiceError:
        return f"{source.name} does not show them: {error}"
    lacking = f"the token of {rights.owner or 'its owner'} lacks {' and '.join(rights.reading)}" if rights.reading else str(error)
    return f"{source.name} does not show them: {lacking}"


def _said(problems: list[Problem]) -> tuple[str, str]:
    lines = [f"{item.place.file}:{item.place.line}:{item.place.column}: {item.message}" for item in problems]
    return "; ".join(lines), problems[0].remedy


class _Reading:
    def __init__(
        self, source: RoleSource, resolution: Resolution, record: Record | None, live: Live, table: RoleTable,
        people: list[Person], asked: Asked, memory: RoleMemory,
    ) -> None:  # fmt: skip
        self.source, self.resolution, self.live, self.table, self.asked = source, resolution, live, table, asked
        self.entries = record.entries if record is not None else Entries()
        self.people, self.memory = _by_account(live.users, people), memory
        self.started = now()

    def read(self) -> Live:
        edits = self._edits()
        seen = {id: self.memory.get("seen", {})[id] for id in self.people if id in self.memory.get("seen", {})}
        due = sorted(self.people) if self.asked.everybody else self._due(seen, edits)
        fresh, gone = self._ask(due)
        known = {**{id: was for id, was in seen.items() if id not in gone}, **fresh}
        unknown = {id: NOT_LISTED for id in self.live.users if id not in known}
        held = {id: read(was["held"]) for id, was in known.items()}
        wanted = wanted_roles(self.resolution, self.live, self.entries)
        users = {id: _with(self.table, account, held.get(id), wanted.get(id, ())) for id, account in self.live.users.items()}
        as_of = {id: was["at"] for id, was in known.items() if id not in fresh}
        roles = RolesRead(self.table, unknown, "", as_of, known, self.people, edits, self.started, self.memory.get("owner", ""))
        return replace(self.live, users=users, roles=roles)

    def _ask(self, due: list[str]) -> tuple[dict[str, SeenRoles], set[str]]:
        """What each of some accounts holds, by id, and those of whom there is nobody any more."""
        tell_of(self.asked, len(due))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = dict(zip(due, pool.map(lambda id: self.source.read(self.people[id].id), due), strict=True))
        fresh = {id: SeenRoles(at=self.started, held=written(item.grants)) for id, item in found.items() if item is not None}
        return fresh, {id for id, item in found.items() if item is None}

    def _edits(self) -> dict[str, Edit]:
        """The last edit of each account since its roles were last read, as far as the service's log may be read."""
        since = self.memory.get("read")
        if not since:
            return {}
        try:
            edits = sorted(self.source.edits(moved(since, -AROUND)), key=self._when)
            last = {fold(edit.email): edit for edit in edits}
        except AuthError:
            return {}
        found = {id: last[fold(person.email)] for id, person in self.people.items() if fold(person.email) in last}
        return {id: edit for id, edit in found.items() if self._is_news(id, edit)}

    def _when(self, edit: Edit) -> tuple[str, bool]:
        """Of one second what others did counts as the last: a log's times are no finer."""
        return edit.at, edit.by != self.memory.get("owner", "")

    def _is_news(self, id: str, edit: Edit) -> bool:
        """Whether somebody else may have edited an account since it was last read; two clocks differ a little."""
        seen = self.memory.get("seen", {}).get(id)
        if seen is None or edit.at > moved(seen["at"], AROUND):
            return True
        return edit.at > moved(seen["at"], -AROUND) and edit.by != self.memory.get("owner", "")

    def _due(self, seen: Mapping[str, SeenRoles], edits: Iterable[str]) -> list[str]:
        """Whom a plan rests on: who was never read, was edited, holds what is privileged, or would be changed; then in turn."""
        privileged = [given.grants for given in self.table.given.values() if given.privileged]
        due = {id for id in self.people if id not in seen}.union(edits)
        due |= {id for id, was in seen.items() if any(not grants.isdisjoint(read(was["held"])) for grants in privileged)}
        due |= self._changing({id: read(was["held"]) for id, was in seen.items()})
        rest = sorted(seen.keys() - due, key=lambda id: (seen[id]["at"], id))
        return sorted(due.union(rest[:IN_TURN]) & self.people.keys())

    def _changing(self, held: Mapping[str, Grants]) -> set[str]:
        """Ids of accounts that hold, as last seen, less than is declared, or what is to be taken."""
        wanted = wanted_roles(self.resolution, self.live, self.entries)
        owners = {id: address for address, id in self.entries.ids().items()}
        return {id for id, has in held.items() if self._differs(has, wanted.get(id), owners.get(id))}

    def _differs(self, has: Grants, wanted: tuple[str, ...] | None, owner: str | None) -> bool:
        """`wanted` is None for whoever is out of scope, `owner` for an account that is nobody's."""
        api, entry = self.resolution.limited.app.role_api, self.entries[owner] if owner is not None else None
        if wanted is None:
            return entry is not None and is_active(entry) and bool(has)
        want = self.table.of_keys(wanted)
        takes = has if api is not None and api.assertive else has & self.table.ours(given_keys(entry))
        return not want <= has or bool(takes - want)


def wanted_roles(resolution: Resolution, live: Live, entries: Entries) -> dict[str, tuple[str, ...]]:
    """Id of an account -> the keys of the roles that its user is to hold."""
    matched, users = match(resolution, live, entries).live, resolution.users
    return {account.id: tuple([r.key for r in users[a].roles]) for a, account in matched.items() if a in users}


def everybody(source: RoleSource, live: Live, asked: Asked) -> dict[str, Grants]:
    """What each account holds, by its id; of whom the API does not list nothing is said. Raises ServiceError."""
    people = _by_account(live.users, source.people())
    tell_of(asked, len(people))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(zip(people, pool.map(lambda person: source.read(person.id), people.values()), strict=True))
    return {id: item.grants for id, item in found if item is not None}


def shown(table: RoleTable, resolution: Resolution, live: Live, held: Mapping[str, Grants]) -> Live:
    """What SCIM showed with the roles that were read of everybody."""
    wanted = wanted_roles(resolution, live, Entries())
    users = {id: _with(table, account, held.get(id), wanted.get(id, ())) for id, account in live.users.items()}
    unknown = {id: NOT_LISTED for id in live.users if id not in held}
    return replace(live, users=users, roles=RolesRead(table, unknown))


def tell_of(asked: Asked, people: int) -> None:
    """How long it takes to read so many, where that is long."""
    rate = asked.per_minute
    if rate and people > rate // 4:
        minutes = -(-people // rate)
        whose = plural(people, "person", "people")
        asked.tell(f"reading the roles of {whose}, one request each: about {minutes} min at {rate} a minute")


def _by_account(users: Mapping[str, LiveObject], people: list[Person]) -> dict[str, Person]:
    """By id of the account on the SCIM side: by name, which is the e-mail address there, else by the same id."""
    emails, ids = {fold(person.email): person for person in people}, {person.id: person for person in people}
    found = {id: emails.get(fold(account.name)) or ids.get(id) for id, account in users.items()}
    return {id: person for id, person in found.items() if person is not None}


def _with(table: RoleTable, account: LiveObject, held: Grants | None, wanted: tuple[str, ...]) -> LiveObject:
    items = table.items(held, wanted) if held is not None else None
    return account._replace(values=(*account.values[:-1], items))
