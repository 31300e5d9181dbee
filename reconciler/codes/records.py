"""Codes of the record: what is wrong with where it lies, how it is signed and what it has lost. Pure."""

from __future__ import annotations

from reconciler.codes.model import Code

CODES = (
    Code(
        "SigningKeyMissing",
        "No key to sign the record with",
        "`reconciler.yaml` says `record: {sign: true}`, and git has no key on this machine: nothing was written.",
        "An unsigned head could have been pushed by anybody who may push.",
        "Set `gpg.format` and `user.signingkey` with `git config`, or `RECONCILE_SIGNING_KEY` to the text of an SSH key.",
        shown="an apply on a machine without `user.signingkey`",
    ),
    Code(
        "SigningFailed",
        "The record's commit could not be signed",
        "git was asked to sign a commit of the record, and could not; nothing was pushed.",
        "A head is saved signed, or not at all.",
        "Do what git's own words say. A key with a passphrase has to be in an agent, since nobody is asked for one.",
        shown="a key with a passphrase, and no agent",
    ),
)
