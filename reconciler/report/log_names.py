"""A query and the blocks of a log in; the same query with the other names of whom it asks for, and their lines, out. Pure.

Who was renamed is one person by the id on the service; a role is one by what the log says it was renamed from and to. An id or a
name is looked for from the line on that tells of it, and what comes before that line is walked once more for it alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from reconciler.declare.names import fold, group_address, kind_of, name_of, user_address
from reconciler.record.log.about import BEGIN, as_id, places, whole
from reconciler.record.log.read import record_of
from reconciler.record.log.walk import Blocks, Place, walk
from reconciler.report.log_query import Query, text_of
from reconciler.report.log_record import Record, address_of, id_of, ours_of
from reconciler.resolve.any_case import Find, in_any_case

ADDRESSES: Mapping[str, Callable[[str], str]] = {"user": user_address, "group": group_address}
MOST_KEPT = 32 << 20  # bytes of lines


def with_other_names(query: Query, blocks: Blocks, told: Callable[[], Iterable[Record]]) -> tuple[Query, list[bytes] | None]:
    """The query, and lines among which are all that are asked for, in their order; None where these are too many to be held.

    The query names a user, group or role. `told` are the records that say what was renamed, once the blocks were walked.
    """
    lead = next(kind for kind in ("user", "role", "group") if getattr(query, kind) is not None)
    objects = [_Object(kind, name, kind == lead) for kind in ADDRESSES if (name := getattr(query, kind)) is not None]
    lines = _Lines(replace(query, user=None, group=None, role=None), objects)
    own = [find for item in objects if not item.leads for find in item.finds.values()]
    walk(blocks, [*map(lines.wanted, query.finds_of(lead) or [BEGIN]), *own], lines.take)
    other = {item.kind: frozenset(item.names) for item in objects}
    if query.role is not None:
        other["role"] = frozenset(_renamed_roles(query.role, told()))
    query = replace(query, other=other) if any(other.values()) else query
    if lines.kept is None or (lead == "role" and other["role"]):
        return query, None
    return query, [line for _, line in sorted(lines.kept)]


class _Object:
    """A user or group by one name: the ids that it had, and the other `names` that bearers of these had.

    Where it `leads`, lines that hold one of these names are looked for too.
    """

    def __init__(self, kind: str, name: str, leads: bool) -> None:
        self.kind, self.leads, self.address = kind, leads, ADDRESSES[kind](name)
        self.ids: set[str] = set()
        self.names: set[str] = set()
        self.finds: dict[bytes, Find] = {}  # by what they find
        self._find(whole(self.address))

    def learn(self, line: bytes) -> Iterator[Find]:
        """What else is to be looked for, by a line that may tell of it."""
        for record in record_of(line) if places(line, self.finds.values()) else ():
            id, address = id_of(record), address_of(record)
            is_own = fold(address) == fold(self.address)
            if is_own and id:
                self.ids.add(id)
                yield from self._find(whole(id), as_id(id))
            elif not is_own and id in self.ids and kind_of(address) == kind_of(self.address):
                self.names.add(name_of(address))
                yield from self._find(text_of(self.kind, name_of(address))) if self.leads else ()

    def _find(self, text: bytes, find: Find | None = None) -> list[Find]:
        """What finds a text, if it is not looked for yet."""
        if text in self.finds:
            return []
        self.finds[text] = find or (in_any_case(text) if text else BEGIN)
        return [self.finds[text]]


class _Lines:
    """Keeps the lines of a query, by where they stand; `kept` is None once they are too many to be held."""

    def __init__(self, query: Query, objects: list[_Object]) -> None:
        self.query, self.objects = query, objects
        self.kept: set[tuple[Place, bytes]] | None = set()
        self._size = 0

    def take(self, place: Place, line: bytes) -> list[Find]:
        """What else is to be looked for, by a line."""
        if self.kept is not None and (place, line) not in self.kept and any(True for _ in self.query.select([line])):
            self.kept.add((place, line))
            self._size += len(line)
            self.kept = self.kept if self._size < MOST_KEPT else None
        return [find for item in self.objects for find in item.learn(line)]

    def wanted(self, find: Find) -> Find:
        """The same as long as what it finds is held, or tells of something."""
        return lambda block, at: find(block, at) if self.kept is not None or self.objects else -1


# Roles


def _renamed_roles(role: str, told: Iterable[Record]) -> set[str]:
    """What a role was called before and since, whichever of its names this is."""
    pairs = list(_renamed(told))
    found, size = {fold(role)}, 0
    while len(found) > size:
        size = len(found)
        found |= {fold(name) for pair in pairs if found & set(map(fold, pair)) for name in pair}
    return {name for pair in pairs for name in pair if fold(name) in found - {fold(role)}}  # as they are written


def _renamed(told: Iterable[Record]) -> Iterator[tuple[str, str]]:
    for record in told:
        details = ours_of(record).get("details")
        renamed = details.get("renamedRoles") if isinstance(details, dict) else None
        yield from ((str(new), str(old)) for new, old in renamed.items()) if isinstance(renamed, dict) else ()
