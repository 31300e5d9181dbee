"""An approval that came in a change of its own is told from one that came with what it approves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.cycle.approval_origins import with_origins
from reconciler.declare.load import load
from tests.support.gitworld import git
from tests.support.servers import Desk

ENTRY = '{{plan: "sha256:{0}", safeguard: accidentalDeletions, reason: NET-1, expires: 2099-12-31}}'


class Repository:
    """A checkout of declarations, and what is known of its approvals."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.desk = folder, Desk(folder, "http://127.0.0.1/v2")
        git(folder, "init", "--quiet", "--initial-branch=main")
        self.commit()

    def commit(self) -> None:
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "-m", "x")

    def approve(self, *plans: str) -> None:
        self.desk.write("apps/wiki/approvals.yaml", f"approvals: [{', '.join(ENTRY.format(plan * 64) for plan in plans)}]\n")

    def came(self) -> list[str]:
        return [item.came for item in with_origins(load(Path("desired")).declarations.apps["wiki"], "desired").approvals]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.chdir(tmp_path)
    return Repository(tmp_path)


def test_an_approval_in_a_commit_of_its_own_came_alone(repository: Repository) -> None:
    repository.approve("a")
    (repository.folder / "README.md").write_text("what is no declaration does not count")
    repository.commit()
    repository.desk.people("ada@x.org")
    repository.commit()
    assert repository.came() == ["alone"]


def test_an_approval_beside_another_change_did_not(repository: Repository) -> None:
    repository.approve("a")
    repository.commit()
    repository.approve("a", "b")
    repository.desk.people("ada@x.org")
    repository.commit()
    assert repository.came() == ["alone", "mixed"]


def test_an_approval_that_is_not_committed_did_not(repository: Repository) -> None:
    repository.approve("a")
    assert repository.came() == ["mixed"]


@pytest.mark.parametrize(
    ("second", "came"), [(lambda r: r.desk.people("ada@x.org"), "mixed"), (lambda r: r.approve("a", "b"), "alone")]
)
def test_a_merged_branch_is_one_change_whatever_its_commits_are(
    repository: Repository, second: Callable[[Repository], None], came: str
) -> None:
    git(repository.folder, "checkout", "--quiet", "-b", "branch")
    repository.approve("a")
    repository.commit()
    second(repository)
    repository.commit()
    git(repository.folder, "checkout", "--quiet", "main")
    git(repository.folder, "merge", "--quiet", "--no-ff", "-m", "merge", "branch")
    assert repository.came()[0] == came


def test_without_the_history_nothing_is_known(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.approve("a")
    repository.commit()
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{tmp_path}", "shallow")
    monkeypatch.chdir(tmp_path / "shallow")
    assert repository.came() == [""]


def test_outside_of_a_repository_nothing_is_known(
    tmp_path_factory: pytest.TempPathFactory, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("bare")
    Desk(folder, "http://127.0.0.1/v2").write("apps/wiki/approvals.yaml", f"approvals: [{ENTRY.format('a' * 64)}]\n")
    monkeypatch.chdir(folder)
    assert repository.came() == [""]
