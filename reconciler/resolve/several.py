"""Several values of one resource behind one path with a filter: elements in, all values out; one of them made a path. Pure."""

from __future__ import annotations

from typing import Any

from reconciler.resolve.paths import Path, holds, lookup, quoted

PLAIN = (str, bool, int)


class Several(list[Any]):
    """Distinct values, null for elements without one, that of the primary element first; `primary` says whether there is one."""

    primary = False


def all_values(elements: list[Any], path: Path, first: Any) -> Any:
    """What a path with a filter finds: `first` where it finds one element, or the same value in all."""
    found = [element for element in elements if holds(element, path.filter or ())]
    if len(found) < 2:
        return first
    found.sort(key=lambda element: not _is_primary(element))
    values = [lookup(element, path.sub) if path.sub else element for element in found]
    distinct = list({_key(value): value for value in values}.values())
    if len(distinct) == 1 and distinct[0] is not None:
        return distinct[0]
    several = Several(distinct)
    several.primary = _is_primary(found[0])
    return several


def leading(value: Any) -> Any:
    """Of several values that of the primary element, else the first that there is; any other value as it is."""
    return next((one for one in value if one is not None), None) if isinstance(value, Several) else value


def _key(value: Any) -> Any:
    """What a value is told apart by; what is nested, however deep, is like no other."""
    return (type(value), value) if value is None or isinstance(value, PLAIN) else id(value)


def _is_primary(element: Any) -> bool:
    return str(lookup(element, "primary")).lower() == "true"


def key_value(path: Path, value: Any) -> Any:
    """What tells an element with this value from others in a filter; None where nothing does."""
    found = value if path.sub else lookup(value, "value")
    return found if isinstance(found, PLAIN) else None


def addressed(target: str, path: Path, value: Any) -> str:
    """The target of the one element that has this value: `emails[type eq "work" and value eq "old"].value`."""
    known = key_value(path, value)
    literal = quoted(known) if isinstance(known, str) else str(known).lower()
    head, _, tail = target.rpartition("]")
    return f"{head} and {path.sub or 'value'} eq {literal}]{tail}"
