"""Which active account holds which roles, before the written changes and after them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from reconciler.declare.names import fold, is_user
from reconciler.plan.change import Action, Change
from reconciler.plan.context import UNKNOWN
from reconciler.plan.live import LiveObject
from reconciler.plan.roles import held, keys, moved, of_values
from reconciler.plan.roles_beside import is_beside
from reconciler.plan.safeguards.facts import Facts
from reconciler.plan.strangers import roles_of_strangers
from reconciler.resolve.model import DesiredUser

State = dict[str, frozenset[str]]
NONE: frozenset[str] = frozenset()


class Holders:
    """`before` and `after`: today's address of each active account that is ours -> the keys of its roles."""

    def __init__(self, facts: Facts) -> None:
        self.facts, self.context = facts, facts.context
        self.written = {change.address: change for change in facts.written}
        self.chosen = {fold(address) for address in facts.only}
        self.leaving = {m for c in facts.everything if c.address not in self.written for m in c.remove}
        self.keys: dict[object, frozenset[str]] = {}
        self.before: State = {}
        self.after: State = {}
        for address, user in self.context.resolution.users.items():
            self._desired(address, user)
        for address, old, live in self._unwanted():
            self._left(address, old, live)

    @cached_property
    def strangers(self) -> State:
        """Active accounts that nobody manages, by `#id`: what they hold stays, whatever is written of others."""
        leaving = {change.address: {member.removeprefix(UNKNOWN) for member in change.remove} for change in self.facts.written}
        return {UNKNOWN + id: roles for id, roles in roles_of_strangers(self.context, leaving).items()}

    def everybody(self) -> State:
        """The state after the changes with those whom nobody manages."""
        return {**self.after, **self.strangers}

    def standing(self, role: str) -> tuple[int, int]:
        """(active accounts that hold a role now, those of them that keep it even if all that the plan gives should fail)."""
        alike = self.alike(role)
        others = sum(1 for roles in self.strangers.values() if alike & roles)
        now = self._now(role)
        return len(now) + others, len(now) - len(self.losing(role)) + others

    def left(self, role: str) -> int:
        """The active accounts that hold a role after the changes."""
        alike = self.alike(role)
        return sum(1 for roles in self.everybody().values() if alike & roles)

    def alike(self, role: str) -> set[str]:
        """The role, and those that are the same one in one of its account groups, on an API beside SCIM."""
        declared = self.context.app.roles
        grant = declared[role].grant if role in declared else None
        return {role, *(key for key, r in declared.items() if grant and r.grant is not None and r.grant.overlaps(grant))}

    def losing(self, role: str) -> set[str]:
        """Those who hold a role now and do not keep it for certain."""
        alike = self.alike(role)
        return {a for a in self._now(role) if not alike & self.after.get(a, NONE) or not self._keeps(a, alike)}

    def _now(self, role: str) -> list[str]:
        alike = self.alike(role)
        return [address for address, roles in self.before.items() if alike & roles and self._shows(address, alike)]

    def _shows(self, address: str, alike: set[str]) -> bool:
        """Where the service shows roles, it knows better than the record."""
        live = self.context.account(address)
        names = of_values(self.context, live.values) if live is not None else {}
        return not names or not alike.isdisjoint(held(self.context, address, names))

    def _keeps(self, address: str, alike: set[str]) -> bool:
        """A role whose `value` changes goes, and another of its name comes; an API beside SCIM does both at once, or neither."""
        change = self.written.get(address)
        before, after = moved(self.context, change) if change is not None else ({}, {})
        if not (before or after):
            return True
        if is_beside(self.context.resolution.user_mapping):
            stays = self._staying(address, self.context.matching.live.get(address))
            return not alike.isdisjoint(held(self.context, address, after) | stays)
        return not alike.isdisjoint(held(self.context, address, {name: before[name] for name in before.keys() & after}))

    def _desired(self, address: str, user: DesiredUser) -> None:
        live, change = self.context.matching.live.get(address), self.context.pending.get(address)
        held = self._before(address, user, live, change)
        stays = self._staying(address, live)
        held |= stays
        if live is not None and live.active:
            self.before[address] = held
        if change is not None and address in self.written:
            if self._active_after(change, live):
                self.after[address] = (self._roles(user) - self._taken(change)) | stays
        elif live is not None and live.active:
            self.after[address] = self._roles(user) | stays if change is None and self._settles(address) else held

    def _staying(self, address: str, live: LiveObject | None) -> frozenset[str]:
        """Roles over an API beside SCIM that stay although nothing here gave them: they count as any that is held."""
        return frozenset(self.context.stay(address, live)) if live is not None else NONE

    def _left(self, address: str, old: str, live: LiveObject) -> None:
        """Out of scope: what the record knows stays, until a written change takes it."""
        if not live.active:
            return
        self.before[address] = held = frozenset(self.context.entries[old].get("roles", ()))
        change = self.written.get(address) or self.written.get(old)
        if change is None or not (change.disables or change.action == Action.DELETE):
            self.after[address] = held

    def _unwanted(self) -> Iterator[tuple[str, str, LiveObject]]:
        for old, id in self.context.entries.ids().items():
            address = self.context.today.get(old, old)
            live = self.context.live.users.get(id)
            if live is not None and is_user(old) and address not in self.context.resolution.users:
                yield address, old, live

    def _settles(self, address: str) -> bool:
        """Whether the record will hold today's roles of a user who has no change of its own."""
        return address not in self.leaving and (not self.chosen or fold(address) in self.chosen)

    def _before(self, address: str, user: DesiredUser, live: LiveObject | None, change: Change | None) -> frozenset[str]:
        if live is None:
            return NONE
        if change is not None and any(a.path in self.context.carrying for a in change.attributes):
            return frozenset(held(self.context, address, moved(self.context, change)[0]))
        entry = self.context.entry(address)
        if entry is not None and "roles" in entry:
            return frozenset(entry["roles"])
        # Without a record only roles that the service shows, and that are as wanted, are known to be there.
        return self._roles(user) if entry is not None or self.context.carrying else NONE

    def _taken(self, change: Change) -> set[str]:
        """Roles that go from the service although they are declared: the mapping no longer gives them."""
        before, after = moved(self.context, change)
        return held(self.context, change.address, before) - keys(self.context, after)

    def _roles(self, user: DesiredUser) -> frozenset[str]:
        if user.address in self.context.revoked:
            return NONE
        found = self.keys.get(user.roles)
        if found is None:
            found = self.keys[user.roles] = frozenset(role.key for role in user.roles)
        return found

    def _active_after(self, change: Change, live: LiveObject | None) -> bool:
        if change.action == Action.DELETE or change.disables:
            return False
        values = [a.after for a in change.attributes if a.path.rpartition(":")[2].lower() == "active"]
        return values[0] is not False if values else live is None or live.active
