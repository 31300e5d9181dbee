"""Single resources, many side by side: ids in, what answers, what is gone and what could not be asked out. Reads the service."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from reconciler.resolve.paths import quoted
from reconciler.scim.client import Resource, ScimClient
from reconciler.scim.errors import NoConnection, ServiceError, UnusableId
from reconciler.scim.profile import AT_ONCE

K = TypeVar("K")
T = TypeVar("T")
Answered = Resource | None | ServiceError


def by_ids(client: ScimClient, resource: str, ids: Sequence[str]) -> dict[str, Answered]:
    """Each id with its resource, None where it is gone (404), or the error of the one that could not be asked for.

    Only a 404 says that somebody is gone: a filter may leave out whom the list leaves out. Raises ServiceError where no other
    request would be answered either.
    """
    found: dict[str, Answered] = dict(_filtered(client, resource, ids))
    left = [id for id in ids if id not in found]
    return {**found, **side_by_side(client, left, lambda id: client.get(resource, id))}


def side_by_side(client: ScimClient, items: Iterable[K], ask: Callable[[K], T]) -> dict[K, T | ServiceError]:
    """Each item with its answer or its error. Raises ServiceError where no other request would be answered either."""

    def asked(item: K) -> tuple[K, T | ServiceError]:
        try:
            return item, ask(item)
        except ServiceError as error:
            if _ends_all(error):
                raise
            return item, error

    if client.workers == 1:
        return dict(map(asked, items))
    with ThreadPoolExecutor(client.workers) as pool:
        return dict(pool.map(asked, items))


def _ends_all(error: ServiceError) -> bool:
    unreachable = isinstance(error, NoConnection) and not isinstance(error, UnusableId)
    return error.status == 401 or error.too_long or unreachable


def _filtered(client: ScimClient, resource: str, ids: Sequence[str]) -> dict[str, Resource]:
    """Those that the service shows for a filter of many ids, where it can combine them with `or`."""
    if not client.profile.combines_ids() or len(ids) < 2:
        return {}
    portions = [tuple(ids[start : start + AT_ONCE]) for start in range(0, len(ids), AT_ONCE)]
    answers = side_by_side(client, portions, lambda portion: of_any(client, resource, portion))
    wanted = set(ids)
    shown = [item for answer in answers.values() if not isinstance(answer, ServiceError) for item in answer]
    return {item["id"]: item for item in shown if item["id"] in wanted}


def of_any(client: ScimClient, resource: str, ids: Iterable[str]) -> list[Resource]:
    """What it shows for a filter of these, AT_ONCE at most. Raises ServiceError."""
    return client.matching(resource, " or ".join(f"id eq {quoted(id)}" for id in ids))
