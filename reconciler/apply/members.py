"""Who goes into a group and who leaves it, as requests: PATCH in chunks, or the group whole where a service has no PATCH."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from reconciler.apply.ids import missing, version_of
from reconciler.apply.if_match import conditionally
from reconciler.apply.model import Failed
from reconciler.scim.client import ATTEMPTS, ScimClient
from reconciler.scim.errors import LostAnswer, PatchUnsupported, ServiceError
from reconciler.scim.forms import PUT, is_of_form
from reconciler.scim.identity import of_asked
from reconciler.scim.patch import PATH, member_operations, merge

Resource = dict[str, Any]


def write_members(
    client: ScimClient,
    id: str,
    live: Resource,
    add: list[str],
    remove: list[str],
    form: str,
    refused: Callable[[ServiceError], None],
) -> Resource | None:
    """`live` is the group as it was read; `add` and `remove` are ids of accounts. Raises Failed or ServiceError.

    `form` is `put` where the service is known to take members in no other way; `refused` hears why, where that is found now.
    Returns the group as it was answered last, `live` where nothing was left to be sent.
    """
    if form == PUT:
        return _replace(client, id, set(add), set(remove))
    try:
        return _patch(client, id, live, add, remove)
    except PatchUnsupported:
        return _replace(client, id, set(add), set(remove))
    except ServiceError as error:
        if not (is_of_form(error, PATH) and _shows_members(client, live)):
            raise
        answer = _replace(client, id, set(add), set(remove))
        refused(error)
        return answer


def _shows_members(client: ScimClient, group: Resource) -> bool:
    """Whether all that a PUT must hold is known."""
    return client.profile.groups.membersReadable is True or bool(group.get("members"))


def _patch(client: ScimClient, id: str, live: Resource, add: list[str], remove: list[str], attempt: int = 1) -> Resource | None:
    version, profile, answer = version_of(live), client.profile, live or None
    send = partial(client.patch, "Groups", id)
    # The empty list of a service that shows no members says nothing of who is in there.
    into, out = missing(live, add, remove) if profile.groups.membersReadable else (add, remove)
    try:
        for chunk in member_operations(into, out, profile.groups.membersPerPatch, profile.patch):
            answer = _of(id, conditionally(client, version, partial(send, chunk), partial(_version, client, id)))
            version = None  # it was ours that changed it; what follows adds and removes by value, whatever else is in there
        return answer
    except LostAnswer as error:
        if attempt == ATTEMPTS:
            raise
        client.rest(error, attempt)
        return _patch(client, id, client.get("Groups", id) or {}, add, remove, attempt + 1)


def _replace(client: ScimClient, id: str, add: set[str], remove: set[str]) -> Resource | None:
    """Not where the service does not show who is in the group, since a PUT must hold them."""
    live = client.get("Groups", id)
    have = live.get("members") or [] if live is not None and client.profile.groups.membersReadable else None
    if live is None or have is None:
        raise Failed("failed", "the service does no PATCH, and does not show the members that a PUT must hold")
    ids = {member["value"] for member in have}
    members = [m for m in have if m["value"] not in remove] + [{"value": i} for i in sorted(add - ids)]
    send = partial(client.replace, "Groups", id, merge(live, [("members", members)]))
    return _of(id, conditionally(client, version_of(live), send, partial(_version, client, id)))


def _version(client: ScimClient, id: str) -> str | None:
    return version_of(client.get("Groups", id) or {})


def _of(id: str, answer: Resource | None) -> Resource | None:
    """An answer about this group, or about none. Raises AnotherAccount."""
    return answer if answer is None or "id" not in answer else of_asked(answer, id, f"/Groups/{id}")
