"""What the declarations said at an earlier commit, and what is not known of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reconciler.cycle.earlier_commit import is_known, names_at, text_at
from tests.support.gitworld import git

FILE = "desired/apps/wiki/approvals.yaml"


@pytest.fixture
def commits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two commits of a repository that is the current folder."""
    git(tmp_path, "init", "--quiet")
    file, found = tmp_path / FILE, []
    file.parent.mkdir(parents=True)
    for text in ("approvals: []\n", "approvals: [ä]\n"):
        file.write_text(text)
        git(tmp_path, "add", "--all")
        git(tmp_path, "commit", "--quiet", "-m", "x")
        found.append(git(tmp_path, "rev-parse", "HEAD").strip())
    monkeypatch.chdir(tmp_path)
    return found


def test_a_file_has_the_text_of_its_commit(commits: list[str]) -> None:
    assert [text_at(commit, FILE) for commit in commits] == ["approvals: []\n", "approvals: [ä]\n"]


def test_a_file_is_found_from_below_and_by_its_whole_path(commits: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    whole = os.path.abspath(FILE)
    monkeypatch.chdir("desired")
    assert text_at(commits[0], FILE.removeprefix("desired/")) == text_at(commits[0], whole) == "approvals: []\n"


def test_files_are_named_as_declarations_name_them(commits: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert names_at(commits[0], "desired") == [FILE]
    monkeypatch.chdir("desired")
    assert names_at(commits[0], ".") == ["./apps/wiki/approvals.yaml"]


@pytest.mark.parametrize("commit", ["", "HEAD", "--help", "0" * 40])
def test_what_is_no_commit_here_is_not_known(commits: list[str], commit: str) -> None:
    assert text_at(commit, FILE) is None
    assert names_at(commit, "desired") == []
    assert not is_known(commit)
    assert is_known(commits[0])


def test_a_file_elsewhere_or_behind_a_link_is_not_known(commits: list[str], tmp_path: Path) -> None:
    os.symlink("apps", tmp_path / "desired" / "link")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "-m", "link")
    head = git(tmp_path, "rev-parse", "HEAD").strip()
    assert text_at(head, "../elsewhere.yaml") is None
    assert text_at(head, "desired/link") is None
    assert text_at(head, FILE) is not None


def test_outside_of_a_repository_nothing_is_known(
    commits: list[str], tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("bare"))
    assert text_at(commits[0], FILE) is None
