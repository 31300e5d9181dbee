"""A DELETE, and what came of it: an object as it was read in, whether it is gone out. Deletes on the service and reads it again.

What a DELETE is answered says little: a service that has none answers 404 as it does for an account that is gone, and another
fails once it has deleted. So the object itself is asked for, and it is deleted once it is no longer there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from reconciler.apply.ids import version_of
from reconciler.apply.model import Failed
from reconciler.apply.precondition_failed import conditionally
from reconciler.scim.client import ScimClient
from reconciler.scim.errors import AuthError, LostAnswer, ServiceError

Resource = dict[str, Any]
ANSWERED = "the service answered, and did not delete it"
NO_DELETE = (
    "the service answered 404 to the DELETE, and still shows it: if it cannot delete, leave `delete` out of the mapping's "
    "targetObjectActions, or set `disable` or `retain` under deprovisioning in app.yaml"
)


Look = Callable[[], str | None]


def delete(client: ScimClient, resource: str, id: str, live: Resource, look: Look) -> Resource | None:
    """The account that the service keeps, inactive, as some do; None where it is gone. `look` is for `conditionally`.

    Raises Failed where it is still there, ServiceError where the service said why not, or nobody can tell.
    """
    refusal = _refusal(client, resource, id, live, look)
    kept = client.get(resource, id)
    if kept is None:
        return None
    if refusal is not None:
        raise refusal if refusal.status != 404 else Failed("failed", NO_DELETE)
    if resource == "Groups" or str(kept.get("active", True)).lower() != "false":
        raise Failed("failed", ANSWERED)
    return kept


def _refusal(client: ScimClient, resource: str, id: str, live: Resource, look: Look) -> ServiceError | None:
    """What the service said instead of doing it. Raises what ends more than this deletion."""
    try:
        conditionally(client, version_of(live), partial(client.delete, resource, id), look)
    except ServiceError as error:
        if isinstance(error, (AuthError, LostAnswer)) or error.status in (None, 429) or error.too_long:
            raise
        return error
    return None
