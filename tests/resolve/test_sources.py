"""The source attributes, and that the pure rooms stay pure through what they import."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reconciler.declare.schema import schema
from reconciler.declare.source_attributes import GROUP_SOURCES, MULTI_VALUED, USER_SOURCES
from tests.test_rooms import IMPURE, ROOT, imports

NO_SOURCE = ("previously", "extensionAttributes")  # keys that say something to us, and nothing about the user


def properties(kind: str) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = schema(kind)["properties"][kind]["items"]["properties"]
    return found


def test_the_sources_are_what_the_schemas_allow() -> None:
    assert sorted(USER_SOURCES) == sorted(set(properties("users")) - set(NO_SOURCE))
    assert sorted(GROUP_SOURCES) == sorted(set(properties("groups")) - set(NO_SOURCE))


def test_the_multi_valued_sources_are_the_lists_of_the_schemas() -> None:
    lists = {name for kind in ("users", "groups") for name, found in properties(kind).items() if found.get("type") == "array"}
    assert lists - set(NO_SOURCE) | {"appRoleAssignments"} == MULTI_VALUED


def file_of(module: str) -> Path | None:
    path = ROOT.parent / Path(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def reached(start: Path) -> Iterator[str]:
    """Every module that a file imports, at first or at second hand."""
    seen: set[Path] = set()
    waiting = [start]
    while waiting:
        file = waiting.pop()
        if file in seen:
            continue
        seen.add(file)
        for name, _ in imports(file):
            yield name
            inner = file_of(name) if name.startswith("reconciler.") else None
            if inner is not None:
                waiting.append(inner)


def test_resolve_stays_pure_through_what_it_imports() -> None:
    files = sorted((ROOT / "resolve").rglob("*.py"))
    assert files
    assert {(file.name, name) for file in files for name in reached(file) if name.split(".")[0] in IMPURE} == set()
