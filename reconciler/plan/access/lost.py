"""What gave somebody what a change takes, with its line, and what remains of it: changes in, parts of rows out. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

from reconciler.declare.model import Assignment
from reconciler.declare.names import DEFAULT_ACCESS, DEFAULT_ACCESS_KEY, fold, group_address, name_of, row_key
from reconciler.declare.place import Place
from reconciler.plan.access.given import Given, ending, longest
from reconciler.plan.change import Action, Change
from reconciler.plan.membership import recorded_members
from reconciler.plan.model import Access
from reconciler.plan.roles import keys, moved

MOST_KEPT = 3  # roles that remain and are named


class Gave(NamedTuple):
    """What gave something until now: the group, if one did, where that ended, and the reason that was said.

    `commit` is the one in which the place is, where it is gone since.
    """

    through: str
    place: Place
    reason: str = ""
    commit: str = ""


class Lost:
    """What is told of those who lose something."""

    def __init__(self, given: Given, changes: Iterable[Change]) -> None:
        self.given, self.context = given, given.context
        self.changes = {fold(change.address): change for change in changes}

    @cached_property
    def gave(self) -> dict[str, list[tuple[str, set[str]]]]:
        """Key of a role -> the groups that gave it when last applied, each with who was in it, by today's names."""
        givers: dict[str, list[tuple[str, set[str]]]] = {}
        for old in self.context.entries.groups():
            entry, group = self.context.entries[old], self.context.today.get(old, old)
            for key in entry.get("roles", ()):
                givers.setdefault(key, []).append((group, recorded_members(self.context, entry)))
        return givers

    @cached_property
    def gone(self) -> dict[tuple[str, str], list[Assignment]]:
        """(user or group, its folded name) -> assignments of an earlier commit that are not there any more."""
        today = {item[:3] for item in self.given.app.assignments} if self.context.earlier.assignments else ()
        found: dict[tuple[str, str], list[Assignment]] = {}
        for item in self.context.earlier.assignments:
            if item[:3] not in today:
                whom = ("user", item.user) if item.user is not None else ("group", item.group or "")
                found.setdefault(whom, []).append(item)
        return found

    def row(self, change: Change, kind: str, what: str, privileged: bool, roles: Iterable[str]) -> Access:
        """With what gave it; `roles` are keys."""
        address = self.context.today.get(change.address, change.address)
        found = (self._gave(address, key) for key in roles)
        gave = next((item for item in found if item is not None), Gave("", Place("", 0)))
        place = gave.place if gave.place.file else Place(change.file, change.line)
        at = (place.file, place.line)
        who = (change.address, change.name)
        known = bool(gave.place.file)
        return Access(*who, False, kind, what, privileged, gave.through, *at, None, gave.reason, commit=gave.commit, gave=known)

    def _gave(self, address: str, key: str) -> Gave | None:
        """An assignment that expired, or is gone, or a group that has the role, or the person, no more."""
        expired = longest(self.given.of_roles(address, (key,)), "")
        if expired is not None:
            through = self.given.through(address, expired.group)
            return Gave(through, Place(expired.file, expired.line), expired.reason or "")
        if (gone := self._gone_since("user", row_key(address), key)) is not None:
            return gone
        group = next((group for group, members in self.gave.get(key, ()) if address in members), None)
        if group is None:
            return None
        taken = self._gone_since("group", row_key(group), key)
        return taken or Gave(name_of(group), self._other(group, address) or Place("", 0))

    def _gone_since(self, kind: str, name: str, key: str | None = None) -> Gave | None:
        """The assignment to a `user` or a `group`, of one role or of any, that stood in an earlier commit and is gone."""
        item = next((item for item in self.gone.get((kind, name), ()) if key is None or item.role == key), None)
        if item is None:
            return None
        through = self._name(name) if kind == "group" else ""
        return Gave(through, Place(item.file, item.line), item.reason or "", self.context.earlier.commit)

    def _name(self, group: str) -> str:
        """As it was applied, whether it is declared or not."""
        names = (self.context.today.get(old, old) for old in self.context.entries.groups())
        return next((name_of(address) for address in names if row_key(address) == group), group)

    def of_group(self, group: str) -> Gave | None:
        """What put a group in scope that is not any more: an assignment that expired, or is gone."""
        if group_address(group) in self.context.resolution.groups:
            return None
        over = longest((item for item in self.given.of_groups if item.group == fold(group)), "")
        if over is not None and over.expires is not None and over.expires < self.context.resolution.today:
            return Gave("", Place(over.file, over.line), over.reason or "")
        return self._gone_since("group", fold(group))

    def _other(self, address: str, person: str) -> Place | None:
        """Where a group stopped giving: its other assignment where the person is still inside, else its declaration."""
        key, groups = row_key(address), self.given.groups
        inside = row_key(person) in self.given.flat.get(key, ())
        other = next((item for item in self.given.app.assignments if inside and item.group == key), None)
        if other is not None:
            return Place(other.file, other.line)
        return self.context.place(address, groups.index[key]) if key in groups.index else None

    def kept(self, address: str, roles: Iterable[str] | None = None) -> str:
        """What a person has of some roles (of all where none are said) by what is declared today, and by what.

        Not what comes by this very plan, and not by a group that goes, or that the person leaves.
        """
        user = self.context.resolution.users.get(address)
        if user is None or address in self.context.revoked or self._goes(address):
            return ""
        held = [(role.key, role.displayName) for role in user.roles if role.key not in self._gained(address)]
        if self.given.app.provisioning.defaultAccess == "provision":
            held.append((DEFAULT_ACCESS_KEY, DEFAULT_ACCESS))
        kept = [role for role in held if roles is None or role[0] in roles]
        told = [words for role in kept if (words := self._by(address, *role))]
        return ", ".join([*told[:MOST_KEPT], *([f"{len(told) - MOST_KEPT} more"] if len(told) > MOST_KEPT else [])])

    def _by(self, address: str, key: str, name: str) -> str:
        """Where a group goes, a role that the account itself carries stays by the line that assigns it."""
        assignments, today = self.given.of_roles(address, (key,)), self.context.resolution.today
        staying = (item for item in assignments if item.group is None or not self._leaves(address, item.group))
        if (given := longest(staying, today)) is not None:
            return self.given.by(name, given)
        left = longest(assignments, today) if self.context.carrying else None
        return f"{name} by {left.file}:{left.line}{ending(left)}" if left is not None else ""

    def _leaves(self, address: str, group: str) -> bool:
        change = self.changes.get(f"group/{group}")
        return change is not None and (change.action == Action.DELETE or address in change.remove)

    def _goes(self, address: str) -> bool:
        """Whether the account itself is disabled or deleted by this plan."""
        change = self.changes.get(fold(address))
        return change is not None and (change.disables or change.action == Action.DELETE)

    def _gained(self, address: str) -> set[str]:
        """Keys of the roles that a person gets by this plan."""
        change = self.changes.get(fold(address))
        if change is None:
            return set()
        before, after = moved(self.context, change)
        new = change.action in (Action.CREATE, Action.ENABLE)
        return keys(self.context, after if new else {name: text for name, text in after.items() if name not in before})
