"""Whose account an answer is about: the id that was asked for, and the one that was answered. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler.declare.names import fold
from reconciler.scim.errors import AnotherAccount, ReadError, ServiceError

Resource = dict[str, Any]
OTHER_KIND = {"Users": "Group", "Groups": "User"}
DOTS = frozenset({".", ".."})  # a path ends elsewhere with them (RFC 3986 §5.2.4), percent-encoded too


def is_usable(id: Any) -> bool:
    """Whether something can be asked for with an id."""
    return isinstance(id, str) and bool(id.strip()) and id not in DOTS


def is_same_id(asked: str, answered: Any) -> bool:
    """Ids are exact (RFC 7643 §3.1); some services write a GUID now in one case, now in another."""
    return isinstance(answered, str) and (answered == asked or fold(answered) == fold(asked))


def of_asked(resource: Resource, asked: str, request: str) -> Resource:
    """The resource, if it is the one that was asked for. Raises AnotherAccount, ServiceError where it does not say."""
    answered = resource.get("id")
    if not isinstance(answered, str):
        raise ServiceError(
            "the answer holds no id, so nobody knows whose account it is", request, remedy="tell the service's vendor"
        )
    if not is_same_id(asked, answered):
        raise another(asked, answered, request)
    return resource


def refuse_other_kind(resource: str, items: Iterable[Resource], request: str) -> None:
    """Users and groups are two spaces of ids (RFC 7643 §3.1): one among the others is somebody else's answer. Raises ReadError.

    Only the plain name of the other kind is a sign: services call their own ones as they please.
    """
    other = OTHER_KIND.get(resource)
    for item in items:
        meta = item.get("meta")
        if type(meta) is dict and meta.get("resourceType") == other is not None:
            raise ReadError(
                f"the answer holds a {other}: {str(item.get('id'))[:80]!r}", request, remedy="tell the service's vendor"
            )


def another(asked: str, answered: str, request: str) -> AnotherAccount:
    """The error of an answer that is about somebody else."""
    return AnotherAccount(
        f"the service answered with another account: {answered[:80]!r}, not {asked[:80]!r}",
        request,
        remedy="nothing of it was used: tell the service's vendor",
    )
