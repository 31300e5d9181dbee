"""An account that answers 404 by its id right after a write: as it was read before in, as it is listed all the same out.

Some services delete an account that is disabled; others answer 404 for an inactive one, or for one that is active still. What the
id does not say is asked of a filter on what the account is matched by. Reads the service.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from reconciler.resolve.mapping import CompiledMapping
from reconciler.scim.answers import shallow
from reconciler.scim.client import ScimClient
from reconciler.scim.errors import ServiceError

Resource = dict[str, Any]
NO_FILTER = (400, 404, 405, 501)


def by_id_or_filter(
    client: ScimClient, resource: str, mapping: CompiledMapping, id: str, values: tuple[Any, ...]
) -> Resource | None:
    """An object by its id; one that is answered by 404 by filter. None where neither shows it.

    Raises ServiceError, a proxy's 404 also where the filter does not show it.
    """
    try:
        found = client.get(resource, id)
    except ServiceError as error:
        if error.status != 404 or (listed := listed_as(client, resource, mapping, id, values)) is None:
            raise
        return listed
    return found or listed_as(client, resource, mapping, id, values)


def listed_as(client: ScimClient, resource: str, mapping: CompiledMapping, id: str, values: tuple[Any, ...]) -> Resource | None:
    """The account with that id, whose `values` by slot are known, None where it is not listed any more. Raises ServiceError."""
    for number in mapping.matching:
        if isinstance(value := values[number], str):
            return _of_id(_listed(client, resource, mapping.slots[number].target, value), id)
    return None


def listed_anywhere(
    client: ScimClient, resource: str, mapping: CompiledMapping, id: str, values: tuple[Any, ...]
) -> Resource | None:
    """The same, with the whole list asked where a filter shows nothing: it may hide whom the list shows. For one person only.

    A list that cannot be read says nothing: by its id and by filter the account is gone. Raises ServiceError.
    """
    if (shown := listed_as(client, resource, mapping, id, values)) is not None:
        return shown
    with suppress(ServiceError):
        return _of_id(client.read_all(resource, shallow), id)
    return None


def _of_id(shown: list[Resource], id: str) -> Resource | None:
    return next((item for item in shown if item["id"] == id), None)


def _listed(client: ScimClient, resource: str, target: str, value: str) -> list[Resource]:
    """What a filter shows; all that there is, where the service cannot filter."""
    try:
        return client.find(resource, target, value)
    except ServiceError as error:
        if error.status not in NO_FILTER:
            raise
        return client.read_all(resource, shallow)
