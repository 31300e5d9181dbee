"""A record whose heads are signed with real certificates, by a program that git is told of, as Sigstore's gitsign is.

The program is a script around `openssl cms`, which speaks to git as gitsign does: it says that a signature fits and that its
chain ends at an authority that is trusted, and not who may sign.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from reconciler.cycle.proof import proof_of
from reconciler.record.model import Record
from reconciler.record.signatures import Identity, Verdict
from reconciler.record.store import RecordError
from reconciler.report.log_proof import as_text
from tests.support.gitworld import ENV, GitWorld, git

REF = "refs/reconcile/wiki"
pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed: apt install openssl")

ISSUER = "https://token.actions.githubusercontent.com"
WORKFLOW = "https://github.com/acme/access/.github/workflows/apply.yml@refs/heads/main"
MAY = Identity(WORKFLOW, ISSUER)
AUTHORITY = f"""[req]
distinguished_name = none
[none]
[ca]
basicConstraints = critical, CA:true
[workflow]
subjectAltName = critical, URI:{WORKFLOW}
1.3.6.1.4.1.57264.1.8 = ASN1:UTF8String:{ISSUER}
[older]
subjectAltName = critical, URI:{WORKFLOW}
1.3.6.1.4.1.57264.1.1 = DER:{ISSUER.encode().hex(":")}
[issuer]
subjectAltName = critical, URI:{WORKFLOW}
1.3.6.1.4.1.57264.1.8 = ASN1:UTF8String:https://accounts.example.com
[mail]
subjectAltName = critical, email:mallory@example.com
1.3.6.1.4.1.57264.1.8 = ASN1:UTF8String:https://accounts.example.com
[named]
basicConstraints = CA:false
"""
PROGRAM = """#!/bin/sh
# As git calls it: --status-fd=2 -bsau KEY, and --status-fd=1 --verify FILE -
printenv > "$0.env"
here=$(dirname "$0")
if [ "$2" = "--verify" ]; then
  sed "s/SIGNED MESSAGE/CMS/" "$3" > "$here/sig"
  cat > "$here/data"
  out=$(openssl cms -verify -binary -inform PEM -in "$here/sig" -content "$here/data" -CAfile "$here/ca.pem" \\
    -purpose any -signer "$here/by.pem" 2>&1 >/dev/null) || { echo "[GNUPG:] BADSIG 0 nobody"; echo "$out" >&2; exit 1; }
  print=$(openssl x509 -in "$here/by.pem" -noout -fingerprint -sha1 | sed "s/.*=//; s/://g" | tr A-F a-f)
  echo "[GNUPG:] NEWSIG"; echo "[GNUPG:] GOODSIG $print "; echo "[GNUPG:] TRUST_FULLY 0 shell"
else
  cat > "$here/data"
  openssl cms -sign -binary -outform PEM -md sha256 -in "$here/data" -signer "$here/$(cat "$here/as").pem" \\
    -inkey "$here/key.pem" $(cat "$here/beside") | sed "s/ CMS/ SIGNED MESSAGE/"
  echo "[GNUPG:] SIG_CREATED D 1 8 00 0 0" >&2
fi
"""


@cache
def _authority() -> tuple[TemporaryDirectory[str], Path]:
    """A CA, and certificates of it for one key: made once a worker."""
    holder = TemporaryDirectory(prefix="authority-")
    folder = Path(holder.name)
    (folder / "conf").write_text(AUTHORITY)

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    for name in ("ca", "self"):
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key")
        ours = ("-extensions", "ca" if name == "ca" else "workflow", "-config", "conf")
        openssl("req", "-x509", *key, "-out", f"{name}.pem", "-days", "9", "-subj", "/CN=Authority", *ours)
    (folder / "self.key").rename(folder / "key.pem")
    for name in ("workflow", "older", "issuer", "mail", "named"):
        subject = "/O=Acme/CN=runner" if name == "named" else "/"
        openssl("req", "-new", "-key", "key.pem", "-subj", subject, "-config", "conf", "-out", "request")
        by = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "9", "-extfile", "conf", "-extensions", name)
        openssl("x509", "-req", "-in", "request", *by, "-out", f"{name}.pem")
    return holder, folder


class Certified(GitWorld):
    """A world in which a person has told git of a program that signs with certificates."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.tools = folder / "tools"
        shutil.copytree(_authority()[1], self.tools)
        self.program = self.tools / "sign-with-openssl"
        self.program.write_text(PROGRAM)
        self.program.chmod(0o755)
        (folder / "gitconfig").write_text(f'[gpg]\n\tformat = x509\n[gpg "x509"]\n\tprogram = {self.program}\n')
        self.environ = {**ENV, "GIT_CONFIG_GLOBAL": str(folder / "gitconfig")}
        self.use("workflow")

    def use(self, name: str, beside: str = "") -> None:
        (self.tools / "as").write_text(name)
        (self.tools / "beside").write_text(f"-certfile {self.tools}/{beside}.pem" if beside else "")

    def save(self, runs: int = 1, **how: Any) -> None:
        store = self.store(**{"environ": self.environ, "sign": True, "identities": (MAY,)} | how)
        with store.lock("reconcile apply", "2026-06-01T00:00:00Z"):
            store.save(Record("wiki", runs=runs))

    def load(self, *identities: Identity) -> Record | None:
        return self.store(environ=self.environ, sign=True, identities=identities).load()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Certified]:
    yield Certified(tmp_path)


