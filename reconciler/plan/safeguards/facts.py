"""What safeguards look at: changes that would be written, the record, and what the one takes from the other. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cached_property

from reconciler.declare.model import Safeguards
from reconciler.declare.names import fold, is_group, row_key
from reconciler.plan.change import Action, Change
from reconciler.plan.context import Context
from reconciler.plan.membership import group_members
from reconciler.plan.model import Kept
from reconciler.plan.roles import moved
from reconciler.plan.safeguards.model import DAY
from reconciler.record.model import Record
from reconciler.record.values import Removal
from reconciler.resolve.capabilities import NO_LIMITS, Limits

RENAMED = "identity"  # the kind of removal that is none: another login


class Extent(Enum):
    """Whether an apply is of all that there is to do, or of a part of it."""

    WHOLE = "whole"
    PART = "part"


@dataclass(frozen=True)
class Facts:
    """`written` are the changes of `everything` that would be written; `only` the addresses asked for, empty for all.

    `now` is UTC, YYYY-MM-DDTHH:MM:SSZ; `kept` is what people keep unmanaged from this apply on. `limits` are those of
    the service.
    """

    context: Context
    record: Record
    written: tuple[Change, ...]
    everything: tuple[Change, ...]
    only: tuple[str, ...]
    now: str
    kept: tuple[Kept, ...] = ()
    limits: Limits = NO_LIMITS

    @property
    def settings(self) -> Safeguards:
        return self.context.app.safeguards

    @cached_property
    def active(self) -> list[str]:
        """Addresses of the active accounts that the record holds: those that we want active, as far as we know."""
        return self.record.entries.active()

    @cached_property
    def losses(self) -> dict[str, str]:
        """Users from whom the written changes take something."""
        return losses(self.context, self.written)

    @cached_property
    def counted(self) -> dict[str, str]:
        """Those losses that count as accidental; who was revoked by hand loses what was meant to be lost."""
        return {address: kind for address, kind in self.losses.items() if address not in self.context.revoked}

    def taking(self, addresses: Container[str]) -> frozenset[str]:
        """The addresses of the written changes by which these users lose something."""
        return frozenset(
            change.address
            for change in self.written
            if change.address in addresses or any(who in addresses for who in self.stripped(change))
        )

    def giving(self, addresses: Container[str]) -> frozenset[str]:
        """The addresses of the written changes by which these users may get something."""
        return frozenset(
            change.address
            for change in self.written
            if change.address in addresses or any(who in addresses for who in change.add)
        )

    def stripped(self, change: Change) -> set[str]:
        """Those who lose a role by leaving a group."""
        return stripped(self.context, change) if is_group(change.address) else set()

    @cached_property
    def disabled(self) -> set[str]:
        """Whose accounts the written changes disable or delete, by today's names and by those in the record."""
        out = {change.address for change in self.written if change.disables or change.action == Action.DELETE}
        return out | {self.context.today[address] for address in out if address in self.context.today}

    @cached_property
    def recent(self) -> dict[str, str]:
        """Folded address -> kind of what was removed in the last 24 hours, newest last."""
        return {fold(removal["address"]): removal["kind"] for removal in self._last_day if removal["kind"] != RENAMED}

    @cached_property
    def recently_renamed(self) -> set[str]:
        """Folded addresses of those who got another login in the last 24 hours."""
        return {fold(removal["address"]) for removal in self._last_day if removal["kind"] == RENAMED}

    @cached_property
    def _last_day(self) -> list[Removal]:
        since = hours_before(self.now, DAY)
        return [removal for removal in self.record.removals if removal["at"] > since]

    def leaving(self, change: Change) -> tuple[set[str], set[str]]:
        """(known members of a group, those who leave it); all leave a group that is deleted.

        Whose account is inactive, or is disabled by the same changes, does not count as leaving: that is counted elsewhere.
        """
        known, leaving = group_members(self.context, change)
        return known, {member for member in leaving if not self._is_out(member)}

    def _is_out(self, member: str) -> bool:
        account = self.context.account(member)
        return member in self.disabled or (account is not None and not account.active)


def hours_before(now: str, hours: int) -> str:
    """A moment that many hours before another, in the same form."""
    return (datetime.fromisoformat(now) - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def days_after(now: str, days: int) -> str:
    """The ISO date that many days after a moment or a date."""
    return (datetime.fromisoformat(now[:10]) + timedelta(days=days)).date().isoformat()


def losses(context: Context, changes: Iterable[Change]) -> dict[str, str]:
    """User address -> disable, delete or roles: the worst that the changes do to each, once a user."""
    found: dict[str, str] = {}
    for change in changes:
        if is_group(change.address):
            for address in stripped(context, change):
                found.setdefault(address, "roles")
        elif kind := _loss(context, change):
            found[change.address] = kind
    return found


def stripped(context: Context, change: Change) -> set[str]:
    """Addresses of those who lose a role by leaving a group: one that they had, or one that the group gives and nothing else."""
    leaving = group_members(context, change)[1]
    if not leaving:
        return set()
    given = context.giving.get(row_key(change.address), set())
    given = given.union((context.known(change.address) or {}).get("roles", ()))
    return {
        context.shown_address(member) for member in leaving if lost_roles(context, member) or _held_by_it(context, member, given)
    }


def _held_by_it(context: Context, member: str, given: set[str]) -> bool:
    """Somebody whom the declaration never put in holds the group's roles all the same, while the account is active."""
    account = context.account(member)
    return account is not None and account.active and bool(given - _roles(context, member))


def _loss(context: Context, change: Change) -> str | None:
    if change.action == Action.DELETE:
        return "delete"
    if change.disables:
        return "disable"
    if change.action == Action.CREATE:
        return None
    before, after = moved(context, change)
    # A role that is no longer declared may just have another name: what is written tells.
    lost = lost_roles(context, change.address) & context.app.roles.keys() if context.carrying else set()
    return "roles" if lost or before.keys() - after.keys() else None


def lost_roles(context: Context, address: str) -> set[str]:
    """Keys of the roles that were last applied to a user and that nothing gives any more."""
    return set((context.known(address) or {}).get("roles", ())) - _roles(context, address)


def _roles(context: Context, address: str) -> set[str]:
    """Keys of the roles that the declaration gives a user."""
    out = address in context.revoked or address in context.matching.refused
    user = context.resolution.users.get(address) if not out else None
    return {role.key for role in user.roles} if user is not None else set()
