"""Roles that an API beside SCIM holds, in a plan: those that are ours to take, that stay, and that nobody knows. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from reconciler.declare.mapping_model import ROLES
from reconciler.declare.names import fold
from reconciler.plan.change import AttributeChange
from reconciler.plan.diff import attribute
from reconciler.plan.live import Live, LiveObject
from reconciler.plan.matching.model import Matching
from reconciler.plan.role_names import named
from reconciler.plan.role_table import Item, grants_of, read
from reconciler.record.entries import Entries, Entry
from reconciler.record.values import RoleMemory
from reconciler.resolve.expressions.language import IGNORE
from reconciler.resolve.mapping import CompiledMapping
from reconciler.resolve.model import DesiredUser, Resolution

Row = tuple[Any, ...]


def is_beside(mapping: CompiledMapping) -> bool:
    """Whether the last slot is of roles that no SCIM request reads or writes."""
    return bool(mapping.slots) and mapping.slots[-1].apart


def given_keys(entry: Entry | None) -> tuple[str, ...]:
    """The keys of the roles that we have given over that API, by the record."""
    if entry is None or ROLES not in entry.get("wanted", {}):
        return ()
    return tuple(entry.get("roles", ()))


def with_roles_there(resolution: Resolution, matching: Matching, live: Live) -> Resolution:
    """Each role that is wanted with what it is there; of accounts whose roles nobody knows none is, so nothing is planned."""
    roles = live.roles
    if not is_beside(resolution.user_mapping):
        return resolution

    def wanted(address: str, user: DesiredUser) -> DesiredUser:
        account = matching.live.get(address)
        known = roles.knows(account.id) if account is not None else not roles.why
        return user._replace(values=(*user.values[:-1], roles.table.with_ids(user.values[-1]) if known else IGNORE))

    return replace(resolution, users={address: wanted(address, user) for address, user in resolution.users.items()})


def ours(mapping: CompiledMapping, live: Live, values: Row, want: Any, entry: Entry | None) -> Row:
    """Live values without the roles that are neither wanted nor given by us: they stay, whatever is planned."""
    if not is_beside(mapping) or mapping.slots[-1].assertive or not isinstance(values[-1], list):
        return values
    table, wanted = live.roles.table, named(want)
    given = table.ours(given_keys(entry))
    return (*values[:-1], [i for i in values[-1] if fold(i["value"]) in wanted or grants_of([i]) <= given] or None)


def loss(mapping: CompiledMapping, live: Live, account: LiveObject) -> tuple[AttributeChange, ...]:
    """What somebody who leaves loses of it, before the account goes: all, whoever gave it, as the account is to open nothing."""
    if not is_beside(mapping) or not live.roles.knows(account.id):
        return ()
    before = account.values[-1]
    return (attribute(mapping.slots[-1], before, None),) if before else ()


def memory(live: Live, entries: Entries, before: RoleMemory) -> RoleMemory:
    """What the record keeps of the roles that were read before the first write; of accounts not asked for, as `before`."""
    roles, table = live.roles, live.roles.table
    stale = {
        key
        for address, id in entries.ids().items()
        for key in (given_keys(entries[address]) if id in roles.seen else ())
        if key in table.given and (table.given[key].was - table.given[key].grants) & read(roles.seen[id]["held"])
    }
    given = table.memory(stale)
    if not live.whole:
        return {**before, "given": given, "seen": {**before.get("seen", {}), **roles.seen}}
    return {"given": given, "seen": dict(roles.seen), "read": roles.read, "owner": roles.owner}


def staying(mapping: CompiledMapping, live: Live, account: LiveObject, want: Any, entry: Entry | None) -> Iterator[Item]:
    """The roles of an account that stay although nothing gives them, as items of the attribute."""
    if is_beside(mapping) and isinstance(account.values[-1], list):
        left = named(ours(mapping, live, account.values, want, entry)[-1])
        yield from (item for item in account.values[-1] if fold(item["value"]) not in left)
