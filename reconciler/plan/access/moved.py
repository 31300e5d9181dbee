"""Who had what at two times in, what was gained, lost and kept between them out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from reconciler.declare.names import fold
from reconciler.plan.access.had import Had, named_of

Key = tuple[str, str, str]  # an account, a kind, and a part


class Moved(NamedTuple):
    """What came of one thing between two times: gained, lost, kept, or unknown; `row` is as it was at the later time, of what was
    lost as it was at the earlier one. `old` is as it was at the earlier time, None where it was not there.
    """

    how: str
    row: Had
    old: Had | None = None

    @property
    def was(self) -> str:
        """What the role or group was called before; empty where it is called the same."""
        return self.old.what if self.old is not None and fold(self.old.what) != fold(self.row.what) else ""


def moved(
    before: Iterable[Had], after: Iterable[Had], until: str, renamed: Mapping[str, str] = MappingProxyType({})
) -> list[Moved]:
    """What was gained, lost and kept between two times, of which `until` is the later one; `renamed` are the roles that have
    another name since the earlier one: the key that each has now, and the one that it had.
    """
    old, new = ({(row.id, row.kind, row.part or fold(row.what)): row for row in rows} for rows in (before, after))
    again = {named_of(row): key for key, row in old.items() if key not in new}  # by accounts that may be made anew since
    earlier = {key: _earlier(key, old, new, renamed) for key in new}
    earlier |= {key: again[named_of(row)] for key, row in new.items() if earlier[key] not in old and named_of(row) in again}
    found = [_kept(row, old.get(earlier[key])) for key, row in new.items()]
    kept = set(earlier.values())
    for key, row in old.items():
        if key not in kept:
            took = row.took if row.took is not None and row.took.at <= until else None
            found.append(Moved("lost" if row.known else "unknown", row._replace(took=took), row))
    order = ("gained", "lost", "unknown", "kept")
    return sorted(found, key=lambda item: (order.index(item.how), fold(item.row.address), item.row.kind, fold(item.row.what)))


def _earlier(key: Key, old: Mapping[Key, Had], new: Mapping[Key, Had], renamed: Mapping[str, str]) -> Key:
    """The key under which a thing is among the old ones: that of a role under its name of then."""
    account, kind, part = key
    known = {part}
    while kind == "role" and (account, kind, part) not in old and renamed.get(part, part) not in known:
        known.add(part := renamed[part])
    return (account, kind, part) if (account, kind, part) not in new else key


def _kept(new: Had, old: Had | None) -> Moved:
    if not new.known or (old is not None and not old.known):
        return Moved("unknown", new, old)
    if old is None:
        return Moved("gained", new)
    # What gave a role its other name gave nothing.
    return Moved("kept", new if old.part == new.part else new._replace(gave=old.gave), old)
