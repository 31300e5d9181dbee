"""The rooms keep to themselves: imports go one way, and pure rooms do no I/O."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "reconciler"
ORDER = ["declare", "resolve", "processes", "record", "plan", "scim", "apply", "report", "cycle", "adopt", "github", "demo",
         "cli"]
IMPURE = {"httpx", "click", "os", "pathlib", "time", "random"}
HOME = {"httpx": "scim", "httpcore": "scim", "click": "cli", "yaml": "declare", "ruamel": "adopt", "jsonschema": "declare",
        "jsonschema_rs": "declare", "regex": "declare", "deepdiff": "plan", "tenacity": "scim", "subprocess": "processes"}
# Imports upwards, or of a package beside its room, that the moves have left; each that goes is taken off.
STILL = {("execute.py", "reconciler.cycle.randomness"), ("session.py", "reconciler.cli.only"), ("session.py", "click"),
         ("write.py", "reconciler.cli.output"), ("reviewed_plans.py", "reconciler.cli.output")}  # fmt: skip

# Imports each name afresh, with every package that is not ours kept between them, and prints what cannot be.
FIRST = """
import importlib, sys
for name in sys.argv[1:]:
    for known in [known for known in sys.modules if known.split(".")[0] == "reconciler"]:
        del sys.modules[known]
    try:
        importlib.import_module(name)
    except ImportError as error:
        print(name, error)
"""


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
            known = ORDER.index(other) <= ORDER.index(room) or (file.name, name) in STILL
            assert known, f"{file} imports {name}"


def test_pure_rooms_do_no_io() -> None:
    found = [(file, name) for room, file, name in modules() if room in ("resolve", "plan") and name.split(".")[0] in IMPURE]
    assert found == []


def test_each_package_is_met_in_one_room() -> None:
    found = [(file, name) for room, file, name in modules()
             if HOME.get(name.split(".")[0], room) != room and (file.name, name) not in STILL]
    assert found == []


@pytest.mark.parametrize("room", ORDER)
def test_every_module_can_be_imported_first(room: str) -> None:
    """A command imports only what it needs, so no module may lean on another that somebody else has imported before it."""
    names = sorted(file.relative_to(ROOT.parent).with_suffix("").as_posix().replace("/", ".")
                   for file in (ROOT / room).rglob("*.py") if file.name not in ("__main__.py", "__init__.py"))  # fmt: skip
    done = subprocess.run([sys.executable, "-c", FIRST, *names], capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout == ""
