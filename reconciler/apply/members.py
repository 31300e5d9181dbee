"""Who goes into a group and who leaves it, as requests: PATCH in chunks, or the group whole where a service has no PATCH."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from reconciler.apply.ids import missing, version_of
from reconciler.apply.model import Failed
from reconciler.scim.client import ATTEMPTS, ScimClient
from reconciler.scim.errors import LostAnswer, PatchUnsupported, ServiceError
from reconciler.scim.identity import of_asked
from reconciler.scim.patch import member_operations, merge

Resource = dict[str, Any]


NOT_INSIDE = (400, 404)  # what some answer of a member who is not in the group (noTarget)


def write_members(
    client: ScimClient, id: str, live: Resource, add: list[str], remove: list[str], unseen: Collection[str],
    check: Callable[[Resource], None],
) -> None:  # fmt: skip
    """`live` is the group as it was read; `add`, `remove` and `unseen` are ids of accounts: these were never shown inside.

    `check` raises Failed for a group that a PUT would lose members of. Raises Failed or ServiceError.
    """
    try:
        _patch(client, id, live, add, [member for member in remove if member not in unseen])
        _out_unseen(client, id, [member for member in remove if member in unseen])
    except PatchUnsupported:
        _replace(client, id, set(add), set(remove), check)


def _out_unseen(client: ScimClient, id: str, remove: list[str]) -> None:
    """They may be inside all the same, and are told to go each alone: one who is not is no reason to keep the others in."""
    for chunk in member_operations([], remove, 1, client.profile.patch):
        try:
            _of(id, client.patch("Groups", id, chunk))
        except ServiceError as error:
            if error.status not in NOT_INSIDE:
                raise


def _patch(client: ScimClient, id: str, live: Resource, add: list[str], remove: list[str], attempt: int = 1) -> None:
    version, profile = version_of(live), client.profile
    # The empty list of a service that shows no members says nothing of who is in there.
    into, out = missing(live, add, remove) if profile.groups.membersReadable else (add, remove)
    try:
        for chunk in member_operations(into, out, profile.groups.membersPerPatch, profile.patch):
            _of(id, client.patch("Groups", id, chunk, version))
            version = None  # it was ours that changed it; what follows adds and removes by value, whatever else is in there
    except LostAnswer as error:
        if attempt == ATTEMPTS:
            raise
        client.rest(error, attempt)
        _patch(client, id, client.get("Groups", id) or {}, add, remove, attempt + 1)


def _replace(client: ScimClient, id: str, add: set[str], remove: set[str], check: Callable[[Resource], None]) -> None:
    """Not where the service does not show who is in the group, since a PUT must hold them."""
    live = client.get("Groups", id)
    if live is None:
        raise Failed("stale", "it is gone from the service since it was planned")
    check(live)
    have = live.get("members") or []
    ids = {member["value"] for member in have}
    members = [m for m in have if m["value"] not in remove] + [{"value": i} for i in sorted(add - ids)]
    _of(id, client.replace("Groups", id, merge(live, [("members", members)]), version_of(live)))


def _of(id: str, answer: Resource | None) -> None:
    """An answer must be about this group, or about none. Raises AnotherAccount."""
    if answer is not None and "id" in answer:
        of_asked(answer, id, f"/Groups/{id}")
