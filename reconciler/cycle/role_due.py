"""Whose roles a plan reads anew over an API that answers one person a request: what was last seen in, ids out. Pure.

Of everybody else what was last seen stands, and a part of them is read each time, those longest unseen first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from reconciler.declare.names import fold
from reconciler.plan.live import Live
from reconciler.plan.matching.match import match
from reconciler.plan.role_table import Grants, RoleTable, read
from reconciler.plan.roles_beside import given_keys
from reconciler.record.entries import Entries, is_active
from reconciler.record.values import SeenRoles
from reconciler.resolve.model import Resolution

IN_TURN = 3  # people who are read each time at most, those longest unseen first
PRIVILEGED_IN_TURN = 3  # the same of those who hold a privileged role


class Known(NamedTuple):
    """What is known before anybody is read: `seen` is by id of an account, or by the key of a person who has none."""

    resolution: Resolution
    live: Live
    entries: Entries
    table: RoleTable
    seen: Mapping[str, SeenRoles]


def due(known: Known, people: Collection[str], needed: Iterable[str], turns: int = IN_TURN + PRIVILEGED_IN_TURN) -> list[str]:
    """Of people, by their keys: who was never read, is needed or would be changed; then a part of the others in turn.

    `turns` are people who are read although nothing points at them. Where a change may take a privileged role, everybody is read
    who holds one: whether enough are left is judged by that.
    """
    held = {id: read(was["held"]) for id, was in known.seen.items() if id in people}
    privileged = {id for id, grants in held.items() if known.table.is_privileged(grants)}
    changing = _changing(known, held)
    must = {id for id in people if id not in held}.union(needed, changing)
    if changing & privileged:
        must |= privileged
    in_turn = _oldest(known, privileged - must, min(PRIVILEGED_IN_TURN, turns // 2))
    in_turn += _oldest(known, held.keys() - privileged - must, min(IN_TURN, turns - turns // 2))
    return sorted(must.union(in_turn).intersection(people))


def ids_of(known: Known, addresses: Iterable[str]) -> set[str]:
    """The accounts of some addresses, declared or recorded ones."""
    named = {fold(address) for address in addresses}
    matched = match(known.resolution, known.live, known.entries).live if named else {}
    accounts = {**known.entries.ids(), **{address: account.id for address, account in matched.items()}} if named else {}
    return {id for address, id in accounts.items() if fold(address) in named}


def wanted_roles(resolution: Resolution, live: Live, entries: Entries) -> dict[str, tuple[str, ...]]:
    """Id of an account -> the keys of the roles that its user is to hold."""
    matched, users = match(resolution, live, entries).live, resolution.users
    return {
        account.id: tuple([r.key for r in users[a].roles if r.grant is not None]) for a, account in matched.items() if a in users
    }


def _oldest(known: Known, ids: Iterable[str], most: int) -> list[str]:
    return sorted(ids, key=lambda id: (known.seen[id]["at"], id))[:most]


def _changing(known: Known, held: Mapping[str, Grants]) -> set[str]:
    """Ids of accounts that hold, as last seen, less than is declared, or what is to be taken."""
    wanted = wanted_roles(known.resolution, known.live, known.entries)
    owners = {id: address for address, id in known.entries.ids().items()}
    return {id for id, has in held.items() if _differs(known, has, wanted.get(id), owners.get(id))}


def _differs(known: Known, has: Grants, wanted: tuple[str, ...] | None, owner: str | None) -> bool:
    """`wanted` is None for whoever is out of scope, `owner` for an account that is nobody's."""
    api, entry = known.resolution.limited.app.role_api, known.entries[owner] if owner is not None else None
    if wanted is None:
        return entry is not None and is_active(entry) and bool(has)
    want = known.table.of_keys(wanted)
    takes = has if api is not None and api.assertive else has & known.table.ours(given_keys(entry))
    return not want <= has or bool(takes - want)
