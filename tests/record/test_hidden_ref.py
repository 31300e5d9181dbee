"""A remote that does not keep a record as a remote should: told as what it is, with what to do. Real repositories."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.record.model import Record
from reconciler.record.store import RecordError
from tests.support.gitworld import GitWorld, git

READERS, PUSHES = "uploadpack.hideRefs", "receive.hideRefs"


@pytest.fixture
def remote(tmp_path: Path) -> GitWorld:
    return GitWorld(tmp_path)


def hook(remote: GitWorld, name: str, body: str) -> None:
    file = remote.bare / "hooks" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)


def refused(remote: GitWorld, folder: Path | None = None) -> RecordError:
    with pytest.raises(RecordError) as caught:
        remote.store(folder).save(Record("wiki", runs=2))
    return caught.value


def refs(remote: GitWorld) -> str:
    return git(remote.bare, "for-each-ref", "refs/reconcile")


@pytest.mark.parametrize("there", ["nothing", "a branch", "a record"])
def test_a_remote_of_another_hash_kind_is_named(remote: GitWorld, tmp_path: Path, there: str) -> None:
    other, source = tmp_path / "other.git", tmp_path / "source"
    git(tmp_path, "init", "--bare", "--quiet", "--object-format=sha256", "--initial-branch=main", str(other))
    git(tmp_path, "init", "--quiet", "--object-format=sha256", str(source))
    git(source, "commit", "--quiet", "--allow-empty", "-m", "x")
    if there != "nothing":
        git(source, "push", "--quiet", str(other), f"HEAD:refs/{'heads/main' if there == 'a branch' else 'reconcile/wiki'}")
    git(remote.checkout, "remote", "set-url", "origin", f"file://{other}")
    error = refused(remote)
    assert "another hash" in error.message and "SHA-256" in error.message and "record: {backend: git" in error.remedy
    if there != "nothing":  # a plan says so already
        with pytest.raises(RecordError, match="another hash"):
            remote.store().load()


def test_a_first_push_that_readers_are_not_shown_is_told_and_taken_back(remote: GitWorld) -> None:
    git(remote.bare, "config", "--add", READERS, "refs/reconcile")
    error = refused(remote)
    assert error.message == "the remote took refs/reconcile/wiki, and hides it from readers" and READERS in error.remedy
    assert refs(remote) == "" and remote.store().load() is None
    with pytest.raises(RecordError, match="hides it from readers"), remote.store().lock("apply", "t"):
        raise AssertionError("nothing is written without a record")
    assert refs(remote) == ""


def test_a_first_push_that_does_not_last_is_told(remote: GitWorld) -> None:
    hook(remote, "post-receive", "git update-ref -d refs/reconcile/wiki")
    error = refused(remote)
    assert error.message == "the remote took refs/reconcile/wiki, and does not have it" and "hook" in error.remedy


def test_a_record_that_readers_are_no_longer_shown_is_not_gone(remote: GitWorld) -> None:
    remote.store().save(Record("wiki", runs=1))
    git(remote.bare, "config", "--add", READERS, "refs/reconcile")
    with pytest.raises(RecordError, match="the remote has refs/reconcile/wiki, and hides it from readers"):
        remote.store().load()
    error = refused(remote, remote.clone("new"))
    assert error.message == "the remote has refs/reconcile/wiki, and hides it from readers"
    git(remote.bare, "config", "--add", READERS, "!refs/reconcile")
    assert remote.store().load() == Record("wiki", runs=1)


@pytest.mark.parametrize("key", [PUSHES, "transfer.hideRefs"])
def test_a_ref_that_is_hidden_from_pushes_is_told(remote: GitWorld, key: str) -> None:
    git(remote.bare, "config", "--add", key, "refs/reconcile")
    error = refused(remote)
    assert error.message.startswith("the remote hides refs/reconcile/* from pushes") and "hideRefs" in error.remedy
    assert refs(remote) == ""


def test_a_record_that_is_hidden_from_pushes_is_not_taken_for_changed(remote: GitWorld) -> None:
    remote.store().save(Record("wiki", runs=1))
    git(remote.bare, "config", "--add", PUSHES, "refs/reconcile")
    assert refused(remote).message == "the remote hides refs/reconcile/* from pushes"
    assert remote.store().load() == Record("wiki", runs=1)


@pytest.mark.parametrize("name", ["pre-receive", "update"])
def test_a_hook_that_declines_is_told_in_its_words(remote: GitWorld, name: str) -> None:
    hook(remote, name, "echo 'policy 7: no'; exit 1")
    error = refused(remote)
    assert error.message.startswith("a hook of the remote refuses this push: ") and "policy 7: no" in error.message
    assert "refs/reconcile/*" in error.remedy
