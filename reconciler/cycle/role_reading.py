"""The roles of a service's accounts over an API of their own: whom to read, and what was read, into what SCIM showed.

Reads the service. A list shows no roles, and each person costs a request: of those who are not read what was last seen stands,
with its age.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import NamedTuple

from reconciler.cycle.clock import now
from reconciler.cycle.listener import Listener
from reconciler.cycle.role_due import Known, due, ids_of, wanted_roles
from reconciler.cycle.role_log import Heard, hear
from reconciler.declare.names import fold
from reconciler.declare.place import Problem
from reconciler.declare.wording import plural
from reconciler.plan.live import ALONE, Live, LiveObject, RolesRead
from reconciler.plan.role_table import Grants, RoleTable, read, role_table, written
from reconciler.plan.roles_beside import is_beside
from reconciler.record.entries import Entries
from reconciler.record.model import Record
from reconciler.record.values import RoleMemory, SeenRoles
from reconciler.resolve.model import Resolution
from reconciler.rolesources.model import Holding, Person
from reconciler.rolesources.source import RoleSource
from reconciler.scim.client import ScimClient
from reconciler.scim.errors import AuthError, ServiceError

AT_ONCE = 4  # people who are read side by side
NOTHING = RoleMemory()
REQUESTS = 10  # that a plan is to send at most where nothing has changed
NAMES = 3  # of these are for roles, places and people
LEAST = 2  # people who are read although nothing points at them, however long the log is
NOT_LISTED = "the API of roles does not list the account"
Tell = Callable[[str], None]


class RoleNames(ServiceError):
    """Names in roles.yaml that the service does not have, or has twice."""

    @property
    def code(self) -> str:
        return "RoleNames"


class Anew(NamedTuple):
    """Whose roles are read beside those of whom a plan needs them: everybody's, or those of some addresses in any case."""

    everybody: bool = False
    addresses: tuple[str, ...] = ()


NOBODY = Anew()


class Asked(NamedTuple):
    """How to read: whose roles `anew`; `tell` hears of what takes long.

    `counts` is entered for so many people, where that takes long, and yields what is to be called as each was read.
    `urgent`: somebody is put out, which no name in roles.yaml may hold up.
    """

    anew: Anew = NOBODY
    tell: Tell = lambda words: None
    per_minute: int | None = None
    urgent: bool = False
    counts: Callable[[int], AbstractContextManager[Callable[[], object]]] = lambda total: nullcontext(lambda: None)


AS_NEEDED = Asked()


def asked_of(client: ScimClient, listener: Listener, anew: Anew, urgent: bool = False) -> Asked:
    """How to read over a client's one rate; the listener hears how far it is."""
    limits, sender = client.profile.limits(), client.sender
    counts = lambda total: listener.counts(total, "roles", lambda: sender.waited)  # noqa: E731
    return Asked(anew, listener.waits, limits.per_minute, urgent, counts)


