"""How the saved heads of a record are signed, and what of it is wrong. Pure.

A signature proves who made a commit, and by its tree and its parents all that is in the record then; that a key is somebody's is
known from the file of allowed signers (SSH), or from the keyring (GPG). A certificate (X.509) is known by the name in it: an
authority that is trusted, such as Sigstore's, tells everybody apart, and says of nobody that they may.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

NOT_SIGNED = "RecordNotSigned"


class Verdict(StrEnum):
    """What looking at a signature found: `unknown` is one that fits its commit, by a key whose owner nobody here knows."""

    UNSIGNED = "unsigned"
    GOOD = "good"
    UNKNOWN = "unknown"
    BAD = "bad"


class Head(NamedTuple):
    """A commit of the record: `at` is when it was made, UTC; `by` and `key` are empty where it is unsigned.

    `letter` is how `git log --format=%G?` tells of the signature.
    """

    commit: str
    at: str
    subject: str
    verdict: Verdict
    by: str = ""
    key: str = ""
    letter: str = ""


class Identity(NamedTuple):
    """Whom a certificate names: an address or a URI, and the OIDC issuer that vouched for it, empty where none did."""

    identity: str
    issuer: str = ""

    def __str__(self) -> str:
        return f"{self.identity} ({self.issuer})" if self.issuer else self.identity


class Rules(NamedTuple):
    """What reconciler.yaml says of signatures.

    `until` is the last day, YYYY-MM-DD, on which a history without any is gone on from; `signers` is the file of those who may
    sign, named from the top of the checkout; `identities` are those who may sign with a certificate.
    """

    sign: bool = False
    until: str = ""
    signers: str = ""
    identities: tuple[Identity, ...] = ()


UNSIGNED = Rules()


class Signatures(NamedTuple):
    """The heads, the newest first; `required` is whether they are to be signed, `known` whether it is said who may sign.

    `trusted` is how many of the oldest are not judged, since the caller trusts them.
    """

    heads: Sequence[Head] = ()
    required: bool = False
    known: bool = False
    trusted: int = 0


def verdict_of(letter: str, by: str) -> Verdict:
    """Of the letter by which `git log --format=%G?` tells of a signature, and the name of the signer that it knows."""
    if letter in ("G", "X", "Y") or (
        letter == "U" and by
    ):  # a key of the keyring that nobody has vouched for is known all the same
        return Verdict.GOOD
    return {"N": Verdict.UNSIGNED, "U": Verdict.UNKNOWN, "E": Verdict.UNKNOWN}.get(letter, Verdict.BAD)


def wrong(signatures: Signatures) -> Iterator[str]:
    """Bad signatures; and, where heads are to be signed, those of unknown keys, none at the newest or after a signed one."""
    judged = signatures.heads[: len(signatures.heads) - signatures.trusted]
    seen = any(head.verdict is not Verdict.UNSIGNED for head in signatures.heads[len(judged) :])
    for head in reversed(judged):
        if why := _why(head, signatures, seen, head is judged[0]):
            yield f"commit {head.commit[:12]} of {head.at} ({head.subject}) {why}"
        seen = seen or head.verdict is not Verdict.UNSIGNED


def _why(head: Head, signatures: Signatures, follows_signed: bool, is_newest: bool) -> str:
    if head.verdict is Verdict.BAD:
        return "has a bad signature: it was altered after it was signed, or its key was revoked"
    if not signatures.required:
        return ""
    if head.verdict is Verdict.UNKNOWN and signatures.known:
        return f"is signed with {head.key or 'a key'}, which is nobody's who is known here"
    if head.verdict is Verdict.UNSIGNED and follows_signed:
        return "is unsigned, and one before it is signed: who pushed it had no key, or a reconciler.yaml without `sign: true`"
    if head.verdict is Verdict.UNSIGNED and is_newest:
        return "is the newest, and unsigned: who pushed it had no key, or `sign: true` is new"
    return ""
