"""Live resources projected on the mapping: what a plan needs of an account, and no more. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from reconciler.resolve.mapping import CompiledMapping

Resource = dict[str, Any]


class LiveObject(NamedTuple):
    """One account or group: `values` by mapping slot; `members` are ids, None where the service shows none."""

    id: str
    name: str
    values: tuple[Any, ...]
    version: str | None
    active: bool
    members: tuple[str, ...] | None = None


@dataclass
class Live:
    """Everything read from the service, by id."""

    users: dict[str, LiveObject] = field(default_factory=dict)
    groups: dict[str, LiveObject] = field(default_factory=dict)
    reads: int = 0


def project_users(mapping: CompiledMapping, page: list[Resource]) -> list[LiveObject]:
    """One page of /Users."""
    return [
        LiveObject(item["id"], str(item.get("userName", "")), values, _version(item), _active(item))
        for item, values in zip(page, mapping.project(page), strict=True)
    ]


def project_groups(mapping: CompiledMapping, page: list[Resource]) -> list[LiveObject]:
    """One page of /Groups."""
    return [
        LiveObject(item["id"], str(item.get("displayName", "")), values, _version(item), True, _member_ids(item.get("members")))
        for item, values in zip(page, mapping.project(page), strict=True)
    ]


def _version(item: Resource) -> str | None:
    meta = item.get("meta")
    return meta.get("version") if isinstance(meta, dict) else None


def _active(item: Resource) -> bool:
    active = item.get("active", True)
    return active is True or str(active).lower() != "false"


def _member_ids(members: Any) -> tuple[str, ...] | None:
    if not isinstance(members, list):
        return None
    return tuple([m["value"] for m in members if isinstance(m, dict) and isinstance(m.get("value"), str)])
