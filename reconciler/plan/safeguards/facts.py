"""What safeguards look at: changes that would be written, the record, and what the one takes from the other. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from reconciler.declare.model import Safeguards, fold
from reconciler.plan.context import Context
from reconciler.plan.live import LiveObject
from reconciler.plan.membership import UNKNOWN, known_members
from reconciler.plan.model import AttributeChange, Change
from reconciler.plan.safeguards.model import DAY
from reconciler.record.model import Record


@dataclass(frozen=True)
class Facts:
    """`written` are the changes of `everything` that would be written; `only` the addresses asked for, empty for all.

    `now` is UTC, YYYY-MM-DDTHH:MM:SSZ.
    """

    context: Context
    record: Record
    written: tuple[Change, ...]
    everything: tuple[Change, ...]
    only: tuple[str, ...]
    now: str

    @property
    def settings(self) -> Safeguards:
        return self.context.app.safeguards

    @cached_property
    def active(self) -> list[str]:
        """Addresses of the active accounts that the record holds: those that we want active, as far as we know."""
        return [
            address
            for address, entry in self.record.entries.items()
            if entry.get("wanted", {}).get("active") is not False
            and "disabledAt" not in entry and not entry.get("retained") and address.startswith("User/")
        ]  # fmt: skip

    @cached_property
    def losses(self) -> dict[str, str]:
        """Users from whom the written changes take something."""
        return losses(self.context, self.written)

    @cached_property
    def recent(self) -> dict[str, str]:
        """Folded address -> kind of what was removed in the last 24 hours, newest last."""
        since = hours_before(self.now, DAY)
        return {fold(removal["address"]): removal["kind"] for removal in self.record.removals if removal["at"] > since}

    def leaving(self, change: Change) -> tuple[set[str], set[str]]:
        """(known members of a group, those of them who leave it); all leave a group that is deleted."""
        live = self.context.live.groups.get(change.precondition.id) if change.precondition else None
        return group_members(self.context, change, live)


def hours_before(now: str, hours: int) -> str:
    """A moment that many hours before another, in the same form."""
    return (datetime.fromisoformat(now) - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def days_after(now: str, days: int) -> str:
    """The ISO date that many days after a moment or a date."""
    return (datetime.fromisoformat(now[:10]) + timedelta(days=days)).date().isoformat()


def group_members(context: Context, change: Change, live: LiveObject | None) -> tuple[set[str], set[str]]:
    if live is None:
        return set(), set()
    entry = context.entry(change.address) or context.entries.get(change.address)
    known = {member for member in known_members(context, live, entry) if not member.startswith(UNKNOWN)}
    return known, known if change.action == "delete" else known & set(change.remove)


def losses(context: Context, changes: Iterable[Change]) -> dict[str, str]:
    """User address -> disable, delete or roles: the worst that the changes do to each, once a user."""
    found: dict[str, str] = {}
    for change in changes:
        if change.address.startswith("Group/"):
            live = context.live.groups.get(change.precondition.id) if change.precondition else None
            for member in group_members(context, change, live)[1]:
                if lost_roles(context, member):
                    found.setdefault(member, "roles")
        elif kind := _loss(context, change):
            found[change.address] = kind
    return found


def _loss(context: Context, change: Change) -> str | None:
    if change.action == "delete":
        return "delete"
    if disables(change):
        return "disable"
    if change.action == "create":
        return None
    targets = {slot.target for slot in context.resolution.user_mapping.slots if gives_roles(slot)}
    taken = any(a.path in targets and takes(a) for a in change.attributes)
    # A role that is declared no more may just have another name: what is written tells.
    return "roles" if taken or lost_roles(context, change.address) & context.app.roles.keys() else None


def disables(change: Change) -> bool:
    """Whether the account is inactive afterwards and was not before, whatever the action is called."""
    if change.action == "disable":
        return True
    return change.action != "create" and any(
        a.path.rpartition(":")[2].lower() == "active" and a.after is not True and a.before is not False for a in change.attributes
    )


def gives_roles(slot: Any) -> bool:
    """Whether a mapping writes roles, by an expression over them or by its target."""
    return bool(slot.gives_roles or slot.path.attribute.lower() == "roles")


def takes(attribute: AttributeChange) -> bool:
    """Whether a value that was there is not there afterwards."""
    return bool(_values(attribute.before) - _values(attribute.after))


def _values(value: Any) -> set[str]:
    items = value if isinstance(value, list) else [] if value is None else [value]
    return {fold(str(item.get("value") if isinstance(item, dict) else item)) for item in items}


def lost_roles(context: Context, address: str) -> set[str]:
    """Keys of the roles that were last applied to a user and that nothing gives any more."""
    entry = context.entry(address) or context.entries.get(address)
    user = context.resolution.users.get(address) if address not in context.revoked else None
    return set(entry.get("roles", ()) if entry else ()) - {role.key for role in (user.roles if user else ())}
