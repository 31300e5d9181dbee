"""Canonical JSON and the digests of plans, changes and what we manage of a live object. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import replace
from typing import Any

from reconciler.plan.change import Change
from reconciler.plan.live import Members
from reconciler.plan.model import Kept, PartRead
from reconciler.resolve.canonical import canonical, sha256
from reconciler.resolve.mapping import CompiledMapping


def change_digest(change: Change) -> str:
    """What would be done and on what it rests; no prose, place, cause or ETag."""
    rests_on = change.precondition
    return sha256(
        {
            "address": change.address,
            "action": change.action,
            "attributes": sorted([[a.path, a.before, a.after, a.generated] for a in change.attributes], key=canonical),
            "add": sorted(change.add),
            "remove": sorted(change.remove),
            "precondition": None if rests_on is None else [rests_on.id, rests_on.digest],
        }
    )


def digested(change: Change) -> Change:
    """The change with its own digest."""
    return replace(change, digest=change_digest(change))


def plan_digest(
    app: str, base_url: str, only: Iterable[str], causes: Iterable[str], changes: Iterable[Change], kept: Iterable[Kept] = (),
    part: PartRead | None = None,
) -> str:  # fmt: skip
    """Over the app, the base URL, the selection, the changes' digests, and what people keep unmanaged where they do.

    A plan for which not everything was read says less than one that holds the same changes, and is another.
    """
    stays = sorted([item.address, item.target, item.what] for item in kept)
    return sha256(
        {
            "app": app,
            "base_url": base_url,
            "selection": {"only": sorted(only), "causes": sorted(causes), **({"read": "part"} if part else {})},
            "changes": sorted(change.digest for change in changes),
            **({"kept": stays} if stays else {}),
        }
    )


def ours_among(members: Members, users: Container[str], groups: Container[str]) -> list[str]:
    """The ids of those members of a group who are ours, of whichever kind: some services do not say of which a member is."""
    return [id for id in (*members.users, *members.groups) if id in users or id in groups]


def managed_digest(mapping: CompiledMapping, values: tuple[Any, ...], members: Iterable[str]) -> str:
    """Of all that we manage of a live object: its values by slot and the ids of its members, of those that are ours.

    By id, since a rename of somebody else makes no difference here.
    """
    managed: dict[str, Any] = {mapping.slots[i].target: values[i] for i in mapping.updates if not mapping.slots[i].apart}
    inside = sorted(members)
    if inside:  # a service may leave out `members` where there are none
        managed["members"] = inside
    return sha256(managed)
