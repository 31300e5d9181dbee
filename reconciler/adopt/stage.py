"""The copy of the declarations in which an import is made and checked, and what of it is written in the end."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.adopt import defaults, layout, write
from reconciler.adopt.model import ImportRefused
from reconciler.cycle.declarations import checked
from reconciler.declare.folders import SUFFIXES
from reconciler.declare.model import Declarations


@dataclass(frozen=True)
class Request:
    """What was asked for: `desired` has the app where `out` does not."""

    out: Path
    desired: Path
    name: str
    split: str = "none"
    force: bool = False


def seed(stage: Path, request: Request) -> tuple[dict[str, str], bool]:
    """Give the copy the files that an app must have: (those that are new, whether mappings.yaml has yet to be made)."""
    fresh: dict[str, str] = {}
    made = set()
    for kind in ("app", "mappings", "roles", "assignments"):
        if has(stage, request.name, kind):
            continue
        ours = files(request.desired, request.name, kind)
        if ours and kind != "assignments":
            fresh[ours[0]] = write.read(request.desired, ours[0]) or ""
        elif kind != "roles":
            fresh[f"apps/{request.name}/{kind}.yaml"] = _default(kind, request.name)
            made.add(kind)
    write.put(stage, fresh)
    fresh.pop(f"apps/{request.name}/assignments.yaml", None)
    return fresh, "mappings" in made


def _default(kind: str, name: str) -> str:
    return {
        "app": defaults.app_file(name),
        "mappings": defaults.mappings_file(name, "generic", []),
        "assignments": "assignments: []\n",
    }[kind]


def files(root: Path, app: str, kind: str) -> list[str]:
    names = [f"apps/{app}/{kind}{suffix}" for suffix in SUFFIXES]
    return [name for name in names if (root / name).is_file()]


def has(root: Path, app: str, kind: str) -> bool:
    return bool(files(root, app, kind)) or (kind == "assignments" and (root / f"apps/{app}/assignments").is_dir())


def load(stage: Path, request: Request) -> Declarations:
    """The copy, which must be sound. Raises ImportRefused with the first few errors, by the names of the real files."""
    declarations, problems = checked(stage)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors or request.name not in declarations.apps:
        lines = [write.told(p, stage, request.out) for p in errors]
        raise ImportRefused(
            "the declarations would not be valid:\n    " + "\n    ".join(lines[:10]),
            "fix these, or import into an empty folder with --out",
        )
    return replace(declarations, record=replace(declarations.record, folder=str(request.out)), folder=str(request.out))


def to_do(request: Request, texts: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """What is to be written and removed. Raises ImportRefused where that would lose something."""
    fresh, other = write.differing(request.out, texts)
    spare = [path for path in _paths(request.out) if layout.own_files(request.name, path) and path not in texts]
    if (other or spare) and not request.force:
        names = ", ".join(str(request.out / path) for path in [*other, *spare])
        raise ImportRefused(f"would overwrite {names}", "review what is there, and add --force to replace it")
    return fresh, spare


def _paths(out: Path) -> Iterator[str]:
    for part in ("directory", "apps"):
        if (out / part).is_dir():
            yield from (f"{part}/{path}" for path in write.paths(out / part))


def into(stage: Path, texts: Mapping[str, str], name: str) -> None:
    for path in write.paths(stage):
        if layout.own_files(name, path):
            os.unlink(stage / path)
    write.put(stage, texts)
