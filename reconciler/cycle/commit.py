"""A folder in, the commit that its files come from out, and whether they differ from it. Asks git, writes nothing."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from reconciler.record.here import checkout_here


def revision(folder: str) -> tuple[str | None, bool]:
    """(commit, dirty) of a folder of the checkout around the current one; (None, False) outside of it, or without git."""
    return _revision(os.getcwd(), folder)


@cache
def _revision(here: str, folder: str) -> tuple[str | None, bool]:
    checkout = checkout_here()
    commit = checkout.commit() if checkout and checkout.path_of(Path(folder)) is not None else None
    if checkout is None or commit is None:
        return None, False
    return known_commit(commit, os.environ), checkout.differs(Path(folder), commit)


def known_commit(commit: str, environ: Mapping[str, str]) -> str:
    """GitHub checks a pull request out as a merge that nobody has seen: then its own last commit, as GitHub tells it."""
    if (environ.get("GITHUB_EVENT_NAME"), environ.get("GITHUB_SHA")) != ("pull_request", commit):
        return commit
    try:
        head = json.loads(Path(environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))["pull_request"]["head"]["sha"]
    except (KeyError, TypeError, ValueError, OSError):
        return commit
    return head if isinstance(head, str) and re.fullmatch("[0-9a-f]{40,64}", head) else commit