def read_roles(
    source: RoleSource | None, resolution: Resolution, record: Record | None, live: Live, asked: Asked = AS_NEEDED
) -> Live:
    """What SCIM showed with the roles of each account; they are unknown where the API cannot be read. Who leaves waits for none.

    Raises RoleNames for names that are not there.
    """
    if source is None:
        beside = is_beside(resolution.user_mapping)
        return replace(live, roles=RolesRead(why="no driver is there that could read them")) if beside else live
    try:
        return _read(source, resolution, record, live, asked)
    except RoleNames:
        raise
    except AuthError as error:
        return replace(live, roles=RolesRead(why=_refused(source, error)))
    except ServiceError as error:
        return replace(live, roles=RolesRead(why=f"{source.name} does not show them: {error}"))


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
    """`people` are by id of their account, or by ALONE and their own id where SCIM lists no account of theirs."""

    def __init__(
        self, source: RoleSource, resolution: Resolution, record: Record | None, live: Live, table: RoleTable,
        people: list[Person], asked: Asked, memory: RoleMemory,
    ) -> None:  # fmt: skip
        self.source, self.resolution, self.live, self.table, self.asked = source, resolution, live, table, asked
        self.entries = record.entries if record is not None else Entries()
        self.people, self.memory = _by_key(live, people, memory), memory
        self.started = now()

    def read(self) -> Live:
        heard = hear(self.source, self.memory, self.people)
        turns = max(LEAST, REQUESTS - NAMES - heard.log.asked)
        seen = {id: self.memory.get("seen", {})[id] for id in self.people if id in self.memory.get("seen", {})}
        known = Known(self.resolution, self.live, self.entries, self.table, seen)
        anew = self.asked.anew
        needed = {*heard.edits, *ids_of(known, anew.addresses)}
        asked_for = sorted(self.people) if anew.everybody else due(known, self.people.keys(), needed, turns)
        fresh, gone = self._ask(asked_for)
        return self._shown({**{id: was for id, was in seen.items() if id not in gone}, **fresh}, fresh, heard)

    def _shown(self, known: dict[str, SeenRoles], fresh: Collection[str], heard: Heard) -> Live:
        held = {id: read(was["held"]) for id, was in known.items()}
        wanted = wanted_roles(self.resolution, self.live, self.entries)
        users = {id: _with(self.table, account, held.get(id), wanted.get(id, ())) for id, account in self.live.users.items()}
        roles = RolesRead(
            replace(self.table, held=frozenset().union(*held.values())),
            unknown={id: NOT_LISTED for id in self.live.users if id not in known},
            as_of={id: was["at"] for id, was in known.items() if id not in fresh},
            seen=known,
            people=self.people,
            edits=heard.edits,
            read=self.memory.get("read", self.started) if heard.silent else self.started,
            owner=heard.owner,
            silent=heard.silent,
            partly=heard.log.lacking,
        )
        return replace(self.live, users=users, roles=roles)

    def _ask(self, ids: list[str]) -> tuple[dict[str, SeenRoles], set[str]]:
        """What each of some accounts holds, by id, and those of whom there is nobody any more."""
        found = _read_each(self.source, {id: self.people[id] for id in ids}, self.asked)
        fresh = {id: SeenRoles(at=self.started, held=written(item.grants)) for id, item in found.items() if item is not None}
        return fresh, {id for id, item in found.items() if item is None}


def _read_each(source: RoleSource, people: Mapping[str, Person], asked: Asked) -> dict[str, Holding | None]:
    """What each of some people holds, by the same keys; how far it is, is told where it takes long."""
    with _told(asked, len(people)) as one, ThreadPoolExecutor(AT_ONCE) as pool:

        def read_one(person: Person) -> Holding | None:
            found = source.read(person.id)
            one()
            return found

        return dict(zip(people, pool.map(read_one, people.values()), strict=True))


def everybody(source: RoleSource, live: Live, asked: Asked) -> dict[str, Grants]:
    """What each account holds, by its id; of whom the API does not list nothing is said. Raises ServiceError."""
    found = _read_each(source, by_account(live.users, source.people()), asked)
    return {id: item.grants for id, item in found.items() if item is not None}


def shown(table: RoleTable, resolution: Resolution, live: Live, held: Mapping[str, Grants]) -> Live:
    """What SCIM showed with the roles that were read of everybody."""
    wanted = wanted_roles(resolution, live, Entries())
    users = {id: _with(table, account, held.get(id), wanted.get(id, ())) for id, account in live.users.items()}
    unknown = {id: NOT_LISTED for id in live.users if id not in held}
    return replace(live, users=users, roles=RolesRead(table, unknown))


def _told(asked: Asked, people: int) -> AbstractContextManager[Callable[[], object]]:
    """Said before how long it takes to read so many, and then how far it is, where that is long."""
    rate = asked.per_minute
    if not rate or people <= rate // 4:
        return nullcontext(lambda: None)
    minutes = -(-people // rate)
    whose = plural(people, "person", "people")
    asked.tell(f"reading the roles of {whose}, one request each: about {minutes} min at {rate} a minute")
    return asked.counts(people)


def _by_key(live: Live, people: list[Person], memory: RoleMemory) -> dict[str, Person]:
    """Everybody by id of their account, or by ALONE and their own id; by a part of SCIM nobody new is known to have none."""
    found = by_account(live.users, people)
    theirs = {person.id for person in found.values()}
    alone = {ALONE + person.id: person for person in people if person.id not in theirs}
    if not live.whole:
        alone = {key: person for key, person in alone.items() if key in memory.get("seen", {})}
    return {**found, **alone}


def by_account(users: Mapping[str, LiveObject], people: list[Person]) -> dict[str, Person]:
    """By id of the account on the SCIM side: by name, which is the e-mail address there; equal ids of two APIs say nothing."""
    emails = {fold(person.email): person for person in people}
    found = {id: emails.get(fold(account.name)) for id, account in users.items()}
    return {id: person for id, person in found.items() if person is not None}


def _with(table: RoleTable, account: LiveObject, held: Grants | None, wanted: tuple[str, ...]) -> LiveObject:
    items = table.items(held, wanted) if held is not None else None
    return account._replace(values=(*account.values[:-1], items))
