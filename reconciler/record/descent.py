"""Whether a record in Git has only grown since a commit that is known: a ref and an earlier head in, yes or no out. Asks git.

It protects from a ref that was forced back, replaced from a backup or begun anew, whoever did that. It does not protect from
what a writer of the ref appends to it: that is a descendant. Neither is a cut history (`record prune`) proved: its commits say
which ones they stand for (`Replaces: <commit>`), anybody who may push can write that too, and so a claim counts only where its
commit has the very tree, that is the very record, of the commit for which it stands: forging one gains no more than appending.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

from reconciler.record.checkout import Remote
from reconciler.record.git.repository import Repository, throwaway

DEPTHS = (32, 1024)  # commits that are fetched at first; then all
REPLACES = "Replaces: "
COMMIT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")


class Head(Protocol):
    """The ref `name` of a remote, as it is there now."""

    name: str
    head: str | None
    environ: Mapping[str, str]

    @property
    def place(self) -> Remote:
        """The remote. Raises RecordError."""


def descends(ref: Head, head: str, tree: str) -> bool:
    """Whether the ref's present head is `head`, comes after it, or after one that replaces it with `tree`. Raises RecordError."""
    if ref.head == head:
        return True
    if ref.head is None or not COMMIT.fullmatch(head):
        return False
    with throwaway(ref.place, ref.environ) as repository:
        for depth in (*DEPTHS, None):
            repository.fetch_commits(ref.name, depth)
            if _holds(repository, ref.head, head, tree):
                return True
            if repository.ask("rev-parse", "--is-shallow-repository").strip() == "false":
                break
    return False


def _holds(repository: Repository, newest: str, head: str, tree: str) -> bool:
    rows = repository.ask("log", "--format=%H %T%n%B%x00", newest).split("\0")
    for row in rows:
        first, _, message = row.strip("\n").partition("\n")
        commit, _, held = first.partition(" ")
        if commit == head or (held == tree and f"{REPLACES}{head}" in message.splitlines()):
            return True
    return False


def files_then(ref: Head, head: str) -> dict[str, str] | None:
    """What an earlier head of the ref held, path -> blob id; None where it is none. Raises RecordError."""
    if ref.head is None or not COMMIT.fullmatch(head):
        return None
    with throwaway(ref.place, ref.environ) as repository:
        repository.fetch_history(ref.name)
        if head not in repository.ask("rev-list", ref.head).split():
            return None
        return {path: id for path, (_, id) in repository.tree(head).items()}
