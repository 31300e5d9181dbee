"""What a role was when it was last given, where roles.yaml makes it something else there: who holds that, and who keeps it. Pure.

On an API beside SCIM a role's value may stay, and what it stands for be another one: people lose what the old one was.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.declare.mapping_model import ROLES
from reconciler.plan.change import Action, Change
from reconciler.plan.live import ALONE
from reconciler.plan.role_table import NOTHING, Grants, grants_of, meet, read
from reconciler.plan.safeguards.facts import Facts


class Then:
    """`was` is what the role was; `now` are ids of the active accounts, and keys of registered people, that hold it in part."""

    def __init__(self, facts: Facts, role: str) -> None:
        self._facts, self._context = facts, facts.context
        self._table = facts.context.live.roles.table
        self.was = self._table.then([role])
        seen = self._context.live.roles.seen if self.was else {}
        self._held = {id: read(found["held"]) for id, found in seen.items() if self._is_there(id)}
        self.now = {id for id, held in self._held.items() if meet(held, self.was)}
        self.losing: set[str] = set()  # addresses
        self._lost, self._gained = 0, 0
        for change in facts.written if self.was else ():
            self._count(change)

    @property
    def words(self) -> str:
        return ", ".join(item["display"] for item in self._table.items(self.was) or ())

    def standing(self) -> tuple[int, int, int]:
        """(accounts that hold it now, those of them that keep it, those that hold it after the changes)."""
        certain = len(self.now) - self._lost
        return len(self.now), certain, certain + self._gained

    def _count(self, change: Change) -> None:
        account = self._context.account(change.address)
        id = account.id if account is not None else ""
        before, after = id in self.now, meet(self._after(change, self._held.get(id, NOTHING)), self.was)
        if before and not after:
            self.losing.add(change.address)
            self._lost += 1
        self._gained += after and not before

    def _after(self, change: Change, held: Grants) -> Grants:
        if change.disables or change.action == Action.DELETE:
            return NOTHING
        for before, after in self._moves(change):
            held = (held - (before - after)) | (after - before)
        return held

    def _moves(self, change: Change) -> Iterator[tuple[Grants, Grants]]:
        for attribute in change.attributes:
            if attribute.path == ROLES:
                yield grants_of(attribute.before), grants_of(attribute.after)

    def _is_there(self, id: str) -> bool:
        """An active account, or somebody registered whom SCIM does not list."""
        if id.startswith(ALONE):
            return bool(self._context.live.roles.people[id].registered) if id in self._context.live.roles.people else False
        return id in self._context.live.users and self._context.live.users[id].active
