"""What gave somebody what a change takes, with its line, and what remains of it: changes in, parts of rows out. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

from reconciler.declare.model import Place
from reconciler.declare.names import name_of, row_key
from reconciler.plan.access.given import Given
from reconciler.plan.membership import recorded_members
from reconciler.plan.model import Access, Change

MOST_KEPT = 3  # roles that remain and are named


class Gave(NamedTuple):
    """What gave something until now: the group, if one did, where that ended, and the reason that was said."""

    through: str
    place: Place
    reason: str = ""


class Lost:
    """What is told of those who lose something."""

    def __init__(self, given: Given) -> None:
        self.given, self.context = given, given.context

    @cached_property
    def gave(self) -> dict[str, list[tuple[str, set[str]]]]:
        """Key of a role -> the groups that gave it when last applied, each with who was in it, by today's names."""
        givers: dict[str, list[tuple[str, set[str]]]] = {}
        for old in self.context.entries.groups():
            entry, group = self.context.entries[old], self.context.today.get(old, old)
            for key in entry.get("roles", ()):
                givers.setdefault(key, []).append((group, recorded_members(self.context, entry)))
        return givers

    def row(self, change: Change, kind: str, what: str, privileged: bool, keys: Iterable[str]) -> Access:
        """With what gave it; `keys` are of roles."""
        address = self.context.today.get(change.address, change.address)
        found = (self._gave(address, key) for key in keys)
        gave = next((item for item in found if item is not None), Gave("", Place(change.file, change.line)))
        place = gave.place if gave.place.file else Place(change.file, change.line)
        return Access(
            change.address, change.name, False, kind, what, privileged, gave.through, place.file, place.line, None, gave.reason
        )

    def _gave(self, address: str, key: str) -> Gave | None:
        """An assignment that expired, or a group that has the role, or the person, no more."""
        expired = self.given.giving(address, self.given.by_role.get(key, ()), "")
        if expired is not None:
            through = self.given.through(address, expired.group)
            return Gave(through, Place(expired.file, expired.line), expired.reason or "")
        group = next((group for group, members in self.gave.get(key, ()) if address in members), None)
        return Gave(name_of(group), self._gone(group, address) or Place("", 0)) if group is not None else None

    def _gone(self, address: str, person: str) -> Place | None:
        """Where a group stopped giving: its other assignment where the person is still inside, else its declaration."""
        key, groups = row_key(address), self.given.groups
        inside = row_key(person) in self.given.flat.get(key, ())
        other = next((item for item in self.given.app.assignments if inside and item.group == key), None)
        if other is not None:
            return Place(other.file, other.line)
        return self.context.place(address, groups.index[key]) if key in groups.index else None

    def kept(self, address: str, keys: Iterable[str] | None = None) -> str:
        """What a person has of some roles (of all where none are said) by what is declared today, and by what."""
        user = self.context.resolution.users.get(address)
        if user is None or address in self.context.revoked:
            return ""
        kept = [role for role in user.roles if keys is None or role.key in keys]
        told = [self.given.by(role, given) for role in kept if (given := self.given.role(address, role.key))]
        return ", ".join([*told[:MOST_KEPT], *([f"{len(told) - MOST_KEPT} more"] if len(told) > MOST_KEPT else [])])
