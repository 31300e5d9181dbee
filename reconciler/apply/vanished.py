"""An account that answers 404 by its id right after a write: as it was read before in, as it is listed all the same out.

Some services delete an account that is disabled; others answer 404 for an inactive one, or for one that is active still. What the
id does not say is asked of a filter on what the account is matched by. Reads the service.
"""

from __future__ import annotations

from typing import Any

from reconciler.resolve.mapping import CompiledMapping
from reconciler.scim.answers import shallow
from reconciler.scim.client import ScimClient
from reconciler.scim.errors import ServiceError

Resource = dict[str, Any]
NO_FILTER = (400, 404, 405, 501)


def still_listed(client: ScimClient, resource: str, mapping: CompiledMapping, live: Resource) -> Resource | None:
    """The account that was read as `live`, None where it is not listed any more. Raises ServiceError where nobody can tell."""
    values = mapping.one(live)
    for number in mapping.matching:
        target = mapping.slots[number].target
        if isinstance(value := values[target], str):
            return next((item for item in _listed(client, resource, target, value) if item["id"] == live["id"]), None)
    return None


def _listed(client: ScimClient, resource: str, target: str, value: str) -> list[Resource]:
    """What a filter shows; all that there is, where the service cannot filter."""
    try:
        return client.find(resource, target, value)
    except ServiceError as error:
        if error.status not in NO_FILTER:
            raise
        return client.read_all(resource, shallow)
