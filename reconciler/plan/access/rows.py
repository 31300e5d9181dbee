"""Who gains and who loses what by some changes: app roles and groups, with the line that says so. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from reconciler.declare.model import Assignment, Role
from reconciler.declare.names import DEFAULT_ACCESS_KEY, STRANGER, fold, is_group, row_key
from reconciler.declare.place import Place
from reconciler.plan.access.given import Given
from reconciler.plan.access.lasting import after
from reconciler.plan.access.lost import Lost
from reconciler.plan.access.members import members
from reconciler.plan.change import Action, Cause, Change
from reconciler.plan.context import Context
from reconciler.plan.diff import same
from reconciler.plan.model import Access
from reconciler.plan.renamings import renamings, shown
from reconciler.plan.role_names import Named
from reconciler.plan.roles import held, keys, moved, of_values, privileged_groups


def access(context: Context, changes: Iterable[Change]) -> tuple[Access, ...]:
    """One row a person and role or group, privileged ones first; people whose access stays as it is have none."""
    changes = list(changes)
    if not changes:
        return ()
    work = _Work(context, changes)
    rows = [_shown(context, row) for change in changes for row in work.rows(change)]
    return tuple(sorted(rows, key=lambda row: (not row.privileged, fold(row.address), not row.gains, row.what)))


def regiven(context: Context, moves: Mapping[str, tuple[Collection[str], Collection[str]]]) -> dict[str, tuple[Access, ...]]:
    """The same of people whose account needs no write: address -> (keys of the roles before, keys after) in."""
    work = _Work(context, list(context.pending.values())) if moves else None
    return {address: tuple(work.role_rows(address, *keys)) for address, keys in moves.items()} if work is not None else {}


def _shown(context: Context, row: Access) -> Access:
    """An account that nobody declared is told by its name on the service."""
    return row._replace(address=context.shown_address(row.address)) if row.address.startswith(STRANGER) else row


class _Work:
    def __init__(self, context: Context, changes: list[Change]) -> None:
        self.context, self.app = context, context.app
        self.given = Given(context)
        self.lost = Lost(self.given, changes)
        self.privileged = privileged_groups(context)

    def rows(self, change: Change) -> Iterator[Access]:
        if is_group(change.address):
            yield from members(self.given, self.lost, change, fold(change.address) in self.privileged)
            return
        for item in renamings(self.context, change):
            before, after = shown(item)
            what = f"{item.path} {after}, before {before}"
            yield Access(change.address, change.name, True, "identity", what, False, "", change.file, change.line, None)
        yield from self._roles_of(change)

    def _roles_of(self, change: Change) -> Iterator[Access]:
        if change.action == Action.DELETE and not self._is_active(change.address):
            return  # what was disabled before had nothing left to lose
        taken = self._taken_over(change)
        before, after = ({}, taken) if taken is not None else self._roles(change)
        for names, gains in ((_less(after, before), True), (_less(before, after), False)):
            for role in self._declared(names):
                yield self._gained_role(change, role) if gains else self._lost_role(change, role)
            for text in self._undeclared(names):
                privileged = self._was_privileged(change.address, text)
                at = (change.file, change.line)
                yield Access(change.address, change.name, gains, "role", text, privileged, "", *at, None, gave=False)
        if not before and not after and (taken is not None or change.disables or change.action != Action.UPDATE):
            gains = taken is not None or change.action in (Action.CREATE, Action.ENABLE)
            yield self._gained_account(change) if gains else self._lost_account(change)

    def role_rows(self, address: str, before: Collection[str], after: Collection[str]) -> Iterator[Access]:
        """What is gained and lost of declared roles, by their keys."""
        user = self.context.resolution.users[address]
        place = self.context.place(address, user.row)
        name = self.context.called(address, user.row, self.context.matching.live.get(address))
        change = Change(address, Action.UPDATE, "", (Cause.CONFIG,), place.file, place.line, name)
        for key, role in self.app.roles.items():
            if (key in before) != (key in after):
                yield self._gained_role(change, role) if key in after else self._lost_role(change, role)

    def _is_active(self, address: str) -> bool:
        live = self.context.account(address)
        return live is None or live.active

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
        borne = held(self.context, address, {fold(text): text})
        known = self.context.were_privileged.keys() | self.context.privileged_then
        return fold(text) in known or not self.context.privileged.isdisjoint(borne)

    def _gained_role(self, change: Change, role: Role) -> Access:
        given = self.given.role(change.address, role.key)
        row = self._row(change, "role", role.displayName, role.key in self.context.privileged, given)
        joined = self._joined(change, role, given) if given is not None else None
        return row if joined is None else row._replace(file=joined.file, line=joined.line)

    def _joined(self, change: Change, role: Role, given: Assignment) -> Place | None:
        """Where a person came into a group that gave a role before: that gives the role to him, and not the assignment."""
        gave = next((members for group, members in self.lost.gave.get(role.key, ()) if row_key(group) == given.group), None)
        if gave is None or change.address in gave or change.action == Action.ENABLE or given.group is None:
            return None
        inner = self.given.ways.chain(given.group, row_key(change.address))[-1]
        return self.context.place("Group/", self.given.groups.index[inner])

    def _lost_role(self, change: Change, role: Role) -> Access:
        given, lost = self.given.role(change.address, role.key), self.lost
        row = lost.row(change, "role", role.displayName, role.key in self.context.privileged, [] if given else [role.key])
        gone = change.disables or change.action == Action.DELETE
        return row if gone else row._replace(keeps=lost.kept(change.address, [role.key]) or lost.kept(change.address))

    def _lost_account(self, change: Change) -> Access:
        """Where no role is told to the service, the account is all that there is to have."""
        keys = (self.context.known(change.address) or {}).get("roles", ())
        left = any(self.given.role(change.address, key) for key in keys)
        return self.lost.row(change, "account", "an account", False, [] if left else keys)

    def _gained_account(self, change: Change) -> Access:
        user = self.context.resolution.users.get(change.address)
        roles = [role.key for role in user.roles] if user else []
        given = self.given.role(change.address, *(roles or [DEFAULT_ACCESS_KEY])) if user else None
        return self._row(change, "account", "an account", False, given)

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
            self.given.through(change.address, given.group if given else None),
            *place,
            given.expires if given else None,
            (given.reason or "") if given else "",
            then=after(self.given, change.address, given.expires, kind) if given and given.expires else "",
        )


def _less(names: Named, other: Named) -> Named:
    return {name: text for name, text in names.items() if name not in other}
