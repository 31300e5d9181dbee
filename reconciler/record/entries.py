"""The record's entries by address; what a sound file holds stays text until somebody asks for it. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, KeysView, Mapping, MutableMapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple, TypedDict

import orjson

from reconciler.declare.names import is_group, is_user


class Entry(TypedDict, total=False):
    """What we last applied at one address.

    wanted:   path -> value that we wanted (references as addresses)
    answered: path -> value that the service then answered, only where it differs from wanted
    members:  groups only: the addresses that we wanted in it
    kept:     groups only: who was to be taken out of it, and was still shown inside
    unseen:   groups only: who was put into it, and was not shown inside; nobody knows whether they are
    roles:    the keys of the roles that were last applied: those that a user holds, those that a group gives
    retained: the account is out of scope, and nothing is left to be done with it
    """

    id: str
    wanted: dict[str, Any]
    answered: dict[str, Any]
    members: list[str]
    kept: list[str]
    unseen: list[str]
    roles: list[str]
    retained: bool
    declaredId: str
    created: bool
    disabledAt: str


def renamed_references(entry: Entry, references: Collection[str], today: Mapping[str, str]) -> Entry:
    """The entry with others called as they are `today`, by recorded address; `references` are the paths that refer to others."""

    def named(values: dict[str, Any]) -> dict[str, Any]:
        changed = {path: today.get(values[path]) for path in references if isinstance(values.get(path), str)}
        return {**values, **{path: name for path, name in changed.items() if name is not None}}

    return {**entry, "wanted": named(entry.get("wanted", {})), "answered": named(entry.get("answered", {}))}


class Kept(NamedTuple):
    """Entries that are text yet, each a member of a JSON object, and what every plan asks of them: a column each, row by row.

    addresses, ids, declared, active: as in the entries; `declared` are their `declaredId`
    text, ends: the members one after another, BETWEEN them; where each ends
    """

    addresses: Sequence[str] = ()
    ids: Sequence[str] = ()
    declared: Sequence[str | None] = ()
    active: Sequence[bool] = ()
    text: memoryview = memoryview(b"")
    ends: Sequence[int] = ()

    def member(self, row: int) -> memoryview:
        return self.text[self.start(row) : self.ends[row]]

    def start(self, row: int) -> int:
        return self.ends[row - 1] + len(BETWEEN) if row else 0


class Written(NamedTuple):
    """The same columns, to be written: the text is in `pieces`, for put together there would be all of it twice."""

    addresses: Sequence[str]
    ids: Sequence[str]
    declared: Sequence[str | None]
    active: Sequence[bool]
    ends: Sequence[int]
    pieces: Sequence[bytes | memoryview]


BETWEEN = b",\n"


def is_active(entry: Entry) -> bool:
    """Whether we want the account active, as far as we know."""
    return entry.get("wanted", {}).get("active") is not False and "disabledAt" not in entry and not entry.get("retained")


class Entries(MutableMapping[str, Entry]):
    """`known` are entries as they are; those of `kept`, and those that are settled, are read once somebody asks for them."""

    def __init__(self, known: Mapping[str, Entry] | None = None, kept: Kept | None = None) -> None:
        self._kept = kept or Kept()
        self._all: dict[str, Entry | bytes | int] = dict(zip(self._kept.addresses, range(len(self._kept.addresses)), strict=True))
        self._all.update(known or {})
        self._as_kept = not known  # until the first entry is read or changed, the columns say it all
        self._same_addresses = not known
        self._groups: list[str] | None = None

    def __getitem__(self, address: str) -> Entry:
        entry = self._all[address]
        if isinstance(entry, int):
            self._as_kept = False
            entry = self._all[address] = _read(self._kept.member(entry))
        if isinstance(entry, bytes):
            entry = self._all[address] = _read(entry)
        return entry

    def __setitem__(self, address: str, entry: Entry) -> None:
        self._as_kept, self._groups = False, None
        self._same_addresses &= address in self._all
        self._all[address] = entry

    def __delitem__(self, address: str) -> None:
        self._as_kept, self._same_addresses, self._groups = False, False, None
        del self._all[address]

    def settle(self, address: str) -> None:
        """Keep an entry that nobody else holds as text, of half the size, until it is asked for."""
        entry = self._all.get(address)
        if isinstance(entry, dict):
            self._all[address] = _written(address, entry)

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def __contains__(self, address: object) -> bool:
        return address in self._all

    def keys(self) -> KeysView[str]:
        return self._all.keys()

    def how_many(self, addresses: Iterable[str]) -> int:
        """Of some addresses those that have an entry."""
        return sum(map(self._all.__contains__, addresses))

    def __repr__(self) -> str:
        return f"Entries({dict(self)!r})"

    def ids(self) -> dict[str, str]:
        """Address -> id of the account."""
        column = self._kept.ids
        return {a: column[e] if isinstance(e, int) else _plain(e)["id"] for a, e in self._all.items()}

    def identities(self) -> dict[str, tuple[str, str | None]]:
        """Address -> (id of the account, the declared object's own id or None where it had none)."""
        column = list(zip(self._kept.ids, self._kept.declared, strict=True))
        if self._as_kept:
            return dict(zip(self._kept.addresses, column, strict=True))
        return {a: column[e] if isinstance(e, int) else _columns(a, _plain(e))[:2] for a, e in self._all.items()}

    def active(self) -> list[str]:
        """Addresses of the users whose accounts we want active."""
        column = self._kept.active
        active = [a for a, e in self._all.items() if (column[e] if isinstance(e, int) else is_active(_plain(e)))]
        return [address for address in active if is_user(address)]

    def groups(self) -> list[str]:
        """The addresses of groups."""
        if self._groups is None:
            self._groups = [address for address in self._all if is_group(address)]
        return self._groups

    def written(self) -> Written:
        """All of them as text, in the order of their addresses; what nobody has asked for is taken over as it stands."""
        if self._as_kept:
            old = self._kept
            return Written(old.addresses, old.ids, old.declared, old.active, old.ends, [old.text])
        return self._spliced() if self._same_addresses else self._rewritten()

    def _spliced(self) -> Written:
        """Of a large record a few entries are others: their rows alone are written anew."""
        old, pieces, start = self._kept, list[bytes | memoryview](), 0
        ids, declared, active = list(old.ids), list(old.declared), list(old.active)
        lengths = [end - old.start(row) for row, end in enumerate(old.ends)]
        for address in sorted(address for address, entry in self._all.items() if not isinstance(entry, int)):
            row = bisect_left(old.addresses, address)
            member = self._text(address)
            pieces += [old.text[start : old.start(row)], member]
            start, lengths[row] = old.ends[row], len(member)
            ids[row], declared[row], active[row] = self._row(address)
        pieces.append(old.text[start:])
        return Written(old.addresses, ids, declared, active, _ends(lengths), pieces)

    def _rewritten(self) -> Written:
        addresses = sorted(self._all)
        ids, declared, active, pieces = list[str](), list[str | None](), list[bool](), list[bytes | memoryview]()
        for address in addresses:
            id, by, on = self._row(address)
            ids.append(id)
            declared.append(by)
            active.append(on)
            pieces += [BETWEEN, self._text(address)]
        return Written(addresses, ids, declared, active, _ends(map(len, pieces[1::2])), pieces[1:])

    def _row(self, address: str) -> tuple[str, str | None, bool]:
        """The columns of one entry."""
        entry, kept = self._all[address], self._kept
        if isinstance(entry, int):
            return kept.ids[entry], kept.declared[entry], kept.active[entry]
        return _columns(address, _plain(entry))

    def _text(self, address: str) -> bytes | memoryview:
        """The entry as a member of a JSON object."""
        entry = self._all[address]
        if isinstance(entry, int):
            return self._kept.member(entry)
        return entry if isinstance(entry, bytes) else _written(address, entry)


def _ends(lengths: Iterable[int]) -> list[int]:
    return list(accumulate(lengths, lambda end, length: end + len(BETWEEN) + length))


def _columns(address: str, entry: Entry) -> tuple[str, str | None, bool]:
    return entry["id"], entry.get("declaredId"), is_user(address) and is_active(entry)


def _written(address: str, entry: Entry) -> bytes:
    return orjson.dumps({address: entry}, option=orjson.OPT_SORT_KEYS)[1:-1]


def _plain(entry: Entry | bytes) -> Entry:
    return _read(entry) if isinstance(entry, bytes) else entry


def _read(text: bytes | memoryview) -> Entry:
    entry: Entry
    (entry,) = orjson.loads(b"".join((b"{", text, b"}"))).values()
    return entry
