"""Who gains and who loses what by some changes: app roles and groups, with the line that says so. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from reconciler.declare.model import Assignment, Role, fold
from reconciler.plan.context import Context
from reconciler.plan.model import Access, Change
from reconciler.resolve.scope import chain, flatten


def access(context: Context, changes: Iterable[Change]) -> tuple[Access, ...]:
    """One row a person and role or group, privileged ones first; people whose access stays as it is have none."""
    found = list(changes)
    if not found:
        return ()
    work = _Work(context)
    rows = [row for change in found for row in work.rows(change)]
    return tuple(sorted(rows, key=lambda row: (not row.privileged, fold(row.address), not row.gains, row.what)))


class _Work:
    def __init__(self, context: Context) -> None:
        self.context, self.app = context, context.app
        self.groups = context.resolution.declarations.groups
        self.flat = flatten(self.groups, self.app.provisioning.nestedGroups)

    @cached_property
    def by_role(self) -> dict[str, list[Assignment]]:
        found: dict[str, list[Assignment]] = {}
        for item in self.app.assignments:
            found.setdefault(item.role, []).append(item)
        return found

    def rows(self, change: Change) -> Iterator[Access]:
        if change.address.startswith("Group/"):
            yield from self._members(change)
            return
        before, after = self._roles(change)
        for role in self.app.roles.values():
            if (role.key in after) != (role.key in before):
                yield self._role(change, role, role.key in after)
        if not before and not after and change.action != "update":
            gains = change.action in ("create", "enable")
            yield Access(change.address, change.name, gains, "role", "an account", False, "", change.file, change.line, None)

    def _roles(self, change: Change) -> tuple[set[str], set[str]]:
        """The keys of the roles that a person has before and after."""
        user = self.context.resolution.users.get(change.address)
        held = {role.key for role in user.roles} if user is not None else set()
        match change.action:
            case "create" | "enable":
                return set(), held
            case "disable" | "delete":
                return self._recorded(change.address), set()
            case _:
                return self._written(change)

    def _recorded(self, address: str) -> set[str]:
        """By the record; else by what the service shows."""
        entry = self.context.entries.get(address)
        if entry is not None and "roles" in entry:
            return set(entry["roles"])
        live = self.context.live.users.get(entry["id"]) if entry is not None else None
        slots = self.context.resolution.user_mapping.slots
        return {key for i, slot in enumerate(slots) if live and slot.gives_roles for key in self._keys(live.values[i])}

    def _written(self, change: Change) -> tuple[set[str], set[str]]:
        """An update changes nobody's access but where it writes roles."""
        paths = {slot.target for slot in self.context.resolution.user_mapping.slots if slot.gives_roles}
        written = [a for a in change.attributes if a.path in paths]
        return ({key for a in written for key in self._keys(a.before)}, {key for a in written for key in self._keys(a.after)})

    def _keys(self, value: Any) -> set[str]:
        """The roles that a live or wanted value names, by their `value`."""
        items = value if isinstance(value, list) else [value]
        values = {item.get("value") if isinstance(item, dict) else item for item in items}
        return {role.key for role in self.app.roles.values() if role.value in values}

    def _role(self, change: Change, role: Role, gains: bool) -> Access:
        given = self._giving(fold(change.address.partition("/")[2]), role) if gains else None
        place = (given.file, given.line) if given else (change.file, change.line)
        return Access(change.address, change.name, gains, "role", role.displayName, role.privileged,
                      self._through(change.address, given.group if given else None), *place,
                      given.expires if given else None)  # fmt: skip

    def _giving(self, user: str, role: Role) -> Assignment | None:
        """The assignment that gives the role for the longest, direct ones before those by a group."""
        today = self.context.resolution.today
        found = [
            item
            for item in self.by_role.get(role.key, ())
            if (item.user == user or (item.group is not None and user in self.flat.get(item.group, ())))
            and (item.expires is None or item.expires >= today)
        ]
        return max(found, key=lambda item: (item.expires or "9999", item.user is not None), default=None)

    def _through(self, address: str, group: str | None) -> str:
        """The group that gives something, and the groups inside it that lead to the person."""
        if group is None:
            return ""
        names = chain(self.groups, group, fold(address.partition("/")[2]))
        return " > ".join(str(self.groups[name].row["displayName"]) for name in names)

    def _members(self, change: Change) -> Iterator[Access]:
        group = change.address.partition("/")[2]
        privileged = self._privileged(fold(group))
        for member, gains in ((m, gains) for members, gains in ((change.add, True), (change.remove, False)) for m in members):
            through = self._through(member, fold(group)) if gains and fold(group) in self.groups else ""
            inner = through.partition(" > ")[2]
            yield Access(member, self._name(member), gains, "group", group, privileged, inner, change.file, change.line, None)

    def _privileged(self, group: str) -> bool:
        """Whether the group gives a privileged role, by itself or by a group that it is in."""
        return any(
            role.privileged and any(item.group == group for item in self.by_role.get(role.key, ()))
            for role in self.app.roles.values()
        )

    def _name(self, address: str) -> str:
        row = self.context.resolution.declarations.users.index.get(fold(address.partition("/")[2]))
        name = self.context.resolution.declarations.users.column("displayName")[row] if row is not None else None
        return str(name or "")
