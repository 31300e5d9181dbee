"""The rooms keep to themselves: imports go one way, and pure rooms do no I/O."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent / "reconciler"
ORDER = ["declare", "resolve", "processes", "record", "plan", "scim", "apply", "report", "cycle", "adopt", "github", "demo",
         "cli"]
IMPURE = {"httpx", "click", "os", "pathlib", "time", "random"}
HOME = {"httpx": "scim", "httpcore": "scim", "click": "cli", "yaml": "declare", "ruamel": "adopt", "jsonschema": "declare",
        "jsonschema_rs": "declare", "regex": "declare", "deepdiff": "plan", "tenacity": "scim", "subprocess": "processes"}


def imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def modules() -> Iterator[tuple[str, Path, str]]:
    for room in ORDER:
        for file in (ROOT / room).rglob("*.py"):
            for name in imports(file):
                yield room, file, name


def test_a_room_imports_only_rooms_before_it() -> None:
    for room, file, name in modules():
        if name.startswith("reconciler."):
            other = name.split(".")[1]
            # The record's nouns are plain data, and the planner reads them.
            known = ORDER.index(other) <= ORDER.index(room)
            assert known, f"{file} imports {name}"


def test_pure_rooms_do_no_io() -> None:
    found = [(file, name) for room, file, name in modules() if room in ("resolve", "plan") and name.split(".")[0] in IMPURE]
    assert found == []


def test_each_package_is_met_in_one_room() -> None:
    found = [(file, name) for room, file, name in modules()
             if HOME.get(name.split(".")[0], room) != room]
    assert found == []
