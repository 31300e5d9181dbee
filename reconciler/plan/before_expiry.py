"""What would be wanted of a user, had no assignment expired: what equals it in the record went with time alone. Pure."""

from __future__ import annotations

from typing import Any

from reconciler.declare.names import user_address
from reconciler.plan.context import Context
from reconciler.record.entries import Entry
from reconciler.resolve.model import Desired, DesiredUser, Skipped
from reconciler.resolve.resolution import values_with_roles
from reconciler.resolve.sources import UserSource


def is_expired(skip: Skipped | None, entry: Entry | None) -> bool:
    """Whether an expired assignment put somebody out of scope, also where one is left that gives nothing."""
    if skip is None:
        return False
    return skip.code == "AssignmentExpired" or not set(skip.lapsed).isdisjoint((entry or {}).get("roles", ()))


def before_expiry(context: Context, item: Desired) -> dict[str, Any]:
    """What would be wanted, had no assignment expired: a value that equals it in the record went with time alone."""
    if not isinstance(item, DesiredUser):
        return {}
    return (_with_lapsed_roles(context, item) if item.lapsed else {}) | _lapsed_references(context, item)


def _lapsed_references(context: Context, item: DesiredUser) -> dict[str, Any]:
    """A manager who went with an expired assignment."""
    slots = context.resolution.user_mapping.slots
    gone = [slot.target for slot, value in zip(slots, item.values, strict=True) if slot.reference and value is None]
    address = manager_of(context, item) if gone else None
    if address is None:
        return {}
    expired = is_expired(context.resolution.skipped.get(address), context.entry(address))
    return dict.fromkeys(gone, address) if expired else {}


def manager_of(context: Context, item: Desired) -> str | None:
    """The address of the declared manager, in scope or not."""
    if not isinstance(item, DesiredUser):
        return None
    manager = UserSource(context.resolution.declarations, [item.row], [()])("manager")[0]
    return user_address(manager) if manager else None


def _with_lapsed_roles(context: Context, item: DesiredUser) -> dict[str, Any]:
    held = {role.key for role in (*item.roles, *item.lapsed)}
    roles = tuple(role for role in context.app.roles.values() if role.key in held)
    values = values_with_roles(context.resolution, item.row, roles)
    table, slots = context.live.roles.table, context.resolution.user_mapping.slots
    return {slot.target: table.with_ids(value) if slot.apart else value for slot, value in zip(slots, values, strict=True)}
