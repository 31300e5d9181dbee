"""Changed attributes in, request bodies out: POST, PATCH operations, PUT (RFC 7644 §3.3, §3.5). No I/O."""

from __future__ import annotations

import copy
from collections.abc import Container, Iterable, Mapping
from typing import Any

from reconciler.resolve.canonical import key_of
from reconciler.resolve.paths import Path, extractor, lookup, parse_path, place_value, quoted, remove_value
from reconciler.scim.profile import Patch
from reconciler.scim.spelling import path_of, wire_path

Resource = dict[str, Any]
RFC = Patch()
PATH, WHOLE, VALUE = "path", "whole", "value"  # forms of an operation: what its path is of
PATHS: Mapping[str, str] = {}
CORE = {
    "Users": "urn:ietf:params:scim:schemas:core:2.0:User",
    "Groups": "urn:ietf:params:scim:schemas:core:2.0:Group",
}


def body(resource: str, attributes: Iterable[tuple[str, Any]]) -> Resource:
    """The body of a POST: `attributes` are (target path, value)."""
    found: Resource = {}
    for target, value in attributes:
        place_value(found, path_of(target), value)
    extensions = [key for key in found if key.lower().startswith("urn:")]
    return {"schemas": [CORE[resource], *extensions], **found}


def operations(
    attributes: Iterable[tuple[str, Any]], live: Resource, patch: Patch = RFC, adds: Container[str] = (),
    forms: Mapping[str, str] = PATHS,
) -> list[Resource]:  # fmt: skip
    """The fewest PATCH operations that write these values; null removes.

    Of targets in `adds` only what is not there yet is added. `patch` is the profile's: dialect, and whether paths may
    hold filters. `forms` are those of targets that the service takes in another form than their own path: the attribute as a
    `whole`, or as a `value` without a path.
    """
    pairs = list(attributes)
    after = merge(live, [(target, value) for target, value in pairs if "[" in target or target in forms])
    found: list[Resource] = []
    for target, value in pairs:
        path = parse_path(target)
        form = forms.get(target, PATH)
        if form == VALUE:
            found.append({"op": "replace", "value": _without_path(path, value, after)})
        elif form == WHOLE or (path.filter is not None and not patch.valueFilters):
            found.append(_whole_attribute(target, after))
        elif target in adds and isinstance(value, list):
            found += _additions(target, value, extractor(path)(live))
        elif value is None:
            found.append({"op": "remove", "path": _gone(target, after) if patch.dialect != "entra" else target})
        else:
            found.append(_operation(target, value, live, after, patch.dialect))
    return _spoken([item for number, item in enumerate(found) if item not in found[:number]], patch.dialect)


def _additions(target: str, value: list[Any], have: Any) -> list[Resource]:
    known = {key_of(item) for item in have} if isinstance(have, list) else set()
    fresh = [item for item in value if key_of(item) not in known]
    return [{"op": "add", "path": target, "value": fresh}] if fresh else []


def _whole_attribute(target: str, after: Resource) -> Resource:
    """For a service that understands no filter or sub-attribute in a path: all of the attribute, as it is after every write."""
    path = parse_path(target)
    name = f"{path.urn}:{path.attribute}" if path.urn else path.attribute
    whole = extractor(parse_path(name))(after)
    return {"op": "replace", "path": name, "value": whole} if whole else {"op": "remove", "path": name}


def _without_path(path: Path, value: Any, after: Resource) -> Resource:
    """The attribute as it is after every write, in a resource that holds nothing else; what was removed is null or missing there.

    RFC 7644 §3.5.2.3: without a path the target is the resource itself. A remove needs one, and null is the same (RFC 7643 §2.5).
    """
    top = path.urn or path.attribute
    found = {top: copy.deepcopy(whole)} if (whole := lookup(after, top)) is not None else {}
    if value is None and path.filter is None:
        place_value(found, path, None)
    elif value is None:
        attribute = Path(path.urn, path.attribute)
        place_value(found, attribute, extractor(attribute)(found) or [])
    return found


def _gone(target: str, after: Resource) -> str:
    """What to remove: of several values the whole element, where nothing of it is left."""
    element = target.rpartition("]")[0] + "]"
    return element if "]" in target and extractor(parse_path(element))(after) is None else target


