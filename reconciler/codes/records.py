"""Codes of the record: what is wrong with where it lies, how it is signed and what it has lost. Pure."""

from __future__ import annotations

from reconciler.codes.model import Code

CODES = (
    Code(
        "RecordLostHistory",
        "The record lost history that was known",
        "What is there now does not go on from what this checkout, or the reviewed plan, knew: it was cut, rewritten or "
        "begun anew.",
        "Who is ours, who was revoked and what was done may be forgotten, or made up.",
        "Find out who changed it, and restore it. If it is right, accept it with `reconcile record trust HEAD --app NAME`, and "
        "with `--instead-of HEAD` where a reviewed plan knew what is lost; the log tells of that.",
        shown="`git push --force` of an older commit to `refs/reconcile/wiki`, or a line taken out of the end of a local log",
    ),
    Code(
        "RecordNotSigned",
        "The record's newest head is not signed as it should be",
        "`reconciler.yaml` says `record: {sign: true}`, and the newest commit of the record is unsigned though one before it is "
        "signed, or though the day of `unsignedUntil` is over; has a bad signature; or is signed with a key that is not in the "
        "allowed signers file that is configured, or with a certificate of nobody in `allowedIdentities`.",
        "Whoever may push to the ref could say who is ours and who was revoked; a next commit, signed, would hide that.",
        "See `reconcile record verify`, and find out who pushed it: set the ref back to the last signed commit, or, if it is "
        "right, accept it with `reconcile record trust HEAD --app NAME`; the log tells of that.",
        shown="a commit without a signature, pushed to `refs/reconcile/wiki` on top of a signed one",
    ),
    Code(
        "SigningKeyMissing",
        "No key to sign the record with",
        "`reconciler.yaml` says `record: {sign: true}`, and git has no key on this machine: nothing was written.",
        "An unsigned head could have been pushed by anybody who may push.",
        "Set `gpg.format` and `user.signingkey` with `git config`, or `RECONCILE_SIGNING_KEY` to the text of an SSH key; a "
        "workflow may sign with its own identity (`reconcile help record`).",
        shown="an apply on a machine without `user.signingkey`",
    ),
    Code(
        "SignersMissing",
        "The file of allowed signers is not there",
        "`reconciler.yaml` names it with `record: {allowedSigners: FILE}`, from the top of the checkout, and there is none.",
        "Without it every key that signs would be taken for right.",
        "Commit the file: a line a key, as `ssh-keygen` describes it under ALLOWED SIGNERS.",
        shown="`allowedSigners: .github/allowed_signers` before that file was committed",
    ),
    Code(
        "SigningFailed",
        "The record's commit could not be signed",
        "git was asked to sign a commit of the record, and could not, or signed it with a key or a certificate that may not "
        "sign; nothing was pushed.",
        "A head is saved signed, or not at all, and by somebody from whom the next machine goes on.",
        "Do what git's own words say. A key with a passphrase has to be in an agent, since nobody is asked for one.",
        shown="a key with a passphrase, and no agent",
    ),
)
