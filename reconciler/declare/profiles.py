"""The service profiles that come with the package, as plain data: a name and what an app says differently in, settings out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from reconciler.declare.headers import refusal
from reconciler.declare.place import Problem
from reconciler.declare.schema import sound
from reconciler.declare.wording import hint
from reconciler.declare.yaml.document import Document, parse

FOLDER = Path(__file__).resolve().parent.parent / "scim" / "profiles"
DEFAULT = "generic"


@cache
def names() -> tuple[str, ...]:
    """The profiles that there are: each is one YAML file."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.yaml")))


def settings(name: str, overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A profile's keys (schemas/profile.schema.json), completed by those of `generic`, changed by `overrides`.

    Raises KeyError for a name that is not in `names()`. What generic does not limit, and the profile neither, is absent.
    """
    return merged(merged(_read(DEFAULT), _read(name)), overrides or {})


def declared(document: Document, problems: list[Problem]) -> tuple[str, dict[str, Any]]:
    """Name and settings of the profile that an app.yaml declares; what is none is reported, and taken for the default."""
    value = document.data.get("profile", DEFAULT)
    path = ("profile", "base") if isinstance(value, dict) else ("profile",)
    overrides = {k: v for k, v in value.items() if k != "base"} if isinstance(value, dict) else {}
    name = value.get("base", DEFAULT) if isinstance(value, dict) else value
    if document.lacks(("profile",)) or not isinstance(name, str) or not sound("profile", {"description": "", **overrides}):
        return DEFAULT, settings(DEFAULT)  # the schema has said what is wrong
    if name not in names():
        message, remedy = f"there is no profile {name!r}", hint(name, list(names()), "use one of ")
        problems.append(Problem(document.locate(path), "error", "not-one-of", message, remedy))
        return DEFAULT, settings(DEFAULT)
    _check_headers(document, overrides, problems)
    completed = settings(name, overrides)
    if completed.get("rate", {}).keys() - {"concurrency"} and "perMinute" not in completed["rate"]:
        place, remedy = document.locate_key(("profile", "rate")), f"add `perMinute: ...`: {name} has no limit"
        problems.append(Problem(place, "error", "missing-key", "the key 'perMinute' is missing", remedy))
        return DEFAULT, settings(DEFAULT)
    return name, completed


def _check_headers(document: Document, overrides: Mapping[str, Any], problems: list[Problem]) -> None:
    for header in overrides.get("headers", ()):
        if (why := refusal(header)) is not None:
            problems.append(Problem(document.locate_key(("profile", "headers", header)), "error", *why))


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings are merged key by key; anything else takes the place of what was there."""
    result = dict(base)
    for key, value in changes.items():
        inner = result.get(key)
        result[key] = merged(inner, value) if isinstance(inner, Mapping) and isinstance(value, Mapping) else value
    return result


@cache
def _read(name: str) -> dict[str, Any]:
    if name not in names():
        raise KeyError(name)
    data: dict[str, Any] = parse((FOLDER / f"{name}.yaml").read_bytes(), f"{name}.yaml").data
    return data
