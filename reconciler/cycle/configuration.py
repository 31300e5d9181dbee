"""An app in, a digest of each setting that decides who gets what out: by key, to tell which ones changed. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

import orjson

from reconciler.declare.mapping_model import ObjectMapping
from reconciler.declare.model import App

ROLE = "roles."  # how the key of a role begins
PLACES = frozenset({"place", "places", "target_text", "value_text"})  # where something stands is no setting


def configuration(app: App) -> dict[str, str]:
    """Key, such as `mappings.users.attributes.title` or `safeguards.lockout`, -> the beginning of a SHA-256 of its value."""
    return {key: _digest(value) for key, value in _settings(app)}


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """The keys that were added, changed or removed; none where nothing was known before."""
    return sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key)) if before else []


def renamed_roles(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """displayName -> what it was before, of each role that has another name and is otherwise the same."""
    gone, come = (
        {digest: key.removeprefix(ROLE) for key, digest in one.items() if key.startswith(ROLE) and key not in other}
        for one, other in ((before, after), (after, before))
    )
    return {come[digest]: gone[digest] for digest in sorted(come.keys() & gone.keys())}


def _settings(app: App) -> Iterator[tuple[str, object]]:
    yield "profile", app.profile
    for name, mapping in (("users", app.users), ("groups", app.groups)):
        yield from _mapping(f"mappings.{name}", mapping)
    for role in app.roles.values():
        there = [role.grant[:3]] if role.grant is not None else []
        yield ROLE + role.displayName, [role.value, role.privileged, role.enabled, role.allowedMemberTypes, *there]
    if app.role_api is not None:
        yield "roles", app.role_api[:4]
    for name, part in (
        ("provisioning", app.provisioning),
        ("deprovisioning", app.deprovisioning),
        ("safeguards", app.safeguards),
    ):
        yield from _said(name, part)


def _said(name: str, part: Any) -> Iterator[tuple[str, object]]:
    """What is set otherwise than by default: a setting that a newer version knows has not changed by being left out."""
    default = type(part)()
    for item in fields(part):
        if item.name not in PLACES and (value := getattr(part, item.name)) != getattr(default, item.name):
            yield f"{name}.{item.name}", value


def _mapping(name: str, mapping: ObjectMapping) -> Iterator[tuple[str, object]]:
    yield f"{name}.enabled", mapping.enabled
    yield f"{name}.targetObjectActions", sorted(mapping.targetObjectActions)
    yield f"{name}.scopingFilters", [[c[:3] for c in item.clauses] for item in mapping.scopingFilters]
    for row in mapping.attributes:
        default = row._field_defaults
        said = {key: value for key, value in row._asdict().items() if key not in default or value != default[key]}
        yield f"{name}.attributes.{row.target}", {key: value for key, value in said.items() if key not in PLACES}


def _digest(value: object) -> str:
    return hashlib.sha256(orjson.dumps(value, default=_plain, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _plain(value: Any) -> object:
    """What JSON has no word for: named tuples, and values that YAML has and JSON has not."""
    return list(value) if isinstance(value, tuple) else str(value)
