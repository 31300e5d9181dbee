"""Whether a folder and its disk take what is kept there: a folder in, a reason in words out. Looks at both, writes nothing."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from stat import S_IRWXU

RECORD = "record.json"  # which is written anew as a whole


def unwritable(folder: Path) -> str:
    """Why nobody can write there; empty where somebody can, or where that cannot be told. Root has what is set apart for it."""
    try:
        disk, is_root = os.statvfs(folder), folder.stat().st_uid == 0
    except OSError:
        return ""
    if disk.f_flag & os.ST_RDONLY:
        return "the file system is read-only"
    blocks, files = (disk.f_bfree, disk.f_ffree) if is_root else (disk.f_bavail, disk.f_favail)
    if disk.f_blocks and blocks * disk.f_frsize <= _size(folder / RECORD):
        return "no space left on its disk"
    return "its disk takes no more files" if disk.f_files and not files else ""


def unusable(folder: Path) -> str:
    """Why this is no folder in which its owner can keep anything; empty where it is one, or none yet, or cannot be looked at."""
    if not os.path.lexists(folder):
        return ""
    if not os.path.isdir(folder):
        return "something else than a folder is there"
    with suppress(OSError):
        found = folder.stat()
        if found.st_uid and found.st_mode & S_IRWXU != S_IRWXU:
            return "its owner is not allowed to write there"
    return ""


def _size(file: Path) -> int:
    with suppress(OSError):
        return file.stat().st_size
    return 0
