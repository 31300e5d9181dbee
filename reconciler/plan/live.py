"""Live resources projected on the mapping: what a plan needs of an account, and no more. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from reconciler.resolve.mapping import CompiledMapping


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

    def add_users(self, mapping: CompiledMapping, page: list[dict[str, Any]]) -> None:
        """Project one page of /Users."""
        for resource in page:
            self.users[resource["id"]] = project(mapping, resource, str(resource.get("userName", "")))

    def add_groups(self, mapping: CompiledMapping, page: list[dict[str, Any]]) -> None:
        """Project one page of /Groups."""
        for resource in page:
            live = project(mapping, resource, str(resource.get("displayName", "")))
            self.groups[live.id] = live._replace(members=_member_ids(resource.get("members")))


def project(mapping: CompiledMapping, resource: dict[str, Any], name: str) -> LiveObject:
    meta = resource.get("meta")
    version = meta.get("version") if isinstance(meta, dict) else None
    active = resource.get("active", True)
    return LiveObject(
        resource["id"], name, mapping.project(resource), version, str(active).lower() != "false"
    )


def _member_ids(members: Any) -> tuple[str, ...] | None:
    if not isinstance(members, list):
        return None
    return tuple(m["value"] for m in members if isinstance(m, dict) and isinstance(m.get("value"), str))
