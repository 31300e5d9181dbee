"""Links among the declarations: which are followed, and why one is not. Reads folders.

A change may bring a link as it may bring a file. One that leads out of the declarations would have the program read, and git
asked about, what nobody reviewed; one that leads to a folder above itself has no end.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

MOST, DEEPEST = 1_000, 5  # links followed in one run, and behind one another: a few that lead on can make any number of paths


class Refused(NamedTuple):
    """A link that is not followed."""

    path: Path
    code: str
    message: str
    remedy: str


def on_the_way(root: Path) -> Refused | None:
    """The folder of the declarations, or one on the way to it from where we are, that is a link; None where none is.

    What lies above the current folder is the machine's own, and may be linked.
    """
    whole = Path(os.path.abspath(root))
    steps = [whole, *whole.parents]
    below = steps[: steps.index(Path.cwd())] if Path.cwd() in steps else [whole]
    link = next((step for step in reversed(below) if step.is_symlink()), None)
    if link is None:
        return None
    return Refused(
        Path(os.path.relpath(link)),
        "link",
        f"{link.name} is a link, and declarations are not read through links",
        "put the folder itself there, or name the one it leads to with --desired",
    )


def leads_astray(entry: Path, root: Path) -> Refused | None:
    """Why an entry below `root` is not followed, which is a link out of it, or to a folder above itself; None where it may be."""
    if not entry.is_symlink():
        return None
    target, top = os.path.realpath(entry), os.path.realpath(root)
    if target != top and not target.startswith(top.rstrip(os.sep) + os.sep):
        return Refused(
            entry,
            "link-out",
            f"{entry.name} is a link that leads out of {os.path.basename(top)}",
            "put what it leads to in its place",
        )
    # What is above is what was passed on the way here: through other links that may be elsewhere than `target` says.
    steps = entry.relative_to(root).parts[:-1]
    above = [root.joinpath(*steps[:count]) for count in range(len(steps) + 1)]
    if _same(entry) & {identity for folder in above for identity in _same(folder)}:
        return Refused(entry, "link-loop", f"{entry.name} is a link to a folder that contains it", "remove it")
    if sum(folder.is_symlink() for folder in above[1:]) >= DEEPEST:
        return Refused(
            entry, "too-many-links", f"{entry.name} is a link behind {DEEPEST} others", "put what it leads to in its place"
        )
    return None


def _same(path: Path) -> set[tuple[int, int]]:
    """What makes a file or a folder the same under any name; nothing where there is none."""
    try:
        status = path.stat()
    except OSError:
        return set()
    return {(status.st_dev, status.st_ino)}


def too_many(entry: Path) -> Refused:
    return Refused(
        entry,
        "too-many-links",
        f"{entry.name} is one link more than the {MOST:,} that are followed",
        "put files and folders themselves instead of links",
    )


def first_astray(root: Path) -> Refused | None:
    """The first link at or below a folder that is not followed. What begins with a dot is left alone."""
    if refused := on_the_way(root):
        return refused
    left = MOST
    for folder, folders, files in os.walk(root, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for entry in (Path(folder, name) for name in sorted([*folders, *files])):
            left -= entry.is_symlink()
            if refused := too_many(entry) if left < 0 else leads_astray(entry, root):
                return refused
    return None
