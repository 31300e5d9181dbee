"""Which live object belongs to which declared one: by the record's id, else by matching attributes. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.declare.model import fold
from reconciler.plan.live import LiveObject
from reconciler.record.model import Entry
from reconciler.resolve.mapping import CompiledMapping


class RecordView:
    """The record's entries of one kind, found by today's address, an earlier name or the declared id."""

    def __init__(self, entries: dict[str, Entry], kind: str, declared: set[str]) -> None:
        self.entries = entries
        self.folded = {fold(a): a for a in entries if a.startswith(kind + "/")}
        self.kind = kind
        self.by_declared_id = {
            entry["declaredId"]: address
            for address, entry in entries.items()
            if "declaredId" in entry and address.startswith(kind + "/") and fold(address) not in declared
        }

    def find(self, address: str, row: dict[str, Any]) -> str | None:
        """The recorded address of a declared object: previous names first, since a name may have been taken over."""
        for name in row.get("previously") or ():
            old = self.folded.get(fold(f"{self.kind}/{name}"))
            if old is not None and self._is_it(old, row):
                return old
        own = self.folded.get(fold(address))
        if own is not None:
            return own
        return self.by_declared_id.get(str(row.get("id")))

    def _is_it(self, old: str, row: dict[str, Any]) -> bool:
        """A recorded id that differs says that the earlier name has passed to somebody else since."""
        known = self.entries[old].get("declaredId")
        return known is None or row.get("id") is None or known == row["id"]


class Matcher:
    """Live objects by the values of their matching attributes, in order of precedence."""

    def __init__(self, mapping: CompiledMapping, live: Iterable[LiveObject], claimed: set[str]) -> None:
        self.mapping = mapping
        self.live = [item for item in live if item.id not in claimed]
        self._indexes: dict[int, dict[str, list[LiveObject]]] = {}

    def candidates(self, values: tuple[Any, ...]) -> tuple[str, list[LiveObject]]:
        """The first matching attribute that finds anything, and what it finds."""
        for number in self.mapping.matching:
            value = values[number]
            found = self._index(number).get(fold(str(value)), []) if value is not None else []
            if found:
                return self.mapping.slots[number].target, found
        return "", []

    def _index(self, number: int) -> dict[str, list[LiveObject]]:
        if number not in self._indexes:
            index: dict[str, list[LiveObject]] = defaultdict(list)
            for item in self.live:
                if item.values[number] is not None:
                    index[fold(str(item.values[number]))].append(item)
            self._indexes[number] = index
        return self._indexes[number]


def clashes(pairs: dict[str, LiveObject]) -> Iterator[tuple[str, str]]:
    """Addresses that matched an account which another address matched too."""
    owners: dict[str, str] = {}
    for address, live in pairs.items():
        other = owners.setdefault(live.id, address)
        if other != address:
            yield address, other
