"""A query and the blocks of a log in, the same query with the other names of whom it asks for out. Pure.

Who was renamed is one person by the id on the service; a role is one by what the log says it was renamed from and to. The log is
walked once for the ids that a name had, and once more for the names that these had, without parsing all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import Any

from reconciler.declare.names import fold, group_address, name_of, user_address
from reconciler.record.log.about import ASCII_RUN, as_it_is, is_escaped, lines_of, lines_with, whole
from reconciler.record.log.read import record_of
from reconciler.report.log_query import Query, address_of, ours_of
from reconciler.resolve.any_case import Find, in_any_case

RENAMED = b'"renamedRoles"'
MOST_KEPT = 10_000  # lines about one person
Blocks = Callable[[], Iterable[bytes]]  # all of them, from the beginning, whenever it is called
Record = dict[str, Any]


def with_other_names(query: Query, blocks: Blocks) -> tuple[Query, list[bytes] | None]:
    """The query, and the lines that hold all that is asked for, where they are few and known by now; None where they are not.

    `blocks` is not called where no name is asked for.
    """
    found: dict[str, frozenset[str]] = {}
    lines: list[bytes] | None = None
    if query.user is not None:
        found["user"], lines = _others(user_address(query.user), blocks)
    if query.group is not None:
        found["group"], _ = _others(group_address(query.group), blocks)
    if query.role is not None:
        found["role"] = frozenset(_roles(query.role, _records(_lines(blocks, [as_it_is(RENAMED)]))))
    query = replace(query, other=found) if any(found.values()) else query
    return query, None if found.get("user") else lines


def _others(address: str, blocks: Blocks) -> tuple[frozenset[str], list[bytes] | None]:
    """What the objects of that address were called at other times, and the lines that hold the address, unless they are many."""
    about = _lines(blocks, [in_any_case(text) if (text := whole(address)) else as_it_is(b"{")])
    kept = list(islice(about, MOST_KEPT))
    known = _records(chain(kept, about))
    ids = {_id(item) for item in known if fold(address_of(item)) == fold(address)} - {""}
    own = (item for item in _records(_lines(blocks, list(map(_exactly, ids)))) if _id(item) in ids) if ids else ()
    kind, others = address.partition("/")[0], {address_of(item) for item in own}
    names = {name_of(other) for other in others if other.partition("/")[0] == kind and fold(other) != fold(address)}
    return frozenset(names), kept if len(kept) < MOST_KEPT else None


def _exactly(id: str) -> Find:
    """Finds an id: it is spelled one way, which is far sooner found than any case."""
    text = id.encode()
    return as_it_is(b'"' + text + b'"') if ASCII_RUN.fullmatch(text) else as_it_is(b"{")


def _lines(blocks: Blocks, finds: list[Find]) -> Iterator[bytes]:
    """Those in which one of these finds something, and all where bytes do not say what a line holds."""
    for block in blocks():
        yield from lines_of(block) if is_escaped(block) else lines_with(block, finds)


def _records(lines: Iterable[bytes]) -> Iterator[Record]:
    for line in lines:
        yield from record_of(line)


def _id(record: Record) -> str:
    identity = record.get("targetIdentity")
    return str(identity.get("id") or "") if isinstance(identity, dict) else ""


def _roles(role: str, records: Iterable[Record]) -> set[str]:
    """What a role was called before and since, whichever of its names this is."""
    pairs = list(_renamed(records))
    found, size = {fold(role)}, 0
    while len(found) > size:
        size = len(found)
        found |= {fold(name) for pair in pairs if found & set(map(fold, pair)) for name in pair}
    return {name for pair in pairs for name in pair if fold(name) in found - {fold(role)}}  # as they are written


def _renamed(records: Iterable[Record]) -> Iterator[tuple[str, str]]:
    for record in records:
        details = ours_of(record).get("details")
        renamed = details.get("renamedRoles") if isinstance(details, dict) else None
        yield from ((str(new), str(old)) for new, old in renamed.items()) if isinstance(renamed, dict) else ()
