"""Who gains and who loses what by some changes: app roles and groups, with the line that says so. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import cached_property

from reconciler.declare.model import Assignment, Place, Role
from reconciler.declare.names import fold, is_group, is_user, name_of, row_key
from reconciler.plan.context import UNKNOWN, UNKNOWN_GROUP, Context
from reconciler.plan.diff import same
from reconciler.plan.membership import group_members, recorded_members
from reconciler.plan.model import Access, Action, Change
from reconciler.plan.renamings import renamings, shown
from reconciler.plan.roles import Named, held, keys, moved, of_values, privileged_groups
from reconciler.resolve.scope import Ways, flatten, judge

LONGEST = 10  # groups of a way that are named
MOST_KEPT = 3  # roles that remain and are named


def access(context: Context, changes: Iterable[Change]) -> tuple[Access, ...]:
    """One row a person and role or group, privileged ones first; people whose access stays as it is have none."""
    changes = list(changes)
    if not changes:
        return ()
    work = _Work(context)
    rows = [row for change in changes for row in work.rows(change)]
    return tuple(sorted(rows, key=lambda row: (not row.privileged, fold(row.address), not row.gains, row.what)))


class _Work:
    def __init__(self, context: Context) -> None:
        self.context, self.app = context, context.app
        self.groups = context.resolution.declarations.groups
        self.flat = flatten(self.groups, self.app.provisioning.nestedGroups)
        self.ways = Ways(self.groups)
        self.privileged = privileged_groups(context)

    @cached_property
    def by_role(self) -> dict[str, list[Assignment]]:
        assignments: dict[str, list[Assignment]] = {}
        for item in self.app.assignments:
            assignments.setdefault(item.role, []).append(item)
        return assignments

    @cached_property
    def gave(self) -> dict[str, list[tuple[str, set[str]]]]:
        """Key of a role -> the groups that gave it when last applied, each with who was in it, by today's names."""
        givers: dict[str, list[tuple[str, set[str]]]] = {}
        for old in self.context.entries.groups():
            entry, group = self.context.entries[old], self.context.today.get(old, old)
            for key in entry.get("roles", ()):
                givers.setdefault(key, []).append((group, recorded_members(self.context, entry)))
        return givers

    def rows(self, change: Change) -> Iterator[Access]:
        if is_group(change.address):
            yield from self._members(change)
            return
        for item in renamings(self.context, change):
            before, after = shown(item)
            what = f"{item.path} {after}, before {before}"
            yield Access(change.address, change.name, True, "identity", what, False, "", change.file, change.line, None)
        yield from self._roles_of(change)

    def _roles_of(self, change: Change) -> Iterator[Access]:
        taken = self._taken_over(change)
        before, after = ({}, taken) if taken is not None else self._roles(change)
        for names, gains in ((_less(after, before), True), (_less(before, after), False)):
            for role in self._declared(names):
                yield self._gained_role(change, role) if gains else self._lost_role(change, role)
            for text in self._undeclared(names):
                privileged = self._was_privileged(change.address, text)
                yield Access(change.address, change.name, gains, "role", text, privileged, "", change.file, change.line, None)
        if not before and not after and (taken is not None or change.disables or change.action != Action.UPDATE):
            gains = taken is not None or change.action in (Action.CREATE, Action.ENABLE)
            yield self._gained_account(change) if gains else self._lost_account(change)

    def _taken_over(self, change: Change) -> Named | None:
        """The roles that an account brings along which is another's by its first matching attribute, None where it is not."""
        mapping, live = self.context.resolution.user_mapping, self.context.account(change.address)
        if not change.adopts or live is None or not mapping.matching or change.disables:
            return None
        first = mapping.matching[0]
        slot, have, user = mapping.slots[first], live.values[first], self.context.resolution.users[change.address]
        earlier = self.context.resolution.table(change.address).column("previously")[user.row] or ()
        if have is None or any(same(slot, name, have) for name in (user.values[first], *earlier)):
            return None
        before, after = moved(self.context, change)
        return _less(of_values(self.context, live.values), before) | after

    def _roles(self, change: Change) -> tuple[Named, Named]:
        """The roles that the service knows a person by, before and after."""
        before, after = moved(self.context, change)
        user = self.context.resolution.users.get(change.address)
        match change.action:
            case Action.ENABLE:
                return {}, of_values(self.context, user.values) if user is not None else after
            case Action.DISABLE | Action.DELETE:
                return self._held(change.address), {}
            case Action.UPDATE if change.disables:
                return self._held(change.address) | before, {}
            case _:
                return before, after

    def _held(self, address: str) -> Named:
        """What the service shows; where it shows nothing of roles, what the record says."""
        live = self.context.account(address)
        on_service = of_values(self.context, live.values) if live is not None else {}
        entry = self.context.known(address) or {}
        if on_service or not self.context.carrying:
            return on_service
        recorded = (self.app.roles[key] for key in entry.get("roles", ()) if key in self.app.roles)
        return {fold(role.value): role.value for role in recorded}

    def _declared(self, names: Named) -> list[Role]:
        declared = keys(self.context, names)
        return [role for key, role in self.app.roles.items() if key in declared]

    def _undeclared(self, names: Named) -> list[str]:
        """Roles of the service that roles.yaml does not know."""
        return sorted(text for name, text in names.items() if not keys(self.context, {name: text}))

    def _was_privileged(self, address: str, text: str) -> bool:
        """Of a name that no role bears any more, but one did when it was last applied."""
        return any(self.app.roles[key].privileged for key in held(self.context, address, {fold(text): text}))

    def _gained_role(self, change: Change, role: Role) -> Access:
        given = self._giving(change.address, self.by_role.get(role.key, ()))
        row = self._row(change, "role", role.displayName, role.privileged, given)
        joined = self._joined(change, role, given) if given is not None else None
        return row if joined is None else row._replace(file=joined.file, line=joined.line)

    def _joined(self, change: Change, role: Role, given: Assignment) -> Place | None:
        """Where a person came into a group that gave a role before: that gives the role to him, and not the assignment."""
        gave = next((members for group, members in self.gave.get(role.key, ()) if row_key(group) == given.group), None)
        if gave is None or change.address in gave or change.action == Action.ENABLE or given.group is None:
            return None
        inner = self.ways.chain(given.group, row_key(change.address))[-1]
        return self.context.place("Group/", self.groups.index[inner])

    def _lost_role(self, change: Change, role: Role) -> Access:
        given = self._giving(change.address, self.by_role.get(role.key, ()))
        row = self._loss(change, "role", role.displayName, role.privileged, [] if given else [role.key])
        gone = change.disables or change.action == Action.DELETE
        return row if gone else row._replace(keeps=self._kept(change.address, [role.key]) or self._kept(change.address))

    def _kept(self, address: str, keys: Iterable[str] | None = None) -> str:
        """What a person has of some roles (of all where none are said) by what is declared today, and by what."""
        user = self.context.resolution.users.get(address)
        if user is None or address in self.context.revoked:
            return ""
        kept = [role for role in user.roles if keys is None or role.key in keys]
        told = [self._by(role, given) for role in kept if (given := self._giving(address, self.by_role.get(role.key, ())))]
        return ", ".join([*told[:MOST_KEPT], *([f"{len(told) - MOST_KEPT} more"] if len(told) > MOST_KEPT else [])])

    def _by(self, role: Role, given: Assignment) -> str:
        way = f"through group {self.groups[given.group].row['displayName']}" if given.group else f"by {given.file}:{given.line}"
        return f"{role.displayName} {way}"

    def _lost_account(self, change: Change) -> Access:
        """Where no role is told to the service, the account is all that there is to have."""
        keys = (self.context.known(change.address) or {}).get("roles", ())
        left = any(self._giving(change.address, self.by_role.get(key, ())) for key in keys)
        return self._loss(change, "account", "an account", False, [] if left else keys)

    def _gained_account(self, change: Change) -> Access:
        user = self.context.resolution.users.get(change.address)
        held = [item for role in (user.roles if user is not None else ()) for item in self.by_role.get(role.key, ())]
        return self._row(change, "account", "an account", False, self._giving(change.address, held))

    def _loss(self, change: Change, kind: str, what: str, privileged: bool, keys: Iterable[str]) -> Access:
        """With what gave it: an assignment that expired, or a group that has it, or the person, no more; `keys` are of roles."""
        address = self.context.today.get(change.address, change.address)
        through, place, reason = "", Place(change.file, change.line), ""
        for key in keys:
            expired = self._giving(address, self.by_role.get(key, ()), "")
            group = next((group for group, members in self.gave.get(key, ()) if address in members), None)
            if expired is not None:
                through, place = self._through(address, expired.group), Place(expired.file, expired.line)
                reason = expired.reason or ""
                break
            if group is not None:
                through, place = name_of(group), self._gone(group, address) or place
                break
        return Access(change.address, change.name, False, kind, what, privileged, through, place.file, place.line, None, reason)

    def _gone(self, address: str, person: str) -> Place | None:
        """Where a group stopped giving: its other assignment where the person is still inside, else its declaration."""
        key = row_key(address)
        inside = row_key(person) in self.flat.get(key, ())
        other = next((item for item in self.app.assignments if inside and item.group == key), None)
        if other is not None:
            return Place(other.file, other.line)
        return self.context.place(address, self.groups.index[key]) if key in self.groups.index else None

    def _row(self, change: Change, kind: str, what: str, privileged: bool, given: Assignment | None) -> Access:
        """With the assignment that gives it, where one does."""
        place = (given.file, given.line) if given else (change.file, change.line)
        return Access(
            change.address,
            change.name,
            True,
            kind,
            what,
            privileged,
            self._through(change.address, given.group if given else None),
            *place,
            given.expires if given else None,
            (given.reason or "") if given else "",
            then=self._after(change.address, given.expires, kind) if given and given.expires else "",
        )

    def _after(self, address: str, last: str, kind: str) -> str:
        """What becomes of a person, or of a role, on the day after the last valid one of an assignment."""
        user, app = row_key(address), self.app
        held = [*self.direct.get(user, ()), *(item for item in self.of_groups if user in self.flat.get(item.group or "", ()))]
        if judge(app, held, _day_after(last)).code is None:
            return "loses it" if kind == "role" else "keeps the account"
        return self._out_of_scope(address)

    def _out_of_scope(self, address: str) -> str:
        rule, able = self.app.deprovisioning.outOfScope, self.context.able
        if rule == "retain":
            return "keeps it: outOfScope is retain"
        if rule == "delete" or able.inactive == "deletes":
            return "the account is deleted"
        if able.inactive == "ignored" or not self.context.disables(address):
            return "keeps it: nothing disables the account"
        return "the account is disabled"

    @cached_property
    def direct(self) -> dict[str, list[Assignment]]:
        found: dict[str, list[Assignment]] = {}
        for item in self.app.assignments:
            if item.user is not None:
                found.setdefault(item.user, []).append(item)
        return found

    @cached_property
    def of_groups(self) -> list[Assignment]:
        return [item for item in self.app.assignments if item.group is not None]

    def _giving(self, address: str, assignments: Iterable[Assignment], since: str | None = None) -> Assignment | None:
        """The one of some assignments that reaches a person for the longest, direct ones before those by a group.

        Of those that hold on the day `since`, which is today where it is not said, and "" for whenever.
        """
        today, user = self.context.resolution.today if since is None else since, row_key(address)
        reaching = [
            item
            for item in assignments
            if (item.user == user or (item.group is not None and user in self.flat.get(item.group, ())))
            and (item.expires is None or item.expires >= today)
        ]
        return max(reaching, key=lambda item: (item.expires or "9999", item.user is not None), default=None)

    def _through(self, address: str, group: str | None) -> str:
        """The group that gives something, and the groups inside it that lead to the person."""
        if group is None:
            return ""
        names = self.ways.chain(group, row_key(address))
        shown = [str(self.groups[name].row["displayName"]) for name in (names if len(names) <= LONGEST else names[: LONGEST - 1])]
        more = [f"{len(names) - LONGEST:,} more", str(self.groups[names[-1]].row["displayName"])] if len(names) > LONGEST else []
        return " > ".join([*shown, *more])

    def _members(self, change: Change) -> Iterator[Access]:
        group = name_of(change.address)
        privileged = fold(change.address) in self.privileged
        gave = self.context.giving.get(fold(group), set()).union((self.context.known(change.address) or {}).get("roles", ()))
        ends = self._end(group)
        given = next((item.reason for item in self.of_groups if item.group == fold(group) and item.reason), "") or ""
        leaving = sorted(group_members(self.context, change)[1]) if change.action == Action.DELETE else change.remove
        for member, gains in (*((m, True) for m in change.add), *((m, False) for m in leaving)):
            through = self._through(member, fold(group)) if gains and fold(group) in self.groups else ""
            inner = through.partition(" > ")[2]
            person = self._called(member)
            keeps = "" if gains else self._kept(person, gave)
            until, then, reason = (*ends, given) if gains else (None, "", "")
            name, place = self._name(person), (change.file, change.line)
            yield Access(person, name, gains, "group", group, privileged, inner, *place, until, reason, keeps, then)

    def _end(self, group: str) -> tuple[str | None, str]:
        """The last day on which a group is assigned, and what becomes of its members then; (None, "") where it has no end."""
        last = [item.expires for item in self.of_groups if item.group == fold(group)]
        if not last or None in last or self.app.provisioning.scope == "all":
            return None, ""
        emptied = self.app.deprovisioning.outOfScope == "empty"
        return max(day or "" for day in last), "leaves it" if emptied else "stays in it, unless disabled: outOfScope is not empty"

    def _called(self, member: str) -> str:
        """Who is nobody's stands in a change by id, which tells a reader nothing."""
        if not member.startswith(UNKNOWN):
            return member
        inside = self.context.live.groups.get(member.removeprefix(UNKNOWN_GROUP)) if member.startswith(UNKNOWN_GROUP) else None
        account = self.context.account(member)
        return f"Group/{inside.name}" if inside is not None else f"User/{account.name}" if account is not None else member

    def _name(self, address: str) -> str:
        row = self.context.resolution.declarations.users.index.get(row_key(address))
        return self.context.called(address, row, self.context.account(address)) if is_user(address) else ""


def _day_after(day: str) -> str:
    """ISO dates; the last one of the calendar is followed by none."""
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat() if day < "9999-12-31" else day


def _less(names: Named, other: Named) -> Named:
    return {name: text for name, text in names.items() if name not in other}
