"""Which commit the declarations come from, and whether files differ from it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path


@cache
def revision(folder: str) -> tuple[str | None, bool]:
    """(commit, dirty) of a folder; (None, False) outside of a repository or without git."""
    commit = git(folder, "rev-parse", "--verify", "--quiet", "HEAD")
    if not commit:
        return None, False
    return known_commit(commit, os.environ), bool(git(folder, "status", "--porcelain", "--", "."))


def known_commit(commit: str, environ: Mapping[str, str]) -> str:
    """GitHub checks a pull request out as a merge that nobody has seen: then its own last commit, as GitHub tells it."""
    if (environ.get("GITHUB_EVENT_NAME"), environ.get("GITHUB_SHA")) != ("pull_request", commit):
        return commit
    try:
        head = json.loads(Path(environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))["pull_request"]["head"]["sha"]
    except (KeyError, TypeError, ValueError, OSError):
        return commit
    return head if isinstance(head, str) and re.fullmatch("[0-9a-f]{40,64}", head) else commit


def git(folder: str, *arguments: str) -> str | None:
    environ = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        found = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, env=environ, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.decode("utf-8", "replace").strip() if found.returncode == 0 else None
