"""Addresses that somebody typed in, those that name nothing out, with what was probably meant. Reads records."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from reconciler.declare.model import App, Declarations
from reconciler.declare.names import fold
from reconciler.record.open import recovered, store_of

if TYPE_CHECKING:
    from reconciler.record.model import Record


class Unknown(NamedTuple):
    """An address under which nothing is declared or recorded, and those that hold it as a part, or are nearly called so."""

    address: str
    near: tuple[str, ...]


def unknown_everywhere(addresses: tuple[str, ...], declarations: Declarations, apps: list[App]) -> list[Unknown]:
    """Each address that names nothing in any app; none where a record cannot be read."""
    from reconciler.record.store import RecordError

    if not unknown(addresses, declarations, ()):
        return []
    try:
        records = [record for app in apps if (record := recovered(store_of(app, declarations))) is not None]
    except RecordError:  # said in words when the app's turn comes
        return []
    return unknown(addresses, declarations, records)


def unknown(addresses: tuple[str, ...], declarations: Declarations, records: Iterable[Record]) -> list[Unknown]:
    """Those that name nothing that is declared, or in the records."""
    from reconciler.resolve.one_object import near
    from reconciler.resolve.sources import group_addresses, user_addresses

    if not addresses:
        return []
    names = [*user_addresses(declarations.users), *group_addresses(declarations.groups), *(a for r in records for a in r.entries)]
    known = {fold(name): name for name in names}
    return [Unknown(address, tuple(near(address, known.values()))) for address in addresses if fold(address) not in known]
