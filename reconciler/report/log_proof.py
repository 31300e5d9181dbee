"""What looking at the chain of each app's log found, as text or JSON. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from reconciler.declare.wording import plural
from reconciler.record.log.chain import Check, Problem
from reconciler.record.signatures import Head, Signatures, Verdict
from reconciler.report.safe import plain

MOST_NAMED = 10
WHOSE_KEYS = (
    'to be told whose keys these are: write `NAME namespaces="git" KEY` for each into a file, and name it with '
    "`git config gpg.ssh.allowedSignersFile FILE`; for GPG, import their public keys; for certificates, name whom they name in "
    "reconciler.yaml: `record: {allowedIdentities: [{identity: NAME, issuer: URL}]}`"
)


@dataclass(frozen=True)
class Proof:
    """`place` says where the log lies; `since` is the head that the caller trusts, empty where it named none.

    `signatures` are those of the record's saved heads.
    """

    app: str
    place: str
    check: Check
    problems: tuple[Problem, ...]
    since: str = ""
    signatures: Signatures = Signatures()


def as_text(proofs: Sequence[Proof]) -> str:
    """A verdict an app, and below it what is wrong and where."""
    return "".join(line + "\n" for proof in proofs for line in _lines(proof))


def _lines(proof: Proof) -> list[str]:
    check = proof.check
    if not check.count and not proof.problems:
        return [f"{proof.app}: no log in {plain(proof.place)}", *_signed(proof.signatures)]
    said = plural(check.count, "record")
    if proof.problems:
        verdict = f"{proof.app}: {plural(len(proof.problems), 'thing')} wrong in the log of {said} in {plain(proof.place)}"
        return [
            verdict,
            *(f"    {plain(_told(problem))}" for problem in proof.problems),
            *_signed(proof.signatures),
            *_torn(proof),
            *_backwards(proof),
        ]
    return [
        f"{proof.app}: {said} in {plain(proof.place)}: none was altered, dropped or moved" + _from(proof),
        f"    head {check.last.number} {check.last.hash}" if check.last.number else "    no record has a link yet",
        *_signed(proof.signatures),
        *_torn(proof),
        *_backwards(proof),
    ]


def _signed(signatures: Signatures) -> Iterator[str]:
    """How many heads are signed by whom, and which are not."""
    heads = signatures.heads
    if not heads:
        return
    by = Counter(_signer(head) for head in heads if head.verdict in (Verdict.GOOD, Verdict.UNKNOWN))
    for name, count in by.items():
        yield f"    {count} of {plural(len(heads), 'head')} signed by {plain(name)}"
    if unsigned := [head for head in heads if head.verdict is Verdict.UNSIGNED]:
        names = ", ".join(f"{head.commit[:12]} of {head.at}" for head in unsigned[:MOST_NAMED])
        more = f", and {len(unsigned) - MOST_NAMED} more (--format json)" if len(unsigned) > MOST_NAMED else ""
        yield f"    {len(unsigned)} of {plural(len(heads), 'head')} unsigned: {plain(names)}{more}"
    if not signatures.known and any(head.verdict is Verdict.UNKNOWN for head in heads):
        yield f"    {WHOSE_KEYS}"


def _signer(head: Head) -> str:
    return f"{head.by} ({head.key})" if head.verdict is Verdict.GOOD else f"{head.key or 'a key'}, whose owner is not known here"


def _from(proof: Proof) -> str:
    if not proof.since:
        return "; whether the end was cut is seen from a head that you kept, with --since"
    return f", and {proof.since} is " + ("among them" if proof.since.startswith("sha256:") else "where it comes from")


def _told(problem: Problem) -> str:
    of = f"record {problem.number}: " if problem.number else ""
    return (f"{problem.where}: " if problem.where else "") + of + problem.what


def _torn(proof: Proof) -> list[str]:
    return [f"    {plain(where)}: no record, as a kill leaves one; nothing hangs on it" for where in proof.check.no_records]


def _backwards(proof: Proof) -> list[str]:
    return [f"    {plain(_told(problem))}" for problem in proof.check.backwards]


def as_json(proofs: Sequence[Proof]) -> str:
    """{"format_version", "apps": [...]}, see `_row`."""
    rows = {"format_version": "1.0", "apps": [_row(proof) for proof in proofs]}
    return orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode() + "\n"


def _row(proof: Proof) -> dict[str, Any]:
    check = proof.check
    return {
        "app": proof.app,
        "place": proof.place,
        "verified": not proof.problems,
        "records": check.count,
        "head": {"number": check.last.number, "hash": check.last.hash} if check.last.number else None,
        "since": proof.since or None,
        "problems": [
            {"record": problem.number or None, "where": problem.where or None, "what": problem.what} for problem in proof.problems
        ],
        "noRecords": list(check.no_records),
        "heads": [
            {"commit": head.commit, "at": head.at, "verdict": head.verdict.value, "by": head.by or None, "key": head.key or None}
            for head in proof.signatures.heads
        ],
    }
