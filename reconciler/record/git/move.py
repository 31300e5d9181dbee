"""A record moved from one ref of a remote to another, with its whole history; the old ref stays, empty. Runs git.

The new ref goes on from the old one's commits, and from how the old one ends: so whoever knew either finds that nothing was lost.
"""

from __future__ import annotations

from reconciler.record.git.lock import LOCK
from reconciler.record.git.ref import Ref
from reconciler.record.git.repository import throwaway
from reconciler.record.git.store import GitStore
from reconciler.record.store import LeaseLost, RecordError

ENDS = "the record goes on from here"


def move(source: GitStore, target: GitStore) -> None:
    """All of it, under the lock of the source; that one is emptied only once the target was read back. Raises RecordError."""
    _carried(source.ref, target.ref)
    source.retire(target.where())


def joined(source: GitStore, target: GitStore) -> None:
    """The target comes from the end of the source as well; after the source's lock was given back. Raises RecordError."""
    source.ref.look()
    if source.ref.head and not target.ref.publish({}, f"{target.app}: {ENDS}", source.ref.head):
        raise RecordError(f"another run has changed {target.where()} meanwhile", "nothing is lost: see `reconcile record verify`")


def _carried(source: Ref, target: Ref) -> None:
    files = {path: id for path, id in source.files.items() if path != LOCK}
    with throwaway(source.place, source.environ, target.signing) as repository:
        last = repository.fetch_history(target.name)  # of a record that was there before, and moved away
        head = repository.fetch_history(source.name)
        if head is None or head != source.head or last != target.head:
            raise LeaseLost("another run has changed the record meanwhile", "run it again")
        parents = [head, *([last] if last else [])]
        commit = repository.commit(files, (), parents, f"{target.app}: the record has moved from {source.name}", target.clock())
        if not repository.push(target.name, commit, last):
            raise RecordError(f"another run has changed {target.name} meanwhile", "run it again")
    target.look()
    if target.files != files:
        raise RecordError(
            f"{target.name} on {target.remote} is not what was written there; {source.name} was left as it is",
            "see what changes it there: a hook, or another run",
        )
