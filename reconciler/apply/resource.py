"""What an apply has to know of a SCIM resource as the service shows it. Pure."""

from __future__ import annotations

from typing import Any

Resource = dict[str, Any]
LONGEST_VERSION = 1024  # letters; servers take no header of any length


def resource_of(address: str) -> str:
    """The resource type's endpoint."""
    return "Users" if address.startswith("User/") else "Groups"


def version_of(resource: Resource) -> str | None:
    """The ETag (RFC 7644 §3.14), where the service has one that If-Match can hold."""
    meta = resource.get("meta")
    version = meta.get("version") if isinstance(meta, dict) else None
    return version if isinstance(version, str) and version.isprintable() and 0 < len(version) <= LONGEST_VERSION else None


def member_ids(group: Resource) -> set[str] | None:
    """The ids of a group's members, None where the service shows none."""
    members = group.get("members")
    if not isinstance(members, list):
        return None
    return {m["value"] for m in members if isinstance(m, dict) and isinstance(m.get("value"), str)}


def missing(group: Resource, add: list[str], remove: list[str]) -> tuple[list[str], list[str]]:
    """Of the ids to add and to remove those that are still to be: a service may take an account that we have disabled a
    moment ago out of its groups. Where the service shows no members it is all of them."""
    have = member_ids(group)
    if have is None:
        return add, remove
    return [id for id in add if id not in have], [id for id in remove if id in have]
