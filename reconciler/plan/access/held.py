"""Who has what on a service now: a context in, rows out, of accounts that are nobody's too. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from reconciler.declare.model import App, Assignment
from reconciler.declare.names import fold, is_user, name_of, row_key
from reconciler.declare.place import Place
from reconciler.plan.access.given import Given, longest
from reconciler.plan.access.had import Had, Past
from reconciler.plan.context import UNKNOWN, UNKNOWN_GROUP, Context, gather
from reconciler.plan.live import Live, LiveObject
from reconciler.plan.matching.match import match
from reconciler.plan.membership import known_members, shown_members
from reconciler.plan.role_notes import by_whom
from reconciler.plan.roles import keys, of_values, partly, privileged_groups
from reconciler.record.entries import is_active
from reconciler.record.model import Record
from reconciler.resolve.model import Resolution

BY_SCOPE = " (provisioning.scope is all)"


class Source(StrEnum):
    """What gives somebody what they have; `unmanaged` is all that an account has which is nobody's. What `stays` is assigned no
    more, and the mapping takes nothing away.
    """

    DECLARED = "declared"
    BY_HAND = "by hand"
    UNMANAGED = "unmanaged"
    STAYS = "stays"


class Held(NamedTuple):
    """One role or group that an active account has; `kind` is role, group, or account where it has neither.

    `address` is the person's, `#ID` where the account is nobody's; `login` is its userName. `through`, `file`, `line`, `until`
    and `reason` are those of the assignment, or of the group's declaration, that gives it, or with `by_scope` of the person,
    whose account is there since everybody is in scope; of what nothing gives `reason` is who edited the account, where the
    service's own log tells. `shown` is false where the record alone says so, since the service does not show it. `since` is when
    it came, by the log, and `confirmed` when it was last seen on the service: now, where that shows it. `last_login` and
    `registered` are when the service says so. All are times, UTC, and empty where nobody knows. `value` is the name of a role on
    the service, which stays when its displayName changes; `id` and `group_id` are those of the account and the group there.
    `approvals` let the plan through that gave it, by the log: each with safeguard, reason, file and line.
    """

    address: str
    login: str
    name: str
    kind: str
    what: str
    privileged: bool
    source: Source
    through: str = ""
    file: str = ""
    line: int = 0
    until: str | None = None
    reason: str = ""
    shown: bool = True
    last_login: str = ""
    registered: str = ""
    since: str = ""
    confirmed: str = ""
    value: str = ""
    id: str = ""
    group_id: str = ""
    by_scope: bool = False
    approvals: tuple[Mapping[str, Any], ...] = ()

    @property
    def given(self) -> str:
        """What gives something declared, in words: the line, and the group through which it comes, or that scope is all."""
        through = f" through group {self.through}" if self.through else BY_SCOPE if self.by_scope else ""
        return f"{self.file}:{self.line}{through}"


def held(context: Context) -> tuple[Held, ...]:
    """What every active account has, by address; privileged things of one come first."""
    work = _Work(context)
    return _sorted(row for account in context.live.users.values() if account.active for row in work.rows(account))


def dated(rows: Iterable[Held], past: Past, now: str) -> tuple[Held, ...]:
    """The same rows with since when they are so, by the log, and when that was last seen; `now` is when the service was read."""
    known = {(fold(row.address), row.kind, fold(row.what)): row for row in past.at(now)}
    return tuple(_dated(row, known.get((fold(row.address), row.kind, fold(row.what))), now) for row in rows)


def staying(rows: Iterable[Held], past: Past, now: str) -> tuple[Held, ...]:
    """The same rows with the roles that nothing assigns and that stay, by the log: the record holds what is assigned."""
    rows = list(rows)
    known = {(fold(row.address), row.kind, fold(row.what)) for row in rows}
    left = (had for had in past.at(now) if had.stays is not None and had.known)
    lacking = (had for had in left if (fold(had.address), had.kind, fold(had.what)) not in known)
    return _sorted([*rows, *map(_as_told, lacking)])


def _as_told(had: Had) -> Held:
    what = (had.kind, had.what, had.privileged is not False)
    row = Held(had.address, had.login, "", *what, Source.BY_HAND, shown=False)
    return _dated(row, had, had.seen)


def _dated(row: Held, had: Had | None, now: str) -> Held:
    gave = had.gave if had is not None and had.known else None
    since = gave.at if gave is not None else ""
    told = gave.record.get("reconcile", {}).get("approvals") if gave is not None else ()
    approvals = tuple(item for item in told or () if isinstance(item, dict))
    if gave is not None and had is not None and had.stays is not None and row.source is Source.BY_HAND:
        file, line = gave.place(row.kind)
        row = row._replace(source=Source.STAYS, file=file, line=line)
    return row._replace(since=since, confirmed=now if row.shown else had.seen if had is not None else "", approvals=approvals)


def is_unused(row: Held, since: str) -> bool:
    """Whether nobody has signed in from a time on (UTC), as far as the service says: an account that is newer had no time to."""
    return row.last_login < since if row.last_login else bool(row.registered) and row.registered < since


def by_record(app: App, resolution: Resolution, record: Record) -> tuple[Held, ...]:
    """The same by the record alone: what was last applied, and answered, of accounts that are ours."""
    live = _as_recorded(resolution, record)
    context = gather(app, resolution, live, record, match(resolution, live, record.entries))
    return tuple(row._replace(shown=False) for row in held(context))


def _as_recorded(resolution: Resolution, record: Record) -> Live:
    """The service as the record knows it; of groups it knows the members by address."""
    live, active = Live(), set(record.entries.active())
    for address, entry in record.entries.items():
        values = {**entry.get("wanted", {}), **entry.get("answered", {})}
        slots = resolution.mapping(address).slots
        found = LiveObject(entry["id"], name_of(address), tuple(values.get(s.target) for s in slots), None, address in active)
        live.of(address)[entry["id"]] = found
    return live


def _sorted(rows: Iterable[Held]) -> tuple[Held, ...]:
    return tuple(sorted(rows, key=lambda row: (fold(row.address), not row.privileged, row.kind, fold(row.what))))


class _Work:
    def __init__(self, context: Context) -> None:
        self.context, self.given = context, Given(context)
        self.privileged, self.revoked = privileged_groups(context), {fold(address) for address in context.revoked}
        self.groups = self._memberships()

    def rows(self, account: LiveObject) -> Iterator[Held]:
        address = self.context.matching.addresses.get(account.id, UNKNOWN + account.id)
        row = Held(address, account.name, self._name(address, account), "account", "an account", False, self._source(address))
        row = row._replace(id=account.id)
        if (person := self.context.live.roles.people.get(account.id)) is not None:
            row = row._replace(last_login=person.last_login, registered=person.registered)
        rows = [*self._roles(row, account), *(self._group(row, group) for group in self.groups.get(address, ()))]
        yield from rows or [self._account(row)]

    def _name(self, address: str, account: LiveObject) -> str:
        user = self.context.resolution.users.get(address)
        return self.context.called(address if is_user(address) else "User/", user.row if user else None, account)

    def _source(self, address: str) -> Source:
        """Of what nothing declared gives."""
        return Source.UNMANAGED if address.startswith(UNKNOWN) else Source.BY_HAND

    def _roles(self, row: Held, account: LiveObject) -> Iterator[Held]:
        """As the service shows them; where it shows nobody's, as the record says."""
        names = of_values(self.context, account.values)
        declared = keys(self.context, names)
        for key in declared or self._recorded(row.address):
            role = self.context.app.roles[key]
            found = row._replace(
                kind="role", what=role.displayName, privileged=role.privileged, shown=key in declared, value=role.value
            )
            given = self.given.role(row.address, key) if not self._is_out(row.address) else None
            yield self._with(found, given) if given is not None else self._by_hand(found, account)
        for text in sorted(text for name, text in names.items() if not keys(self.context, {name: text})):
            privileged = not self.context.privileged.isdisjoint(partly(self.context, {fold(text): text}))
            known = privileged or fold(text) in self.context.privileged_then
            yield self._by_hand(row._replace(kind="role", what=text, privileged=known, value=text), account)

    def _by_hand(self, row: Held, account: LiveObject) -> Held:
        """With who edited the account since it was last read, where the service's own log tells."""
        edit = self.context.live.roles.edits.get(account.id)
        return row._replace(reason=by_whom(edit)) if edit is not None else row

    def _recorded(self, address: str) -> list[str]:
        """The roles that somebody was given and that no service shows."""
        if self.context.shown_roles:
            return []
        return [key for key in (self.context.known(address) or {}).get("roles", ()) if key in self.context.app.roles]

    def _with(self, row: Held, given: Assignment | None) -> Held:
        if given is None:
            return row
        return row._replace(
            source=Source.DECLARED,
            through=self.given.through(row.address, given.group),
            file=given.file,
            line=given.line,
            until=given.expires,
            reason=given.reason or "",
        )

    def _account(self, row: Held) -> Held:
        """The account itself: what is assigned gives it, or that everybody who is declared is in scope."""
        given, user = self._any(row.address), self.context.resolution.users.get(row.address)
        if given is not None or user is None or self._is_out(row.address) or self.context.app.provisioning.scope != "all":
            return self._with(row, given)
        place = self.context.place("User/", user.row)
        return row._replace(source=Source.DECLARED, file=place.file, line=place.line, by_scope=True)

    def _any(self, address: str) -> Assignment | None:
        """What gives somebody an account, where no role is told to the service."""
        if not is_user(address) or self._is_out(address):
            return None
        return longest(self.given.reach.all(row_key(address)), self.context.resolution.today)

    def _is_out(self, address: str) -> bool:
        """Whether a revocation was written, so that a hand gave what somebody has since, whatever the declaration says."""
        entry = self.context.known(address) if fold(address) in self.revoked else None
        return entry is not None and not is_active(entry)

    # Groups

    def _memberships(self) -> dict[str, list[tuple[str, LiveObject, bool]]]:
        """Address of a person -> (address of a group, the group, whether the service shows the person in it)."""
        found: dict[str, list[tuple[str, LiveObject, bool]]] = defaultdict(list)
        for id, group in self.context.live.groups.items():
            address = self.context.matching.groups.get(id, UNKNOWN_GROUP + id)
            shown = shown_members(self.context, group)
            for member in known_members(self.context, group, self.context.known(address)):
                found[member].append((address, group, member in shown))
        return found

    def _group(self, row: Held, group: tuple[str, LiveObject, bool]) -> Held:
        address, live, shown = group
        name = row_key(address)
        privileged = fold(address) in self.privileged
        found = row._replace(kind="group", what=live.name, privileged=privileged, shown=shown, group_id=live.id)
        place = self._declared_in(name, row.address)
        return found._replace(source=Source.DECLARED, file=place.file, line=place.line) if place else found

    def _declared_in(self, group: str, person: str) -> Place | None:
        """Where a declaration puts a person into a group, directly or through a group inside it."""
        user = row_key(person) if is_user(person) else ""
        if user not in self.given.flat.get(group, ()) or self._is_out(person):
            return None
        inner = self.given.ways.chain(group, user)[-1]
        return self.context.place("Group/", self.given.groups.index[inner])


def picked(rows: Iterable[Held], people: frozenset[str], roles: frozenset[str], groups: frozenset[str]) -> list[Held]:
    """Those of some people, roles and groups, all folded; an empty set is all. A person is named by address or login."""
    return [
        row
        for row in rows
        if (not people or people & {fold(row.address), row_key(row.address), fold(row.login)})
        and ((not roles and not groups) or fold(row.what) in (groups if row.kind == "group" else roles))
    ]
