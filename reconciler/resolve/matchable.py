"""Who can be matched with an account: somebody who has a matching value, and it alone. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from reconciler.resolve.expressions import IGNORE
from reconciler.resolve.mapping import CompiledMapping
from reconciler.resolve.model import DesiredGroup, DesiredUser

T = TypeVar("T", DesiredUser, DesiredGroup)


def unmatchable(items: Sequence[T], mapping: CompiledMapping) -> Iterator[tuple[T, str, str]]:
    """Those of whom no account can be told: (object, code, reason).

    Each is matched by the first of its matching attributes that has a value; two that ask for one account by it cannot
    both have it, so neither is provisioned.
    """
    left = items
    for number in mapping.matching:
        slot, column = mapping.slots[number], [item.values[number] for item in left]
        having = left
        if set(map(type, column)) != {str}:
            having = [item for item, value in zip(left, column, strict=True) if value is not None and value is not IGNORE]
            column = [str(item.values[number]) for item in having]
        keys = slot.alike(column)
        if len(set(keys)) < len(keys):
            for item, other in _clashing(having, keys):
                yield item, "DuplicateSource", f"wants the same {slot.target} as {other.address}"
        if len(having) == len(left):
            return
        left = [item for item in left if item.values[number] is None or item.values[number] is IGNORE]
    for item in left if mapping.matching else ():
        yield item, "MatchingAttributeEmpty", "no matching attribute has a value"


def _clashing(items: Sequence[T], keys: Sequence[str]) -> Iterator[tuple[T, T]]:
    """(object, another that has the same key), once each."""
    first: dict[str, T] = {}
    found: dict[str, tuple[T, T]] = {}
    for key, item in zip(keys, items, strict=True):
        other = first.setdefault(key, item)
        if other is not item:
            found.setdefault(other.address, (other, item))
            found[item.address] = (item, other)
    yield from found.values()
