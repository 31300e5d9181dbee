"""SCIM paths read from a whole page of resources at once: resources in, a column of values a path out. Pure.

The common case is one look-up an item, and what paths begin with is read once; anything unusual goes through
`paths.lookup`, item by item.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Any

from reconciler.resolve.paths import Path, equal, extractor, lookup
from reconciler.resolve.several import all_values

Resources = list[dict[str, Any]]
Shared = dict[tuple[str | None, str], list[Any]]
NOTHING: dict[str, Any] = {}


def read_columns(paths: Iterable[Path], resources: Resources) -> list[list[Any]]:
    """What each resource of a page holds at each path, None where that is absent or of another shape."""
    shared: Shared = {}
    return [_column(path, resources, shared) for path in paths]


def _column(path: Path, resources: Resources, shared: Shared) -> list[Any]:
    try:
        column = _attribute(path.urn, path.attribute, resources, shared)
        if path.filter is None:
            return named(column, path.sub) if path.sub is not None else column
        first = _filtered(column, path.filter)
        return _all_values(column, path, named(first, path.sub) if path.sub is not None else first)
    except (AttributeError, TypeError, KeyError):
        attribute, extract = extractor(Path(path.urn, path.attribute)), extractor(path)
        elements = [attribute(resource) for resource in resources] if path.filter is not None else []
        return _all_values(elements, path, [extract(resource) for resource in resources])


def _all_values(column: list[Any], path: Path, first: list[Any]) -> list[Any]:
    """With all values where a resource has several behind a path with a filter; `first` are those of the first element."""
    for number in _crowded(column, path):
        first[number] = all_values(column[number], path, first[number])
    return first


def _crowded(column: list[Any], path: Path) -> Iterator[int]:
    """Where several elements may match: most have one, or each of another type, and of these there are few combinations."""
    ((name, _, want), *_), known = path.filter or (("", "", None),), dict[tuple[Any, ...], bool]()
    for number, elements in enumerate(column):
        if type(elements) is list and len(elements) > 1:
            try:
                kinds = tuple([element.get(name) for element in elements])
                if kinds not in known:
                    known[kinds] = None in kinds or sum(equal(kind, want) for kind in kinds) > 1
                may_match = known[kinds]
            except (AttributeError, TypeError):
                may_match = True
            if may_match:
                yield number


def _attribute(urn: str | None, name: str, resources: Resources, shared: Shared) -> list[Any]:
    if (urn, name) not in shared:
        shared[urn, name] = named(_attribute(None, urn, resources, shared) if urn else resources, name)
    return shared[urn, name]


def named(items: list[Any], name: str) -> list[Any]:
    """One attribute of each item, whatever its case (RFC 7643 §2.1); of None it is None.

    Raises AttributeError or TypeError where an item is something else than a mapping.
    """
    try:
        return list(map(itemgetter(name), items))
    except (KeyError, TypeError):
        items = [NOTHING if item is None else item for item in items]
    column = [item.get(name) for item in items]
    wanted = name.lower()
    others = {key for key in set().union(*items) if key != name and key.lower() == wanted}
    return [lookup(item, name) for item in items] if others else column


def _filtered(column: list[Any], clauses: tuple[tuple[str, str, Any], ...]) -> list[Any]:
    """The first element of each value that the filter lets through; most often that is the first of all."""
    (name, _, want), *others = clauses
    if others:
        return [_first(value, clauses) for value in column]
    return [value[0] if value and value[0].get(name) == want else _first(value, clauses) for value in column]


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
