"""With which key commits are signed, and whose keys are known: a checkout and the environment in, settings for git out.

As Git signs commits: `user.signingkey`, `gpg.format` (ssh, openpgp or x509) and `gpg.ssh.allowedSignersFile`, of the repository's
own configuration, else of the person's; without the last one, the file that reconciler.yaml names. They are read as text, without
what they include. Of the programs that they may name, `gpg.x509.program` of the person's own configuration alone is run.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import weakref
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.processes.environment import CERTIFIED, WORKFLOW_IDENTITY
from reconciler.record.checkout import Checkout
from reconciler.record.git.process import Git, finding, signing
from reconciler.record.signatures import Rules
from reconciler.record.store import RecordError

VARIABLE = "RECONCILE_SIGNING_KEY"  # the text of an SSH key, for a runner that has no file of it
SSH, GPG, X509 = "ssh", "openpgp", "x509"
PROGRAM = "gpg.x509.program"
LITERAL = re.compile(r"key::|ssh-|ecdsa-|sk-")  # a public key itself, whose other half an agent holds
NO_KEY = (
    f"git config gpg.format ssh, and git config user.signingkey FILE, in this checkout or with --global; or set {VARIABLE} to an "
    "SSH key; or take `sign: true` out of reconciler.yaml"
)


@dataclass(frozen=True)
class Signing:
    """`key` is empty where none is configured; `signers` is the file of those whose SSH keys are known, empty without one.

    `certified` are the person's settings of a program that signs with certificates, and of gitsign.
    """

    format: str = GPG
    key: str = field(default="", repr=False)
    signers: str = ""
    revoked: str = ""
    certified: tuple[tuple[str, str], ...] = ()

    def settings(self) -> tuple[tuple[str, str], ...]:
        return (
            ("gpg.format", self.format),
            *((("user.signingKey", self.key),) if self.key else ()),
            ("gpg.ssh.allowedSignersFile", self.signers or os.devnull),  # without one git looks at no SSH signature at all
            *((("gpg.ssh.revocationFile", self.revoked),) if self.revoked else ()),
            *self.certified,
        )


class Signer:
    """Signs the commits of one record by what reconciler.yaml says of signatures."""

    def __init__(self, checkout: Checkout, rules: Rules) -> None:
        self.checkout, self.environ, self.rules = checkout, checkout.environ, rules

    def signing(self) -> Signing:
        """How git is set up here, whether it has a key or not. Raises RecordError."""
        persons = dict(_of_person(self.checkout))
        own = persons | dict(self.checkout.settings)
        format, key = own.get("gpg.format", GPG).lower(), own.get("user.signingkey", "")
        if given := self.environ.get(VARIABLE, "").strip():
            format, key = SSH, self._file(given)
        elif format == SSH and not LITERAL.match(key):
            key = self._path(key)
        signers = self._path(own.get("gpg.ssh.allowedsignersfile", "")) or self._declared_signers()
        certified = tuple((name, value) for name, value in persons.items() if name == PROGRAM or name.startswith("gitsign."))
        return Signing(format, key, signers, self._path(own.get("gpg.ssh.revocationfile", "")), certified)

    def _declared_signers(self) -> str:
        """The file that reconciler.yaml names. Raises RecordError where it is not there."""
        file = self.checkout.top / self.rules.signers
        if self.rules.signers and not file.is_file():
            raise RecordError(
                f"reconciler.yaml says `allowedSigners: {self.rules.signers}`, and {file} is not there",
                "commit the file with the public keys that may sign, as ssh-keygen's ALLOWED SIGNERS describes it",
                "SignersMissing",
            )
        return str(file) if self.rules.signers else ""

    def git(self) -> Git:
        """Git that signs. Raises RecordError where no key is configured."""
        found = self.signing()
        if found.format not in (SSH, GPG, X509):
            raise RecordError(
                f"gpg.format is {found.format}, which git does not know", "set it to ssh, openpgp or x509", "SigningFailed"
            )
        if not found.key and found.format != X509:  # a program such as gitsign gets a certificate by itself
            raise RecordError(
                "reconciler.yaml says `sign: true`, and git has no key here to sign with", NO_KEY, "SigningKeyMissing"
            )
        return signing(self.environ, found.settings(), (*CERTIFIED, *WORKFLOW_IDENTITY) if found.format == X509 else ())

    def looking(self) -> tuple[Git, bool]:
        """Git that looks at signatures, and whether it is said who may sign. Raises RecordError."""
        found = self.signing()
        git = signing(self.environ, found.settings(), CERTIFIED if found.certified else ())
        return git, bool(found.signers or self.rules.identities)

    def _path(self, name: str) -> str:
        """A file as git finds it: from the person's folder, or from the top of the checkout."""
        home = self.environ.get("HOME", "~")
        return str(self.checkout.top / (home + name[1:] if name.startswith("~/") else name)) if name else ""

    def _file(self, key: str) -> str:
        """A file of the key for as long as this runs. Raises RecordError."""
        if "-----BEGIN OPENSSH PRIVATE KEY-----" not in key:
            raise RecordError(
                f"{VARIABLE} is not an SSH key", "set it to the text of a file that `ssh-keygen -t ed25519` made", "SigningFailed"
            )
        folder = Path(tempfile.mkdtemp(prefix="reconcile-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        file = folder / "key"
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as target:
            target.write(key.replace("\r\n", "\n") + "\n")
        return str(file)


def _of_person(checkout: Checkout) -> list[tuple[str, str]]:
    """What the person's own configuration says; nothing where there is none."""
    answer = finding(checkout.environ).run("config", "--global", "--no-includes", "-z", "--list", folder=Path("/"))
    pairs = (entry.partition("\n") for entry in os.fsdecode(answer.output).split("\0") if entry)
    return [] if answer.code else [(key, value) for key, _, value in pairs]
