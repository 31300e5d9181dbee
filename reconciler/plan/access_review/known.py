"""The entries of a record and the declarations in; who an account or a group of the service is by today's names out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from reconciler.declare.model import Declarations
from reconciler.declare.names import fold, is_user, row_key
from reconciler.declare.table import Table
from reconciler.record.entries import Entries


class Known(NamedTuple):
    """Id on a service -> the key of the declared user or group that it is of, by the record of what was last applied.

    "" is of one that the record knows, and nobody declares any more.
    """

    users: Mapping[str, str] = {}
    groups: Mapping[str, str] = {}


def known_by(entries: Entries, declarations: Declarations) -> Known:
    """By what was last applied, and what is declared today."""
    users, groups = _Names(declarations.users), _Names(declarations.groups)
    found = Known({}, {})
    for address, (id, own) in entries.identities().items():
        names, ids = (users, found.users) if is_user(address) else (groups, found.groups)
        ids[id] = names.named_now(row_key(address), own)  # type: ignore[index]
    return found


class _Names:
    def __init__(self, table: Table[Any]) -> None:
        self.table, self.ids = table, table.column("id")
        self.by_id = {own: row for row, own in enumerate(self.ids) if isinstance(own, str)}

    def named_now(self, name: str, own: str | None) -> str:
        """The key of whom the record knows by a name and a declared id; "" where nobody is declared who is the same."""
        row = self.by_id.get(own) if own is not None else None
        if row is None:
            row = self.table.earlier.get(name, self.table.index.get(name))
        if row is None or (own is not None and self.ids[row] not in (None, own)):
            return ""
        return fold(str(self.table.columns[self.table.key][row]))
