"""The commit before the change that is looked at: by GitHub's event, else by git, which is asked. Reads files."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from reconciler.cycle.earlier_commit import COMMIT, is_same
from reconciler.record.here import ask


def base_commit() -> str:
    """The pull request's base, else where this branch left the remote's own one; empty where neither is known."""
    return base_of_event() or _answer(Path.cwd(), "merge-base", "HEAD", "refs/remotes/origin/HEAD")


def commit_before(files: Callable[[str], Iterable[str]]) -> str:
    """Where this branch began, else the commit that is checked out; the one before that, where it says all that is here.

    `files` are those that count, of a commit. Empty where there is no commit.
    """
    head = _named("HEAD")
    commit = base_commit() or head
    if commit != head or not any(is_same(head, file) for file in files(head)):
        return commit
    return _named("HEAD^1") or head


def _named(revision: str) -> str:
    return _answer(Path.cwd(), "rev-parse", "--verify", "--quiet", revision)


@cache
def _answer(here: Path, *arguments: str) -> str:
    """What git says of the checkout: asked once for all apps, since a command is about one state of it."""
    return (ask(*arguments) or "").strip()


def base_of_event() -> str:
    """The base of the pull request, or merge group, that a runner was started for; empty elsewhere."""
    event = os.environ.get("GITHUB_EVENT_NAME")
    if event not in ("pull_request", "pull_request_target", "merge_group"):
        return ""
    try:
        data = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
        commit = data["merge_group"]["base_sha"] if event == "merge_group" else data["pull_request"]["base"]["sha"]
    except (KeyError, TypeError, ValueError, OSError):
        return ""
    return commit if isinstance(commit, str) and COMMIT.fullmatch(commit) else ""
