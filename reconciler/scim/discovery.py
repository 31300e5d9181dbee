"""What a service says of itself: /ServiceProviderConfig refines the profile, /Schemas is held against the mappings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from reconciler.declare.names import fold
from reconciler.declare.warned import Warned
from reconciler.resolve.mapping import CompiledMapping, Slot
from reconciler.scim.client import ScimClient
from reconciler.scim.errors import ServiceError
from reconciler.scim.patch import CORE
from reconciler.scim.profile import Profile

COMMON = frozenset({"id", "externalid", "meta", "schemas"})  # RFC 7643 §3.1: of every resource, in no schema
UNMAPPED = COMMON | {"members"}  # those come once there is a group
CONFIG = "/ServiceProviderConfig"
Schemas = dict[str, dict[str, Any]]


def begin(client: ScimClient) -> None:
    """Ask the service what it announces, without waiting for it."""
    if client.profile.discovery:
        client.begin(CONFIG)


def refine(client: ScimClient) -> None:
    """Take what the service announces into the client's profile; one that announces nothing is as its profile says."""
    if client.profile.discovery:
        try:
            client.profile = refined(client.profile, client.discover(CONFIG))
        except ServiceError:
            return


def refined(profile: Profile, config: Any) -> Profile:
    """The profile with pages, PATCH and ETags as announced (RFC 7643 §5, RFC 9865 §4); it never allows more."""
    if not isinstance(config, dict):
        return profile
    paging, patch, etag = profile.paging, profile.patch, profile.etag
    pagination = _part(config, "pagination")
    most = [n for n in (_part(config, "filter").get("maxResults"), pagination.get("maxPageSize")) if type(n) is int and n > 0]
    if most:
        paging = replace(paging, count=min(*most, paging.most))
    if paging.cursor == "announced" and pagination.get("cursor") is True:
        paging = replace(paging, cursor="always")
    if _part(config, "patch").get("supported") is False:
        patch = replace(patch, supported=False)
    if _part(config, "etag").get("supported") is False:
        etag = replace(etag, supported=False)
    elif _part(config, "etag").get("supported") is True and etag.supported:
        etag = replace(etag, announced=True)
    return replace(profile, paging=paging, patch=patch, etag=etag)


def _part(config: dict[str, Any], name: str) -> dict[str, Any]:
    found = config.get(name)
    return found if isinstance(found, dict) else {}


def read_schemas(client: ScimClient) -> Schemas:
    """Attribute definitions by folded schema URN; empty where the service publishes none that can be used."""
    if not client.profile.discovery:
        return {}
    try:
        answer = client.discover("/Schemas")
    except ServiceError:
        return {}
    items = answer.get("Resources", answer.get("resources")) if isinstance(answer, dict) else answer
    return {
        fold(item["id"]): _attributes(item["attributes"])
        for item in (items if isinstance(items, list) else ())
        if isinstance(item, dict) and isinstance(item.get("id"), str) and isinstance(item.get("attributes"), list)
    }


def _attributes(items: list[Any]) -> dict[str, Any]:
    return {fold(item["name"]): item for item in items if isinstance(item, dict) and isinstance(item.get("name"), str)}


def schema_warnings(schemas: Schemas, resource: str, mapping: CompiledMapping) -> Iterator[Warned]:
    """Mappings to what the service's /Schemas does not know or lets nobody write, and what it requires and no mapping gives."""
    core = fold(CORE[resource])
    if core not in schemas:
        return
    for slot in mapping.slots:
        why = _unfit(schemas, core, slot)
        if why:
            place = slot.mapping.place
            words = f"the mapping to {slot.target} may fail: the service's /Schemas {why} ({place.file}:{place.line})"
            yield Warned("MappingMayFail", words)
    for name in _required(schemas, core, mapping):
        words = f"the service's /Schemas requires {name}, and no mapping gives it ({mapping.mapping.place.file})"
        yield Warned("RequiredNotMapped", words)


def _required(schemas: Schemas, core: str, mapping: CompiledMapping) -> Iterator[str]:
    """What a create would lack by the schemas that it has values of: attributes, and parts of those that are given in parts."""
    given = _given(core, mapping)
    prefixes = {fold(slot.path.urn): f"{slot.path.urn}:" for slot in mapping.slots if slot.path.urn} | {core: ""}
    for urn, before in prefixes.items():
        for name, found in schemas.get(urn, {}).items():
            parts, inner = given.get((urn, name)), found.get("subAttributes")
            if parts is None and name not in UNMAPPED and _is_required(found):
                yield before + found["name"]
            if parts and "" not in parts and isinstance(inner, list):
                lacking = [part for key, part in _attributes(inner).items() if key not in parts and _is_required(part)]
                yield from (f"{before}{found['name']}.{part['name']}" for part in lacking)


def _given(core: str, mapping: CompiledMapping) -> dict[tuple[str, str], set[str]]:
    """(schema, attribute) -> the parts that are written of it, "" for the whole; all folded."""
    given: dict[tuple[str, str], set[str]] = {}
    for path in (slot.path for slot in mapping.slots):
        parts = [path.sub or "", *(name for name, _, _ in path.filter or ())]
        given.setdefault((fold(path.urn) if path.urn else core, fold(path.attribute)), set()).update(map(fold, parts))
    return given


def _is_required(definition: dict[str, Any]) -> bool:
    return definition.get("required") is True and definition.get("mutability") != "readOnly"


def _unfit(schemas: Schemas, core: str, slot: Slot) -> str:
    path = slot.path
    if path.urn is None and fold(path.attribute) in COMMON:
        return ""
    urn = fold(path.urn) if path.urn else core
    if urn not in schemas:
        return f"holds no {path.urn}"
    found = schemas[urn].get(fold(path.attribute))
    if found is None:
        return f"does not know {path.attribute}"
    if path.sub is not None and isinstance(found.get("subAttributes"), list):
        inner = _attributes(found["subAttributes"]).get(fold(path.sub))
        if inner is None:
            return f"does not know {path.attribute}.{path.sub}"
        found = inner if found.get("mutability") != "readOnly" else found
    if found.get("mutability") == "readOnly":
        return f"calls {found['name']} readOnly"
    if found.get("mutability") == "immutable" and slot.mapping.apply == "always":
        return f"calls {found['name']} immutable: it can be written at creation alone, so set `apply: create`"
    return ""
