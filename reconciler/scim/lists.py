"""The answer to a request for many in, the resources that it lists out. No I/O."""

from __future__ import annotations

from typing import Any

from reconciler.scim.errors import NotScim, OldScim, ReadError
from reconciler.scim.identity import refuse_other_kind
from reconciler.scim.paging import MOST_OBJECTS

Resource = dict[str, Any]
OLD = "urn:scim:schemas:core:1.0"


def listed(resource: str, data: Any, request: str) -> tuple[list[Resource], int]:
    """(resources, how many the service says that there are), RFC 7644 §3.4.2. Raises ReadError."""
    # An object that says neither is no empty list: that would disable everybody.
    listed = isinstance(data, dict) and not {"totalResults", "Resources", "resources"}.isdisjoint(data)
    total = data.get("totalResults", 0) if listed else None
    items = data.get("Resources", data.get("resources")) if listed else None
    if isinstance(total, str) and total.isascii() and total.isdigit() and len(total) < 19:
        total = int(total)
    if items is None and isinstance(total, int):
        items = []
    if not isinstance(items, list) or not isinstance(total, int):
        raise NotScim("the answer is not a SCIM list", request, remedy="check that tenantUrl is the SCIM base URL")
    if any(_is_old(part) for part in (data, *items[:1]) if isinstance(part, dict)):
        raise OldScim(
            "the service answers in SCIM 1.1, which is not supported",
            request,
            remedy="put the SCIM 2.0 base URL into tenantUrl; it often ends in /scim/v2",
        )
    if len(items) > MOST_OBJECTS:
        raise ReadError(f"the answer holds {len(items):,} resources", request, remedy="tell the service's vendor")
    if not set(map(type, items)) <= {dict} or not _identified([item.get("id") for item in items]):
        raise ReadError("a resource in the answer has no id", request, remedy="report this to the service's vendor")
    refuse_other_kind(resource, items, request)
    return items, total


def _is_old(part: Resource) -> bool:
    schemas = part.get("schemas")
    return isinstance(schemas, list) and any(isinstance(urn, str) and OLD in urn for urn in schemas)


def _identified(ids: list[Any]) -> bool:
    return set(map(type, ids)) <= {str} and "" not in ids