def refused(world: Certified, *identities: Identity) -> str:
    with pytest.raises(RecordError) as caught:
        world.load(*identities)
    assert caught.value.code == "RecordNotSigned"
    return caught.value.message


def test_each_head_is_signed_by_the_program_that_git_is_told_of_and_verify_says_whom_it_certifies(world: Certified) -> None:
    world.save()
    assert "gpgsig -----BEGIN SIGNED MESSAGE-----" in git(world.bare, "cat-file", "commit", REF)
    assert world.load(MAY) == Record("wiki", runs=1)
    proof = proof_of(world.store(environ=world.environ, sign=True, identities=(MAY,)))
    assert [head.verdict for head in proof.signatures.heads] == [Verdict.GOOD] * 2 and proof.problems == ()
    assert f"2 of 2 heads signed by {WORKFLOW} ({ISSUER}) (" in as_text([proof])


@pytest.mark.parametrize(
    ("name", "allowed"), [("older", MAY), ("mail", Identity("mallory@example.com", "https://accounts.example.com"))]
)
def test_it_is_known_by_the_names_and_the_issuer_in_the_certificate(world: Certified, name: str, allowed: Identity) -> None:
    world.use(name)
    world.save(identities=(MAY, allowed))
    assert world.load(MAY, allowed) is not None


def test_one_without_another_name_is_known_by_its_subject(world: Certified) -> None:
    world.use("named")
    world.save(identities=(Identity("CN=runner,O=Acme"),))
    assert world.load(Identity("CN=runner,O=Acme")) is not None
    assert "a certificate of CN=runner,O=Acme, which is nobody's who is known here" in refused(world, MAY)


@pytest.mark.parametrize("name", ["mail", "issuer"])
def test_who_has_a_certificate_of_the_same_authority_is_nobody_who_may_sign(world: Certified, name: str) -> None:
    world.use(name)
    world.save(identities=())
    assert "(https://accounts.example.com), which is nobody's who is known here" in refused(world, MAY)
    assert "name whom they name in reconciler.yaml" in as_text([proof_of(world.store(environ=world.environ, sign=True))])


def test_the_certificate_counts_that_signed_and_none_that_lies_beside_it(world: Certified) -> None:
    world.use("mail", beside="workflow")
    world.save(identities=())
    assert "a certificate of mallory@example.com" in refused(world, MAY)
    git(world.bare, "update-ref", "-d", REF)
    shutil.rmtree(world.checkout / ".git/reconcile")
    world.use("workflow", beside="mail")
    world.save()
    assert world.load(MAY) is not None


def test_one_that_no_authority_signed_and_one_that_was_altered_are_bad(world: Certified) -> None:
    world.save()
    text = git(world.bare, "cat-file", "commit", REF).replace("reconcile apply", "reconcile APPLY")
    made = ["git", "-C", str(world.bare), "hash-object", "-t", "commit", "-w", "--stdin"]
    altered = subprocess.run(made, input=text, env=ENV, capture_output=True, text=True, check=True).stdout.strip()
    good = git(world.bare, "rev-parse", REF).strip()
    git(world.bare, "update-ref", REF, altered)
    shutil.rmtree(world.checkout / ".git/reconcile")  # a machine that is new
    assert "has a bad signature" in refused(world, MAY)
    silent = PROGRAM.replace('echo "[GNUPG:] BADSIG 0 nobody"; ', "")
    world.program.write_text(silent)  # as gitsign, of what it cannot verify
    assert "is signed with a certificate that could not be checked" in refused(world, MAY)
    git(world.bare, "update-ref", REF, good)
    world.use("self")
    with pytest.raises(RecordError, match="could not be checked"):
        world.save(2)
        world.load(MAY)


def test_a_program_is_run_where_the_persons_own_configuration_names_it_and_not_where_a_checkouts_does(world: Certified) -> None:
    git(world.checkout, "config", "gpg.x509.program", f"touch {world.tools}/pwned; false")
    world.save()
    assert not (world.tools / "pwned").exists() and world.load(MAY) is not None


def test_the_program_gets_the_workflows_identity_to_sign_and_no_token_of_ours(world: Certified) -> None:
    identity = {"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "t", "ACTIONS_ID_TOKEN_REQUEST_URL": "https://x.org"}
    ours = {"RECONCILE_GIT_TOKEN": "hunter2", "WIKI_SCIM_TOKEN": "hunter2", "GITSIGN_REKOR_MODE": "offline"}
    environ = {**world.environ, **identity, **ours}
    seen = world.tools / "sign-with-openssl.env"
    world.save(environ=environ)
    world.store(environ=environ, sign=True, identities=(MAY,)).load()
    assert "ACTIONS_ID" not in seen.read_text() and "GITSIGN_REKOR_MODE=offline" in seen.read_text()  # it looked, last
    world.program.write_text(PROGRAM.replace("$0.env", "$0.$2.env"))
    world.save(2, environ=environ)
    signed = seen.with_suffix(".-bsau.env").read_text()
    assert "ACTIONS_ID_TOKEN_REQUEST_TOKEN=t" in signed and "hunter2" not in signed + seen.read_text()


def test_without_the_program_it_is_said_what_is_missing_and_nothing_is_pushed(world: Certified) -> None:
    world.save()
    head = git(world.bare, "rev-parse", REF)
    world.program.unlink()
    with pytest.raises(RecordError, match="there is no .*sign-with-openssl"):
        world.load(MAY)
    with pytest.raises(RecordError):
        world.save(2)
    assert git(world.bare, "rev-parse", REF) == head
