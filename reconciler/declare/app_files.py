"""The folder `desired/` in, the apps as their app.yaml alone says them out. Reads these files, and no other."""

from __future__ import annotations

from pathlib import Path

from reconciler.declare.cache import Cache
from reconciler.declare.folders import Folders, no_app, readable_path, unusable
from reconciler.declare.heads import Head
from reconciler.declare.others import Others
from reconciler.declare.place import Place, Problem
from reconciler.declare.reader import Reader


def load_heads(root: Path) -> tuple[list[Head], list[Problem]]:
    """Every app, in the order of its folders, and what keeps one from being listed; all else is for `validate` to say."""
    if (problem := unusable(root)) is not None:
        return [], [problem]
    unsaid: list[Problem] = []
    folders = Folders(root, unsaid)
    others = Others(folders, Reader(Cache(None, ""), unsaid))
    apps = [folder for folder in folders.entries(root / "apps") if folder.is_dir()]
    heads = [others.add_head(folder) for folder in apps]
    broken = [_broken(folder) for folder, head in zip(apps, heads, strict=True) if not head.secretToken]
    return heads, broken if apps else [no_app(root)]


def _broken(folder: Path) -> Problem:
    return Problem(
        Place(readable_path(folder / "app.yaml"), 1),
        "error",
        "app-file",
        "the app's name and token cannot be read from it",
        "`reconcile validate` says what is wrong with it",
    )