def _operation(target: str, value: Any, live: Resource, after: Resource, dialect: str) -> Resource:
    path = parse_path(target)
    if dialect == "entra":
        return {"op": "add" if extractor(path)(live) is None else "replace", "path": target, "value": value}
    if path.filter is not None and path.sub is not None:
        parent = parse_path(target.rpartition("]")[0] + "]")
        if extractor(parent)(live) is None:
            # A filter that matches nothing is noTarget on replace (RFC 7644 §3.5.2.3): add the whole element, once.
            return {"op": "add", "path": target.partition("[")[0], "value": [extractor(parent)(after)]}
    return {"op": "replace", "path": target, "value": value}


def _spoken(found: list[Resource], dialect: str) -> list[Resource]:
    """RFC operations as the dialect says them (facts: use-scim-to-provision, scim-compatibility of Entra's documentation)."""
    found = [{**item, "path": wire_path(item["path"], dialect)} if "path" in item else item for item in found]
    match dialect:
        case "entra":
            return [{**item, "op": item["op"].capitalize()} | _as_text(item) for item in found]
        case "entra-aadoptscim":
            return _collapsed(found)
        case _:
            return found


def _as_text(item: Resource) -> Resource:
    """Booleans go as text: "False"."""
    value = item.get("value")
    if isinstance(value, dict) and "path" not in item:
        return {"value": {name: str(inner) if isinstance(inner, bool) else inner for name, inner in value.items()}}
    return {"value": str(value)} if isinstance(value, bool) else {}


def _collapsed(found: list[Resource]) -> list[Resource]:
    """Replacements of plain attributes become one without a path, with dotted keys; what needs a path comes before it."""
    plain = {o["path"]: o["value"] for o in found if o["op"] == "replace" and "[" not in o.get("path", "[")}
    rest = [o for o in found if o["op"] != "replace" or "[" in o.get("path", "[")]
    return [*rest, {"op": "replace", "value": plain}] if plain else rest


def member_operations(add: list[str], remove: list[str], per_patch: int, patch: Patch = RFC) -> list[list[Resource]]:
    """Membership changes by id in chunks, additions as one operation each chunk, never a replaced list."""
    chunks: list[list[Resource]] = []
    for start in range(0, len(remove), per_patch):
        chunks.append(_removals(remove[start : start + per_patch], patch))
    for start in range(0, len(add), per_patch):
        value = [{"value": i} for i in add[start : start + per_patch]]
        chunks.append(_spoken([{"op": "add", "path": "members", "value": value}], patch.dialect))
    return chunks


def members_added(ids: list[str], per_patch: int, patch: Patch = RFC) -> list[list[Resource]]:
    """Additions by id in chunks, without a path: the value is a group that holds nothing else."""
    values = [[{"value": i} for i in ids[start : start + per_patch]] for start in range(0, len(ids), per_patch)]
    return [_spoken([{"op": "add", "value": {"members": value}}], patch.dialect) for value in values]


def members_replaced(members: list[Resource], patch: Patch = RFC) -> list[Resource]:
    """All who are inside from now on, without a path."""
    return _spoken([{"op": "replace", "value": {"members": members}}], patch.dialect)


def _removals(ids: list[str], patch: Patch) -> list[Resource]:
    """A remove with a value is a shape that RFC 7644 does not know: what is to go stands in the value."""
    if patch.dialect == "entra":
        return [{"op": "Remove", "path": "members", "value": [{"$ref": None, "value": i} for i in ids]}]
    if not patch.valueFilters:
        return [{"op": "remove", "path": "members", "value": [{"value": i} for i in ids]}]
    return [{"op": "remove", "path": f"members[value eq {quoted(i)}]"} for i in ids]


def merge(live: Resource, attributes: Iterable[tuple[str, Any]]) -> Resource:
    """The full body of a PUT: everything that is there, with these values in it."""
    found = copy.deepcopy({key: value for key, value in live.items() if key != "meta"})
    for target, value in attributes:
        if value is None:
            remove_value(found, path_of(target))
        else:
            place_value(found, path_of(target), value)
    extensions = [key for key in found if key.lower().startswith("urn:")]
    found["schemas"] = sorted({*found.get("schemas", ()), *extensions})
    return found
