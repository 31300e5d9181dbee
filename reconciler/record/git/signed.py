"""How the commits of a ref are signed: the ref in, its heads with what git says of each out. Asks git, in a cache of its own."""

from __future__ import annotations

import re

from reconciler.record.git.process import Git
from reconciler.record.git.ref import Ref
from reconciler.record.git.repository import throwaway
from reconciler.record.signatures import Head, Signatures, verdict_of

FORMAT = "%x1e%H%x1f%G?%x1f%GS%x1f%GK%x1f%cI%x1f%s"


def signatures_of(ref: Ref, trusted: str) -> Signatures:
    """All commits of the ref as it is now; that one and those before it are not judged. Raises RecordError."""
    ref.see()
    if ref.head is None:
        return Signatures(required=ref.sign)
    git, known = ref.signer.looking()
    with throwaway(ref.place, ref.environ) as repository:
        repository.fetch_commits(ref.name, None)
        folder = f"--git-dir={repository.path}"
        heads = heads_of(git, folder, ref.head)
        old = set(git.must(folder, "rev-list", trusted).decode().split()) if trusted in {head.commit for head in heads} else set()
    return Signatures(heads, ref.sign, known, sum(head.commit in old for head in heads))


def heads_of(git: Git, folder: str, *asked: str) -> tuple[Head, ...]:
    """The heads that `git log` tells of, in its order. Raises RecordError."""
    said = git.must(folder, "log", "--topo-order", f"--format={FORMAT}", *asked).decode("utf-8", "replace")
    return tuple(_head(row) for row in said.split("\x1e")[1:])


def _head(row: str) -> Head:
    commit, letter, by, key, at, subject = (re.sub(r"\s+", " ", part).strip() for part in row.split("\x1f", 5))
    return Head(commit, at, subject, verdict_of(letter, by), by, key)
