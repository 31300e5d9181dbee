"""The checkout around the current folder is asked of git once, and not at all where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.record import here
from tests.support.gitworld import git


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path]:
    """Of which folders git was asked."""
    folders, find = list[Path](), here.find_checkout
    monkeypatch.setattr(here, "find_checkout", lambda folder, environ: (folders.append(folder), find(folder, environ))[1])
    monkeypatch.chdir(tmp_path)
    return folders


def test_outside_of_any_checkout_git_is_not_begun(asked: list[Path]) -> None:
    assert here.checkout_here() is None and asked == []


def test_one_that_comes_to_be_is_found_and_looked_for_once(
    asked: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert here.checkout_here() is None
    git(tmp_path, "init", "-q")
    (tmp_path / "deeper").mkdir()
    monkeypatch.chdir(tmp_path / "deeper")
    found = here.checkout_here()
    assert found is not None and found.top == tmp_path.resolve()
    assert here.checkout_here() is found and len(asked) == 1
