"""What a service showed of people's roles before a write, for the log: a context in, roles by address out. Pure.

A role is said by its key, one that nobody declares by its name on the service.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.declare.names import fold
from reconciler.plan.context import Context
from reconciler.plan.role_names import Named, named
from reconciler.plan.roles import held, keys, of_values

Shown = tuple[str, ...]


def shown(context: Context, addresses: Iterable[str]) -> dict[str, Shown]:
    """The roles of each of these accounts that is active; without those of whom the service was not asked, or does not say it."""
    if not context.shown_roles or context.live.roles.why:
        return {}
    accounts = ((address, context.account(address)) for address in addresses)
    active = ((address, account) for address, account in accounts if account is not None and account.active)
    return {address: _of(context, address, of_values(context, account.values)) for address, account in active}


def _of(context: Context, address: str, names: Named) -> Shown:
    return (*sorted(held(context, address, names)), *sorted(_undeclared(context, names)))


def left(context: Context) -> dict[str, Shown]:
    """The roles that nothing assigns and that stay all the same, since the mapping only adds; address by address."""
    slots = [number for number, slot in enumerate(context.resolution.user_mapping.slots) if slot.add_only]
    found: dict[str, Shown] = {}
    for address, user in context.live.among(context.resolution.users).items() if slots else ():
        live = context.matching.live.get(address)
        if live is None or address in context.revoked:
            continue
        wanted = {name for number in slots for name in named(user.values[number])}
        names = {name: text for number in slots for name, text in named(live.values[number]).items() if name not in wanted}
        if names:
            found[address] = (*sorted(keys(context, names)), *sorted(_undeclared(context, names)))
    return found


def _undeclared(context: Context, names: Named) -> Iterable[str]:
    values = {fold(role.value) for role in context.app.roles.values()}
    return (text for name, text in names.items() if name not in values)
