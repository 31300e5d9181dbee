"""Which commit the declarations come from, and whether files differ from it."""

from __future__ import annotations

import os
import subprocess
from functools import cache


@cache
def revision(folder: str) -> tuple[str | None, bool]:
    """(commit, dirty) of a folder; (None, False) outside of a repository or without git."""
    commit = git(folder, "rev-parse", "--verify", "--quiet", "HEAD")
    if not commit:
        return None, False
    return commit, bool(git(folder, "status", "--porcelain", "--", "."))


def git(folder: str, *arguments: str) -> str | None:
    environ = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        found = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, env=environ, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.decode("utf-8", "replace").strip() if found.returncode == 0 else None
