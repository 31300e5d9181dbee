"""Data and its JSON Schema in, the same without what has another type than the schema says out. Pure.

The schema's check has reported what is left out, so that later checks can take the types of the rest as given.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

Segment = str | int
Path = tuple[Segment, ...]
KINDS = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def right_type(value: Any, part: dict[str, Any]) -> bool:
    """Whether a value has a type that a part of a schema allows; as in JSON Schema 2.0 is an integer, and true is none."""
    wanted = part.get("type")
    return wanted is None or any(_is(value, name) for name in ([wanted] if isinstance(wanted, str) else wanted))


def _is(value: Any, name: str) -> bool:
    if name not in KINDS:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return number and (name == "number" or isinstance(value, int) or value.is_integer())
    return isinstance(value, KINDS[name])


def misfits(value: Any, part: dict[str, Any], path: Path = ()) -> Iterator[Path]:
    """Where a value of a wrong type stands; of alternatives (`anyOf`) none of which fits, the whole."""
    choices = part.get("anyOf")
    if not right_type(value, part) or (choices and not any(_suits(value, choice) for choice in choices)):
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            inner = part.get("properties", {}).get(key, part.get("additionalProperties"))
            if isinstance(inner, dict):
                yield from misfits(item, inner, (*path, key))
    elif isinstance(value, list) and "items" in part:
        for number, item in enumerate(value):
            yield from misfits(item, part["items"], (*path, number))


def _suits(value: Any, part: dict[str, Any]) -> bool:
    lacking = isinstance(value, dict) and set(part.get("required", ())) - value.keys()
    return not lacking and not any(True for _ in misfits(value, part))


def without(value: Any, paths: Iterable[Path]) -> Any:
    """A copy that lacks what stands at these paths: a key is gone, an item is None, so that the others keep their numbers."""
    inner: dict[Segment, list[Path]] = defaultdict(list)
    for path in paths:
        if not path:
            return None
        inner[path[0]].append(path[1:])
    kept = value.copy() if inner else value
    for step, below in inner.items():
        if isinstance(kept, dict) and () in below:
            del kept[step]
        else:
            kept[step] = without(value[step], below)
    return kept
