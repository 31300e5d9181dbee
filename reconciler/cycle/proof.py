"""A record in, the proof that its log is whole out. Reads the record."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.record.log.chain import Check, Problem, verify_files
from reconciler.record.signatures import wrong
from reconciler.record.store import RecordError, Store
from reconciler.report.log_proof import Proof

SHA = "sha256:"


def proof_of(store: Store, since: str = "") -> Proof:
    """`since` is the head that the caller trusts: a record's hash, or a commit of a record in Git. Raises RecordError."""
    head = store.log_head()
    check = verify_files(store.log_by_file(), since if since.startswith(SHA) else "")
    problems = [*check.ended(), *_ended_early(check, head.number, head.hash)]
    problems += [] if problems else _lost(store)
    if since and not since.startswith(SHA) and not store.follows(since, ""):
        problems.append(Problem(0, f"{since} is not a commit from which {store.where()} comes: it was rewritten, or is another"))
    signatures = store.signatures("" if since.startswith(SHA) else since)
    problems += [Problem(0, what) for what in wrong(signatures)]
    return Proof(store.app, store.where(), check, tuple(problems), since, signatures)


def _lost(store: Store) -> Iterator[Problem]:
    """What this checkout knew, and the log has no more."""
    try:
        store.refuse_lost()
    except RecordError as error:
        yield Problem(0, error.message)


def _ended_early(check: Check, number: int, hash: str) -> Iterator[Problem]:
    """What the place itself says of the newest record."""
    if number > check.last.number:
        yield Problem(number, f"it is missing, and so is all after record {check.last.number}: the newest one is {hash}")
    elif (number, hash) != check.last and not check.problems:
        yield Problem(number, f"its hash is {check.last.hash}, and should be {hash}", check.where)
