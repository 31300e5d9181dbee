"""Names of accounts and groups in, keys out that stay the same whatever these are called. Pure.

An account is known by its id on the service, so that a rename ends nothing; a member of a group by the address of its day.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from reconciler.declare.names import STRANGER, fold

UNKNOWN = "#"


class Thing(NamedTuple):
    """What an account, by its key, can have: `kind` is account, role or group; `what` a folded role or a group's key."""

    account: str
    kind: str
    what: str = ""


class Names:
    """Keys of accounts and groups, which stay the same whatever these are called; and what they were called when."""

    def __init__(self) -> None:
        self.by_id: dict[str, str] = {}
        self.by_name: dict[str, str] = {}
        self._held: dict[str, set[str]] = defaultdict(set)  # key -> the names by which it is found
        self._with_id: set[str] = set()
        self.called: dict[str, list[tuple[str, str]]] = {}
        self._earlier: dict[str, str] = {}  # key -> what it was called until the first name that is in `called`

    def key(self, address: str, id: str | None, at: str = "") -> str:
        """Of an object that is called so at a time. An id that comes to a name without one is its own."""
        folded = fold(address)
        key = self.by_id.get(id) if id else None
        called = self.called.get(key or "")
        if key is not None and called and called[-1][1] == address and self._held[key] == {folded}:
            return key  # as it was
        if key is None:
            key = self.by_name.get(folded)
            if key is None or (id and key in self._with_id):
                key = f"{folded} {id or ''}"
        if id:
            self.by_id[id] = key
            self._with_id.add(key)
            for other in self._held[key] - {folded}:
                self._let_go(other)
        self._let_go(folded)
        self.by_name[folded] = key
        self._held[key].add(folded)
        if address.partition("/")[2] and (not self.called.get(key) or self.called[key][-1][1] != address):
            self.called.setdefault(key, []).append((at, address))
        return key

    def _let_go(self, name: str) -> None:
        if (key := self.by_name.pop(name, None)) is not None:
            self._held[key].discard(name)

    def member(self, address: str, at: str) -> str:
        """Of somebody in a group: strangers are told by their id."""
        address = address[len(STRANGER) - 1 :] if address.startswith(STRANGER) else address
        if address.startswith(UNKNOWN):
            self._with_id.add(key := self.by_id.setdefault(address[1:], address))
            return key
        return self.by_name.get(fold(address)) or self.key(address, None, at)

    def at(self, key: str, at: str) -> str:
        """The address at a time, or else the first one that is known."""
        known = self.called.get(key) or [("", key)]
        return next((address for since, address in reversed(known) if since <= at), self._earlier.get(key, known[0][1]))

    def until(self, key: str, at: str, address: str) -> None:
        """That it was called so until a time, which no record that is left says of the time before."""
        if self.called.get(key, [("", "")])[0][0] == at:
            self._earlier.setdefault(key, address)

    def all(self, key: str) -> set[str]:
        """Every address that it ever had."""
        return {address for _, address in [*self.called.get(key, ()), ("", self._earlier.get(key, ""))]} - {""}
