"""Changed attributes in, request bodies out: POST, PATCH operations, PUT (RFC 7644 §3.3, §3.5). No I/O."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from reconciler.resolve.paths import extractor, parse_path, place_value, remove_value

Resource = dict[str, Any]
CORE = {
    "Users": "urn:ietf:params:scim:schemas:core:2.0:User",
    "Groups": "urn:ietf:params:scim:schemas:core:2.0:Group",
}


def body(resource: str, attributes: Iterable[tuple[str, Any]]) -> Resource:
    """The body of a POST: `attributes` are (target path, value)."""
    found: Resource = {}
    for target, value in attributes:
        place_value(found, parse_path(target), value)
    extensions = [key for key in found if key.lower().startswith("urn:")]
    return {"schemas": [CORE[resource], *extensions], **found}


def operations(attributes: Iterable[tuple[str, Any]], live: Resource) -> list[Resource]:
    """The fewest PATCH operations that write these values; null removes."""
    return [_operation(target, value, live) for target, value in attributes]


def _operation(target: str, value: Any, live: Resource) -> Resource:
    path = parse_path(target)
    if value is None:
        return {"op": "remove", "path": target}
    if path.filter is not None and path.sub is not None:
        parent = parse_path(target.rpartition("]")[0] + "]")
        if extractor(parent)(live) is None:
            # A filter that matches nothing is noTarget on replace (RFC 7644 §3.5.2.3): add the whole element.
            element = {name: want for name, _, want in path.filter} | {path.sub: value}
            return {"op": "add", "path": target.partition("[")[0], "value": [element]}
    return {"op": "replace", "path": target, "value": value}


def member_operations(add: list[str], remove: list[str], per_patch: int) -> list[list[Resource]]:
    """Membership changes by id in chunks, additions as one operation each chunk, never a replaced list."""
    chunks: list[list[Resource]] = []
    for start in range(0, len(remove), per_patch):
        chunks.append([{"op": "remove", "path": f'members[value eq "{i}"]'} for i in remove[start : start + per_patch]])
    for start in range(0, len(add), per_patch):
        value = [{"value": i} for i in add[start : start + per_patch]]
        chunks.append([{"op": "add", "path": "members", "value": value}])
    return chunks


def merge(live: Resource, attributes: Iterable[tuple[str, Any]]) -> Resource:
    """The full body of a PUT: everything that is there, with these values in it."""
    found = copy.deepcopy({key: value for key, value in live.items() if key != "meta"})
    for target, value in attributes:
        if value is None:
            remove_value(found, parse_path(target))
        else:
            place_value(found, parse_path(target), value)
    extensions = [key for key in found if key.lower().startswith("urn:")]
    found["schemas"] = sorted({*found.get("schemas", ()), *extensions})
    return found
