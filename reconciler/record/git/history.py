"""The history of a ref cut at an age: the commits that stay are made anew on a root of their own, with the same trees."""

from __future__ import annotations

from datetime import datetime, timedelta

from reconciler.record.git.ref import Ref
from reconciler.record.git.repository import Repository, throwaway
from reconciler.record.store import RecordError

FIELDS = "%T%n%an%n%ae%n%aI%n%cn%n%ce%n%cI%n%B"
NAMES = ("AUTHOR_NAME", "AUTHOR_EMAIL", "AUTHOR_DATE", "COMMITTER_NAME", "COMMITTER_EMAIL", "COMMITTER_DATE")


def prune(ref: Ref, older_than_days: int, now: datetime) -> int:
    """Cut the commits older than so many days but for the newest of them; returns how many. Raises RecordError.

    That one was the head when the age began: whoever has looked since knows it, or a later one, and can go on from there.
    """
    if ref.head is None:
        return 0
    since = int((now - timedelta(days=older_than_days)).timestamp())
    with throwaway(ref.place, ref.environ, ref.signing) as repository:
        head = repository.fetch_history(ref.name)
        rows = [row.split() for row in repository.ask("log", "--first-parent", "--format=%H %ct", head or "HEAD").splitlines()]
        young = max((number for number, row in enumerate(rows, 1) if int(row[1]) >= since), default=0)
        kept = [row[0] for row in rows[: young + 1]]
        cut = len(rows) - len(kept)
        if cut and not repository.push(ref.name, _replanted(repository, kept), head):
            raise RecordError("the record was changed by another run meanwhile", "run it again")
    ref.look()
    ref.remember()
    return cut


def _replanted(repository: Repository, kept: list[str]) -> str:
    """The same commits, newest first in `kept`, on no parent."""
    parents: list[str] = []
    for commit in reversed(kept):
        tree, *fields = repository.ask("log", "-1", f"--format={FIELDS}", commit).split("\n", 7)
        message = f"{fields[6].strip()}\n\nReplaces: {commit}\n"  # descent.py: what knew that commit knows this one
        extra = {f"GIT_{name}": value for name, value in zip(NAMES, fields[:6], strict=True)}
        parents = [repository.commit_tree(tree, parents, message, extra)]
    return parents[0]
