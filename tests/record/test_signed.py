"""A record whose heads are signed, with real keys: who signed what, what is unsigned, and what a bad signature says."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.cycle.audited import prune_log, tell_trusted
from reconciler.cycle.proof import proof_of
from reconciler.record.git import signed
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


def save(world: GitWorld, runs: int, sign: bool = True, until: str = "") -> None:
    store = world.store(sign=sign, until=until)
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
    save(world, 2, until="2999-12-31")
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
    commit = made(world, new)
    git(world.bare, "update-ref", REF, commit)
    world.store(sign=True).trust(commit)
    assert f"commit {commit[:12]}" in said(world) and "has a bad signature" in said(world)
    assert proof_of(world.store()).problems != ()  # bad is bad, whatever reconciler.yaml says now


def made(world: GitWorld, text: str) -> str:
    """A commit of this very text."""
    command = ["git", "-C", str(world.bare), "hash-object", "-t", "commit", "-w", "--stdin"]
    return subprocess.run(command, input=text, env=ENV, capture_output=True, text=True, check=True).stdout.strip()


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


def refused(world: GitWorld, **how: Any) -> RecordError:
    """The error of who loads the record as it is now, and of who would go on from it without that; nothing is pushed."""
    was = head(world)
    with pytest.raises(RecordError) as caught:
        world.store(sign=True, **how).load()
    with pytest.raises(RecordError) as second:
        world.store(sign=True, **how).log([{"activityDateTime": "2026-06-01T00:00:00Z"}])
    assert caught.value.code == second.value.code == "RecordNotSigned" and head(world) == was
    assert "`reconcile record verify --app wiki`" in caught.value.remedy
    assert f"`reconcile record trust {was} --app wiki`" in caught.value.remedy
    return caught.value


@needs_ssh
def test_nothing_goes_on_from_an_unsigned_head_after_a_signed_one_until_a_person_trusts_it(
    world: GitWorld, tmp_path: Path
) -> None:
    mine = key(tmp_path)
    use(world, mine, mine)
    save(world, 1)
    good = head(world)
    pushed_unsigned(world)
    assert "is unsigned, and one before it is signed" in refused(world).message
    runner = world.clone("runner")  # it knows nothing of what was there before
    assert "is unsigned, and one before it is signed" in refused(world, folder=runner).message
    with pytest.raises(RecordError, match="is unsigned"):
        save(world, 2)
    assert proof_of(world.store(sign=True)).problems != ()  # which still looks at all of it
    git(world.bare, "update-ref", REF, good)
    assert world.store(sign=True).load() is not None  # the refused head was not history that this checkout knew
    pushed_unsigned(world)
    store = world.store(sign=True)
    assert store.trust(head(world)) and world.store(sign=True).load() is not None  # this machine, also without a key
    refused(world, folder=runner)
    tell_trusted(store, head(world))
    assert world.store(runner, sign=True).load() is not None  # the record of that is the next head, which is signed
    assert b'"trust"' in b"".join(world.store(sign=True).log_blocks()).splitlines()[-1]
    pushed_unsigned(world)
    refused(world)  # that one only was trusted


def pushed_unsigned(world: GitWorld) -> None:
    """Somebody who may push, and has no key, lets someone back in."""
    number = len(list(world.bare.parent.iterdir()))
    world.store(world.clone(f"mallory-{number}")).save(Record("wiki", runs=100 + number))


@needs_ssh
def test_a_history_without_a_signature_is_gone_on_from_until_the_day_that_was_named(world: GitWorld, tmp_path: Path) -> None:
    save(world, 1, sign=False)
    save(world, 2, sign=False)
    mine = key(tmp_path)
    use(world, mine, mine)
    today, yesterday = (f"{world.clock() - timedelta(days=back):%Y-%m-%d}" for back in (0, 1))
    assert "neither is any before it" in refused(world).message and "unsignedUntil" in refused(world).remedy
    assert f"unsignedUntil, {yesterday}, is over" in refused(world, until=yesterday).message
    assert world.store(sign=True, until=today).load() == Record("wiki", runs=2)
    save(world, 3, until=today)
    assert world.store(world.clone("runner"), sign=True).load() == Record("wiki", runs=3)
    pushed_unsigned(world)
    assert world.store(sign=False).load() is not None  # nobody asks for it
    refused(world, until=today)  # it follows a signed one


@needs_ssh
@pytest.mark.parametrize("how", ["put back", "begun anew"])
def test_a_runner_that_is_new_refuses_a_ref_without_a_signature(world: GitWorld, tmp_path: Path, how: str) -> None:
    save(world, 1, sign=False)
    unsigned = head(world)
    mine = key(tmp_path)
    use(world, mine, mine)
    until = f"{world.clock():%Y-%m-%d}"
    save(world, 2, until=until)
    world.clock.sleep(86_400)
    if how == "put back":
        git(world.bare, "update-ref", REF, unsigned)
    else:
        git(world.bare, "update-ref", "-d", REF)
        world.store(world.clone("mallory")).save(Record("wiki", runs=7))
    runner = world.clone("runner")
    assert "neither is any before it" in refused(world, folder=runner, until=until).message
    assert world.store(runner, sign=True).trust(head(world)) and world.store(runner, sign=True).load() is not None


@needs_ssh
def test_whose_keys_may_sign_is_known_from_the_file_that_is_declared(world: GitWorld, tmp_path: Path) -> None:
    mine, others = key(tmp_path), key(tmp_path, "other")
    use(world, others)
    save(world, 1)
    runner = world.clone("runner")
    signers = runner / ".github/allowed_signers"
    how: dict[str, Any] = {"folder": runner, "signers": ".github/allowed_signers"}
    with pytest.raises(RecordError, match="allowed_signers is not there") as caught:
        world.store(sign=True, **how).load()
    assert caught.value.code == "SignersMissing"
    signers.parent.mkdir()
    signers.write_text(f"key@x.org {mine.with_suffix('.pub').read_text()}")
    assert "which is nobody's who is known here" in refused(world, **how).message
    signers.write_text(signers.read_text() + f"other@x.org {others.with_suffix('.pub').read_text()}")
    assert world.store(sign=True, **how).load() is not None
    assert "signed by other@x.org" in as_text([proof_of(world.store(sign=True, **how))])
    git(runner, "config", "gpg.ssh.allowedSignersFile", str(tmp_path / "mine"))  # a change cannot bring that one
    (tmp_path / "mine").write_text(f"key@x.org {mine.with_suffix('.pub').read_text()}")
    assert "which is nobody's who is known here" in refused(world, **how).message


@needs_ssh
def test_who_signs_with_a_key_that_may_not_is_stopped_before_anything_is_pushed(world: GitWorld, tmp_path: Path) -> None:
    mine, others = key(tmp_path), key(tmp_path, "other")
    use(world, mine, others)
    with pytest.raises(RecordError, match="nothing was pushed: .* which is nobody's who is known here") as found:
        save(world, 1)
    assert found.value.code == "SigningFailed" and not git(world.bare, "for-each-ref", REF)
    use(world, others, others)
    save(world, 1)


@needs_ssh
def test_a_head_by_a_key_that_is_not_allowed_is_refused_where_the_file_of_signers_says_whose_are(
    world: GitWorld, tmp_path: Path
) -> None:
    mine, others = key(tmp_path), key(tmp_path, "other")
    use(world, others)
    save(world, 1)
    assert world.store(sign=True).load() is not None  # no file says whose keys are known
    use(world, mine, mine)
    assert "which is nobody's who is known here" in refused(world).message
    use(world, mine, mine, others)
    assert world.store(sign=True).load() is not None


@needs_ssh
@pytest.mark.parametrize(("kind", "why"), [("SSH", "has a bad signature"), ("NO", "of no kind that git knows")])
def test_a_head_with_a_bad_signature_is_refused(world: GitWorld, tmp_path: Path, kind: str, why: str) -> None:
    mine = key(tmp_path)
    use(world, mine, mine)
    save(world, 1)
    text = git(world.bare, "cat-file", "commit", REF)
    altered = text.replace(head(world, 1), head(world), 1).replace("gpgsig -----BEGIN SSH", f"gpgsig -----BEGIN {kind}")
    git(world.bare, "update-ref", REF, made(world, altered))
    assert why in refused(world).message
    assert world.store(sign=True).trust(head(world)) and world.store(sign=True).load() is not None


@needs_ssh
def test_without_a_program_that_looks_at_signatures_none_is_called_bad(world: GitWorld, tmp_path: Path) -> None:
    use(world, key(tmp_path))
    save(world, 1)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/git").symlink_to(str(shutil.which("git")))
    with pytest.raises(RecordError, match="there is no ssh-keygen") as caught:
        world.store(sign=True, environ={**ENV, "PATH": str(tmp_path / "bin")}).load()
    assert caught.value.remedy == "install openssh-client"


@needs_ssh
def test_only_the_newest_head_is_looked_at(world: GitWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = key(tmp_path)
    use(world, mine, mine)
    save(world, 1)
    save(world, 2)
    asked: list[tuple[str, ...]] = []
    found = signed.heads_of
    monkeypatch.setattr(signed, "heads_of", lambda git, folder, *words: asked.append(words) or found(git, folder, *words))
    store = world.store(sign=True)
    assert store.load() is not None and store.load() is not None
    assert asked == [("-1", head(world))]
