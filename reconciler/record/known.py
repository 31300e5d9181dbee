"""What this checkout last knew of a record in Git: a small file in its own .git. Reads it."""

from __future__ import annotations

from pathlib import Path

SEEN = "seen"  # in the app's folder: the last head, its tree and its ref


def folder_of(common: Path, app: str) -> Path:
    """What a checkout keeps of an app; `common` is its .git folder, which no commit holds."""
    return common / "reconcile" / app


def knows(common: Path, app: str) -> bool:
    """Whether the checkout has ever seen a record of the app in Git."""
    return (folder_of(common, app) / SEEN).is_file()
