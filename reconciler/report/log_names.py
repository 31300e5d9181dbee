"""A query and the blocks of a log in, the same query with the other names of whom it asks for out. Pure.

Who was renamed is one person by the id on the service; a role is one by what the log says it was renamed from and to. The log is
walked once for the ids that a name had, and once more for the names that these had, without parsing all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from reconciler.declare.names import fold, group_address, name_of, user_address
from reconciler.record.log.about import as_it_is, is_escaped, lines_of, lines_with, whole
from reconciler.record.log.read import record_of
from reconciler.report.log_query import Query, address_of, ours_of
from reconciler.resolve.any_case import Find, in_any_case

RENAMED = b'"renamedRoles"'
Blocks = Callable[[], Iterable[bytes]]  # all of them, from the beginning, whenever it is called
Record = dict[str, Any]


def with_other_names(query: Query, blocks: Blocks) -> Query:
    """`blocks` is not called where no name is asked for."""
    found: dict[str, frozenset[str]] = {}
    for kind, form in (("user", user_address), ("group", group_address)):
        if (name := getattr(query, kind)) is not None:
            found[kind] = frozenset(_others(form(name), blocks))
    if query.role is not None:
        found["role"] = frozenset(_roles(query.role, _records(blocks, [as_it_is(RENAMED)])))
    return replace(query, other=found) if any(found.values()) else query


def _others(address: str, blocks: Blocks) -> set[str]:
    """What the objects of that address were called at other times."""
    ids = {_id(item) for item in _about(blocks, {address}) if fold(address_of(item)) == fold(address)} - {""}
    kind = address.partition("/")[0]
    own = (address_of(item) for item in _about(blocks, ids) if _id(item) in ids) if ids else ()
    return {name_of(other) for other in own if other.partition("/")[0] == kind and fold(other) != fold(address)}


def _about(blocks: Blocks, texts: set[str]) -> Iterator[Record]:
    """Records in which one of the texts may be a value."""
    needles = [whole(text) for text in texts]
    yield from _records(blocks, [in_any_case(item) for item in needles] if all(needles) else [as_it_is(b"{")])


def _records(blocks: Blocks, finds: list[Find]) -> Iterator[Record]:
    for block in blocks():
        for line in lines_of(block) if is_escaped(block) else lines_with(block, finds):
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
