"""A SCIM path read from a whole page of resources at once: resources in, one value each out. Pure.

The common case is one dictionary look-up an item; anything unusual goes through `paths.lookup`, item by item.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reconciler.resolve.paths import Path, extractor, lookup

Resources = list[dict[str, Any]]
Column = Callable[[Resources], list[Any]]
NOTHING: dict[str, Any] = {}


def reader(path: Path) -> Column:
    """A function that reads this path from each resource of a page, None where it is absent or of another shape."""
    one = extractor(path)

    def read(resources: Resources) -> list[Any]:
        try:
            items = named(resources, path.urn) if path.urn else resources
            found = named(_filled(items), path.attribute)
            if path.filter is not None:
                found = [_first(value, path.filter) for value in found]
            return named(_filled(found), path.sub) if path.sub is not None else found
        except (AttributeError, TypeError):
            return [one(resource) for resource in resources]

    return read


def _filled(items: list[Any]) -> list[Any]:
    return [NOTHING if item is None else item for item in items]


def named(items: list[Any], name: str) -> list[Any]:
    """One attribute of each item, whatever its case (RFC 7643 §2.1). Raises AttributeError where an item is no mapping."""
    found = [item.get(name) for item in items]
    if None not in found:
        return found
    wanted = name.lower()
    others = {key for key in set().union(*items) if key != name and key.lower() == wanted}
    return [lookup(item, name) for item in items] if others else found


def _first(values: Any, clauses: tuple[tuple[str, str, Any], ...]) -> Any:
    """The first element that the filter lets through; odd elements are left to the slow way."""
    if values is None:
        return None
    for item in values:
        for name, _, want in clauses:
            have = item.get(name)
            if have != want:
                if type(have) is not str or type(want) is not str or have.lower() == want.lower():
                    raise TypeError("not the common case")
                break
        else:
            return item
    return None
