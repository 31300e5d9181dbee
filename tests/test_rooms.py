"""The rooms keep to themselves: imports go one way and in no circle, pure rooms do no I/O, and each says what it is."""

from __future__ import annotations

import ast
import graphlib
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import reconciler

ROOT = Path(__file__).parent.parent / "reconciler"
ORDER = [
    "codes",
    "processes",
    "declare",
    "resolve",
    "scim",
    "rolesources",
    "record",
    "plan",
    "apply",
    "report",
    "notify",
    "cycle",
    "service",
    "adopt",
    "github",
    "demo",
    "cli",
]
PURE = ("codes", "resolve", "plan", "report")
IMPURE = {
    "asyncio",
    "click",
    "concurrent",
    "httpcore",
    "httpx",
    "io",
    "logging",
    "multiprocessing",
    "os",
    "pathlib",
    "random",
    "secrets",
    "shutil",
    "signal",
    "socket",
    "ssl",
    "subprocess",
    "sys",
    "tempfile",
    "threading",
    "time",
    "uuid",
}
IMPURE_CALLS = {"input", "now", "open", "print", "read_bytes", "read_text", "today", "utcnow", "write_bytes", "write_text"}
# Third-party packages, each with the one room that knows it, and the standard library's programs.
HOME = {
    "aiosmtpd": "demo",
    "click": "cli",
    "confusable_homoglyphs": "declare",
    "cryptography": "record",
    "deepdiff": "plan",
    "httpcore": "scim",
    "httpx": "scim",
    "jinja2": "report",
    "jsonschema": "declare",
    "jsonschema_rs": "declare",
    "markupsafe": "report",
    "platformdirs": "declare",
    "prometheus_client": "service",
    "rapidfuzz": "declare",
    "re2": "resolve",
    "regex": "declare",
    "rich": "cli",
    "ruamel": "adopt",
    "scim2_models": "demo",
    "scim2_server": "demo",
    "subprocess": "processes",
    "tenacity": "scim",
    "yaml": "declare",
}
EVERYWHERE = {"orjson"}  # JSON, as json of the standard library is
SENTENCE = re.compile(r"""["'`\w].*\w.*[.?][`"]?""")

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


def module_of(file: Path) -> str:
    return ".".join(file.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__")


FILES = {module_of(file): file for file in sorted(ROOT.rglob("*.py"))}


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def imports(file: Path) -> Iterator[tuple[str, str]]:
    """(module, what is taken from it or "") of each import, also of late ones and of those for types alone."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.ImportFrom):
            assert node.module and not node.level, f"{file}:{node.lineno} imports by a relative name"
            yield from ((node.module, item.name) for item in node.names)
        elif isinstance(node, ast.Import):
            yield from ((item.name, "") for item in node.names)


def modules() -> Iterator[tuple[str, Path, str]]:
    """(room, file, module that it imports)."""
    for room in ORDER:
        for file in (ROOT / room).rglob("*.py"):
            for name, _ in imports(file):
                yield room, file, name


def graph() -> dict[str, set[str]]:
    """Module -> the modules of ours that it imports."""
    found: dict[str, set[str]] = {}
    for module, file in FILES.items():
        targets = (f"{name}.{item}" if f"{name}.{item}" in FILES else name for name, item in imports(file))
        found[module] = {target for target in targets if target in FILES and target != module}
    return found


def package(module: str) -> str:
    return module.partition(".")[0]


def test_every_folder_is_a_room_and_every_room_is_on_the_map() -> None:
    assert sorted(ORDER) == sorted(folder.name for folder in ROOT.iterdir() if (folder / "__init__.py").exists())
    listed = re.findall(r"^ {4}(\w+) +\S", reconciler.__doc__ or "", re.MULTILINE)
    assert listed == ORDER


def test_a_room_imports_only_rooms_before_it() -> None:
    upwards = {
        (file.name, name)
        for room, file, name in modules()
        if name.startswith("reconciler.") and ORDER.index(name.split(".")[1]) > ORDER.index(room)
    }
    assert sorted(upwards) == []


def test_no_import_goes_in_a_circle() -> None:
    try:
        graphlib.TopologicalSorter(graph()).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" -> ".join(reversed(error.args[1])))


def test_the_wire_knows_neither_plans_nor_how_declarations_are_built() -> None:
    banned = ("reconciler.plan", "reconciler.declare.build")
    found = [(file, name) for room, file, name in modules() if room == "scim" and name.startswith(banned)]
    assert found == []


def test_pure_rooms_do_no_io() -> None:
    found = [(file, name) for room, file, name in modules() if room in PURE and package(name) in IMPURE]
    assert found == []


def test_pure_rooms_open_nothing_and_look_at_no_clock() -> None:
    calls = [
        (file, node.lineno)
        for room in PURE
        for file in (ROOT / room).rglob("*.py")
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in IMPURE_CALLS
    ]
    assert calls == []


def test_each_package_is_met_in_one_room() -> None:
    ours = {*sys.stdlib_module_names, "reconciler", *EVERYWHERE} - HOME.keys()
    found = {
        (file.name, package(name))
        for room, file, name in modules()
        if package(name) not in ours and HOME.get(package(name)) != room
    }
    assert sorted(found) == []


@pytest.mark.parametrize("module", FILES)
def test_a_module_says_in_its_first_line_what_it_is(module: str) -> None:
    first = (ast.get_docstring(tree(FILES[module])) or "").partition("\n")[0]
    assert SENTENCE.fullmatch(first), f"{FILES[module]}: {first!r} is no sentence"


@pytest.mark.parametrize("room", ORDER)
def test_every_module_can_be_imported_first(room: str) -> None:
    """A command imports only what it needs, so no module may lean on another that somebody else has imported before it."""
    names = sorted(
        file.relative_to(ROOT.parent).with_suffix("").as_posix().replace("/", ".")
        for file in (ROOT / room).rglob("*.py")
        if file.name not in ("__main__.py", "__init__.py")
    )
    done = subprocess.run([sys.executable, "-c", FIRST, *names], capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout == ""
