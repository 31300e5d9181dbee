"""Which commit an app's assignments are compared with where no record and no remote says one."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.cycle.earlier_app import earlier_app
from reconciler.declare.load import load
from reconciler.plan.earlier import Earlier
from reconciler.record.model import Record
from tests.support.gitworld import git
from tests.support.servers import Desk

FILE = "apps/wiki/assignments.yaml"
UNTIL = "assignments: [{group: Net, role: User, expires: 2127-01-31}]\n"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    found = Desk(tmp_path, "http://127.0.0.1:1/v2")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_EVENT_NAME", raising=False)
    git(tmp_path, "init", "--quiet", "--initial-branch=trunk")
    commit(found)
    return found


def commit(desk: Desk) -> str:
    git(desk.folder, "add", "--all")
    git(desk.folder, "commit", "--quiet", "-m", "change")
    return git(desk.folder, "rev-parse", "HEAD").strip()


def earlier(record: Record | None = None, folder: Path = Path("desired")) -> Earlier:
    declarations = load(folder).declarations
    return earlier_app(declarations.apps["wiki"], declarations, record)


@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize("record", [None, Record("wiki")])
def test_what_was_edited_or_committed_last_is_compared_with_what_was_there(
    desk: Desk, record: Record | None, committed: bool
) -> None:
    before = git(desk.folder, "rev-parse", "HEAD").strip()
    desk.write(FILE, UNTIL)
    if committed:
        commit(desk)
    found = earlier(record)
    assert (found.commit, found.files) == (before, {f"desired/{FILE}"})
    assert [(item.group, item.expires) for item in found.assignments] == [("net", None)]


def test_the_first_commit_of_all_differs_from_nothing(desk: Desk) -> None:
    assert (earlier().files, earlier().assignments) == (frozenset(), ())


def test_a_commit_that_the_record_knows_comes_first(desk: Desk) -> None:
    applied = git(desk.folder, "rev-parse", "HEAD").strip()
    desk.write(FILE, UNTIL)
    commit(desk)
    desk.write(FILE, UNTIL.replace("31", "30"))
    commit(desk)
    assert earlier(Record("wiki", commit=applied)).commit == applied


def test_a_folder_that_is_named_from_the_root_is_the_same_one(desk: Desk) -> None:
    applied = Record("wiki", commit=git(desk.folder, "rev-parse", "HEAD").strip())
    found = earlier(applied, desk.folder / "desired")
    assert (found.files, found.assignments) == (frozenset(), ())
