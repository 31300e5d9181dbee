"""A record whose heads are signed, with real keys: who signed what, what is unsigned, and what a bad signature says."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.cycle.audited import prune_log
from reconciler.cycle.proof import proof_of
from reconciler.record.git.signing import VARIABLE
from reconciler.record.model import Record
from reconciler.record.signatures import Verdict
from reconciler.record.store import RecordError
from reconciler.report.log_proof import as_text
from tests.support.gitworld import ENV, GitWorld, git

REF = "refs/reconcile/wiki"
needs_ssh = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed: apt install openssh-client"
)
needs_gpg = pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg is not installed: apt install gnupg")


@pytest.fixture
def world(tmp_path: Path) -> GitWorld:
    return GitWorld(tmp_path)


def key(folder: Path, name: str = "key", passphrase: str = "") -> Path:
    file = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f", str(file)], check=True)
    return file


def use(world: GitWorld, file: Path, *known: Path) -> None:
    """The checkout signs with this key, and knows these."""
    git(world.checkout, "config", "gpg.format", "ssh")
    git(world.checkout, "config", "user.signingkey", str(file))
    if known:
        signers = world.checkout / "signers"
        signers.write_text("".join(f"{item.name}@x.org {item.with_suffix('.pub').read_text()}" for item in known))
        git(world.checkout, "config", "gpg.ssh.allowedSignersFile", str(signers))


def save(world: GitWorld, runs: int, sign: bool = True) -> None:
    store = world.store(sign=sign)
    with store.lock("reconcile apply", "2026-06-01T00:00:00Z"):
        store.save(Record("wiki", runs=runs))


def said(world: GitWorld, since: str = "") -> str:
    return as_text([proof_of(world.store(sign=True), since)])


def head(world: GitWorld, back: int = 0) -> str:
    return git(world.bare, "rev-parse", f"{REF}~{back}").strip()


@needs_ssh
def test_each_head_is_signed_as_git_signs_commits_and_verify_says_by_whom(world: GitWorld, tmp_path: Path) -> None:
    mine = key(tmp_path)
    use(world, mine, mine)
    save(world, 1)
    git(world.checkout, "fetch", "--quiet", "origin", REF)
    assert 'Good "git" signature for key@x.org' in verified_by_git(world)
    proof = proof_of(world.store(sign=True))
    assert [item.verdict for item in proof.signatures.heads] == [Verdict.GOOD] * 2 and proof.problems == ()
    assert "2 of 2 heads signed by key@x.org (SHA256:" in said(world) and "unsigned" not in said(world)


def verified_by_git(world: GitWorld) -> str:
    command = ["git", "-C", str(world.checkout), "verify-commit", "FETCH_HEAD"]
    return subprocess.run(command, env=ENV, capture_output=True, text=True, check=True).stderr


@needs_ssh
def test_an_unsigned_head_is_named_and_after_a_signed_one_it_is_wrong(world: GitWorld, tmp_path: Path) -> None:
    mine = key(tmp_path)
    use(world, mine, mine)
    save(world, 1, sign=False)
    assert f"commit {head(world)[:12]}" in said(world) and "is the newest, and unsigned" in said(world)
    save(world, 2)
    proof = proof_of(world.store(sign=True))
    assert proof.problems == () and f"2 of 4 heads unsigned: {head(world, 2)[:12]} of " in as_text([proof])
    save(world, 3, sign=False)
    assert [problem.what.split(" is unsigned, and ")[1][:21] for problem in proof_of(world.store(sign=True)).problems] == [
        "one before it is sign",
        "one before it is sign",
    ]
    assert proof_of(world.store(sign=True), head(world)).problems == ()  # a head that the caller trusts is not judged
    assert proof_of(world.store()).problems == ()  # nor one that nobody said is to be signed


@needs_ssh
def test_whose_key_it_is_is_known_from_the_file_of_signers(world: GitWorld, tmp_path: Path) -> None:
    mine, others = key(tmp_path), key(tmp_path, "other")
    use(world, mine)
    save(world, 1)
    assert proof_of(world.store(sign=True)).problems == ()
    assert "whose owner is not known here" in said(world) and "gpg.ssh.allowedSignersFile" in said(world)
    use(world, mine, others)
    assert "which is nobody's who is known here" in said(world) and "allowedSignersFile" not in said(world)


@needs_ssh
@pytest.mark.parametrize("how", ["tree", "words"])
def test_a_commit_that_was_altered_after_it_was_signed_is_bad(world: GitWorld, tmp_path: Path, how: str) -> None:
    mine = key(tmp_path)
    use(world, mine, mine)
    save(world, 1)
    text = git(world.bare, "cat-file", "commit", REF)
    old = git(world.bare, "rev-parse", f"{REF}^{{tree}}").strip()
    if how == "tree":
        tree = git(world.bare, "rev-parse", f"{REF}~1^{{tree}}").strip()
        new = text.replace(old, tree)
    else:
        new = text.replace("reconcile apply", "reconcile APPLY")
    made = subprocess.run(
        ["git", "-C", str(world.bare), "hash-object", "-t", "commit", "-w", "--stdin"], input=new, env=ENV, text=True,
        capture_output=True, check=True,
    ).stdout.strip()  # fmt: skip
    git(world.bare, "update-ref", REF, made)
    world.store(sign=True).trust(made)
    assert f"commit {made[:12]}" in said(world) and "has a bad signature" in said(world)
    assert proof_of(world.store()).problems != ()  # bad is bad, whatever reconciler.yaml says now


def test_without_a_key_nothing_is_pushed_and_the_error_says_what_to_set(world: GitWorld) -> None:
    with pytest.raises(RecordError, match="no key") as caught:
        save(world, 1)
    assert caught.value.code == "SigningKeyMissing"
    assert "user.signingkey" in caught.value.remedy and "RECONCILE_SIGNING_KEY" in caught.value.remedy
    assert git(world.bare, "for-each-ref", "refs/reconcile") == ""
    assert world.store(sign=True).load() is None  # reading needs none


@needs_ssh
def test_a_key_that_asks_for_a_passphrase_is_refused_and_nobody_waits(world: GitWorld, tmp_path: Path) -> None:
    use(world, key(tmp_path, passphrase="hunter2hunter2"))
    with pytest.raises(RecordError, match="could not be signed") as caught:
        save(world, 1)
    assert caught.value.code == "SigningFailed" and "agent" in caught.value.remedy


@needs_ssh
def test_a_runner_signs_with_the_key_in_its_environment_and_leaves_no_file_of_it(world: GitWorld, tmp_path: Path) -> None:
    text = key(tmp_path).read_text()
    environ = {**ENV, VARIABLE: text.strip(), "TMPDIR": str(tmp_path)}
    store = world.store(environ=environ, sign=True)
    store.save(Record("wiki"))
    assert "gpgsig" in git(world.bare, "cat-file", "commit", REF)
    del store
    assert not any(
        text.splitlines()[1] in file.read_text(errors="replace") for file in world.checkout.rglob("*") if file.is_file()
    )
    with pytest.raises(RecordError, match="is not an SSH key") as caught:
        world.store(environ={**ENV, VARIABLE: "hunter2"}, sign=True).save(Record("wiki", runs=2))
    assert "hunter2" not in str(caught.value)


@needs_ssh
def test_a_program_that_the_configuration_names_is_not_run(world: GitWorld, tmp_path: Path) -> None:
    use(world, key(tmp_path))
    git(world.checkout, "config", "gpg.ssh.program", f"touch {tmp_path}/pwned; false")
    git(world.checkout, "config", "gpg.ssh.defaultKeyCommand", f"touch {tmp_path}/pwned")
    save(world, 1)
    assert not (tmp_path / "pwned").exists() and "gpgsig" in git(world.bare, "cat-file", "commit", REF)


@needs_ssh
def test_a_history_that_is_cut_is_signed_anew(world: GitWorld, tmp_path: Path) -> None:
    mine = key(tmp_path)
    use(world, mine, mine)
    for number in range(2):
        save(world, number)
        world.clock.sleep(86_400 * 30)
    world.store(sign=True).log([{"activityDateTime": "2026-06-01T00:00:00Z"}])
    assert prune_log(world.store(sign=True), "2026-08") == 1
    assert world.store(sign=True).prune(31, world.clock() + timedelta(seconds=1)) > 0
    assert proof_of(world.store(sign=True)).problems == () and "unsigned" not in said(world)
    assert "none was altered, dropped or moved" in said(world)  # by the record of what was cut, whose commit is signed


@pytest.fixture
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A GPG keyring of its own, with one key."""
    folder = tmp_path_factory.mktemp("g", numbered=True)
    folder.chmod(0o700)
    environ = {**os.environ, "GNUPGHOME": str(folder)}
    made = ["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-gen-key", "CI <ci@x.org>", "ed25519", "sign", "never"]
    subprocess.run(made, env=environ, check=True, capture_output=True)
    yield environ
    subprocess.run(["gpgconf", "--kill", "all"], env=environ, capture_output=True, check=False)


@needs_gpg
def test_a_gpg_key_signs_as_well(world: GitWorld, keyring: dict[str, str]) -> None:
    git(world.checkout, "config", "user.signingkey", "ci@x.org")
    environ = {**ENV, "GNUPGHOME": keyring["GNUPGHOME"]}
    world.store(environ=environ, sign=True).save(Record("wiki"))
    proof = proof_of(world.store(environ=environ, sign=True))
    assert proof.problems == () and "1 of 1 head signed by CI <ci@x.org> (" in as_text([proof])
    elsewhere = as_text([proof_of(world.store(environ={**ENV, "GNUPGHOME": "/nonexistent"}, sign=True))])
    assert "whose owner is not known here" in elsewhere and "import their public keys" in elsewhere
