"""When the folders of apps last changed: a folder of declarations in, moments out. Looks at the disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def app_files(desired: Path) -> frozenset[tuple[str, int]]:
    """(folder, when a file in it was made, replaced or removed): other ones where an app may have come or gone."""
    return frozenset(_changed(desired / "apps"))


def _changed(folder: Path) -> Iterator[tuple[str, int]]:
    try:
        folders = [folder, *(entry for entry in folder.iterdir() if entry.is_dir())]
        yield from [(str(entry), entry.stat().st_mtime_ns) for entry in folders]
    except OSError:  # it is going, or not there: the next look says so
        return
