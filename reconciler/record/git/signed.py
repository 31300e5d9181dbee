"""How the commits of a ref are signed: the ref in, its heads with what git says of each out. Asks git, in a cache of its own.

A record whose heads are to be signed is not gone on from where its newest is not. That one commit is looked at, and no other;
only where it is unsigned, its history is asked whether any was signed. One without any is gone on from until the day that
reconciler.yaml names, by the clock of this machine: until then `sign: true` is new, and later somebody has put the ref back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from reconciler.record.checkout import Remote
from reconciler.record.git.process import Git, explained
from reconciler.record.git.repository import Repository, throwaway
from reconciler.record.git.signing import Signer
from reconciler.record.signatures import NOT_SIGNED, Head, Rules, Signatures, Verdict, verdict_of, wrong
from reconciler.record.store import RecordError

FORMAT = "%x1e%H%x1f%G?%x1f%GS%x1f%GK%x1f%cI%x1f%s"
NO_PROGRAM = re.compile(r"cannot run ([^\s:]+)")  # then git calls each signature bad, or sees none
NO_SIGNATURE = "incompatible signature"  # at which git stops
SIGNED = re.compile(r"^gpgsig(-sha256)? ", re.MULTILINE)


class Garbled(RecordError):
    """A commit has a signature of no kind that git knows."""

    code = NOT_SIGNED


class Ref(Protocol):
    """The ref `name` of a remote, as it was last looked at."""

    app: str
    name: str
    remote: str
    rules: Rules
    clock: Callable[[], datetime]
    head: str | None
    environ: Mapping[str, str]

    @property
    def place(self) -> Remote:
        """The remote. Raises RecordError."""

    @property
    def repository(self) -> Repository:
        """The cache that holds `head`. Raises RecordError."""

    @property
    def signer(self) -> Signer:
        """Whose keys are known here. Raises RecordError."""

    def see(self) -> None:
        """Look, where nobody has looked yet. Raises RecordError."""


def signatures_of(ref: Ref, trusted: str) -> Signatures:
    """All commits of the ref as it is now; that one and those before it are not judged. Raises RecordError."""
    ref.see()
    if ref.head is None:
        return Signatures(required=ref.rules.sign)
    git, known = ref.signer.looking()
    with throwaway(ref.place, ref.environ) as repository:
        repository.fetch_commits(ref.name, None)
        folder = f"--git-dir={repository.path}"
        heads = _judged(ref, git, folder, heads_of(git, folder, ref.head))
        old = set(git.must(folder, "rev-list", trusted).decode().split()) if trusted in {head.commit for head in heads} else set()
    return Signatures(heads, ref.rules.sign, known, sum(head.commit in old for head in heads))


def _judged(ref: Ref, git: Git, folder: str, heads: Sequence[Head]) -> tuple[Head, ...]:
    """The same heads, by the names in the certificates of those that have one. Raises RecordError."""
    from reconciler.record.git.certificates import certified

    return certified(git, folder, heads, ref.rules.identities)


def refusal_of(ref: Ref) -> RecordError | None:
    """Why nothing goes on from the newest head of a ref whose heads are to be signed. Raises RecordError."""
    assert ref.head is not None
    git, known = ref.signer.looking()
    try:
        folder = f"--git-dir={ref.repository.path}"
        newest = _judged(ref, git, folder, heads_of(git, folder, "-1", ref.head))
    except Garbled as error:
        return _refused(ref, error.message)
    before = _signed_in(ref) if newest[0].verdict is Verdict.UNSIGNED else ()
    if newest[0].verdict is Verdict.UNSIGNED and not before:
        return None if f"{ref.clock():%Y-%m-%d}" <= ref.rules.until else _never_signed(ref)
    why = next(wrong(Signatures((*newest, *before), True, known, len(before))), None)
    return _refused(ref, why) if why else None


def require_counted(ref: Ref, commit: str) -> None:
    """What is signed here has to be good for whoever comes next, or nobody could go on from it. Raises RecordError."""
    git, known = ref.signer.looking()
    folder = f"--git-dir={ref.repository.path}"
    newest = _judged(ref, git, folder, heads_of(git, folder, "-1", commit))
    if why := next(wrong(Signatures(newest, True, known)), None):
        raise RecordError(
            f"what this machine signs is nothing that reconciler.yaml lets go on from, so nothing was pushed: {why}",
            "sign with a key or a certificate that may (`gpg.format` and `user.signingkey` of git, or RECONCILE_SIGNING_KEY), or "
            "have it added to those that may, in a change that is reviewed (`reconcile help record`)",
            "SigningFailed",
        )


def _never_signed(ref: Ref) -> RecordError:
    """Of a history without any signature: it is older than `sign: true`, or somebody put the ref back, or began it anew."""
    over = f", and unsignedUntil, {ref.rules.until}, is over" if ref.rules.until else ""
    return RecordError(
        f"the newest head of {ref.name} on {ref.remote} is not signed as reconciler.yaml says, and neither is any before it"
        f"{over}",
        "if `sign: true` is new, say in reconciler.yaml until when an unsigned record is gone on from: `record: {unsignedUntil: "
        "YYYY-MM-DD}`; else somebody put the ref back or began it anew: see what is there with `reconcile record verify --app "
        f"{ref.app}`, and set it back; if it is right, accept it: `reconcile record trust {ref.head} --app {ref.app}`",
        NOT_SIGNED,
    )


def _refused(ref: Ref, why: str) -> RecordError:
    return RecordError(
        f"the newest head of {ref.name} on {ref.remote} is not signed as reconciler.yaml says: {why}",
        f"see what it changed and which heads are signed: `reconcile record verify --app {ref.app}`; find out who pushed it; if "
        f"it is right, accept it: `reconcile record trust {ref.head} --app {ref.app}`",
        NOT_SIGNED,
    )


def _signed_in(ref: Ref) -> tuple[Head, ...]:
    """A commit of the ref's history that has a signature, whoever made it; none where none has."""
    with throwaway(ref.place, ref.environ) as repository:
        repository.fetch_commits(ref.name, None)
        commits = repository.ask("rev-list", "--header", ref.head or "").split("\0")
    signed = (commit.partition("\n")[0] for commit in commits if SIGNED.search(commit.partition("\n\n")[0]))
    return tuple(Head(commit, "", "", Verdict.UNKNOWN) for commit in list(signed)[:1])


def heads_of(git: Git, folder: str, *asked: str) -> tuple[Head, ...]:
    """The heads that `git log` tells of, in its order. Raises RecordError."""
    answer = git.run(folder, "log", "--topo-order", f"--format={FORMAT}", *asked)
    if NO_SIGNATURE in answer.errors:
        raise Garbled("a commit has a signature of no kind that git knows", "find out who pushed it: `git log` of that ref")
    if answer.code:
        raise explained(answer.errors)
    if missing := NO_PROGRAM.search(answer.errors):
        package = "openssh-client" if missing[1] == "ssh-keygen" else missing[1]
        raise RecordError(f"the record's signatures cannot be looked at: there is no {missing[1]}", f"install {package}")
    return tuple(_head(row) for row in answer.output.decode("utf-8", "replace").split("\x1e")[1:])


def _head(row: str) -> Head:
    commit, letter, by, key, at, subject = (re.sub(r"\s+", " ", part).strip() for part in row.split("\x1f", 5))
    return Head(commit, at, subject, verdict_of(letter, by), by, key, letter)
