"""What validate says of mappings that carry less than before: by a local record, else by the commit before this change."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.cycle import base_commit
from reconciler.cycle.carried import check_carried
from reconciler.declare.load import load
from reconciler.declare.place import Problem
from tests.support.gitworld import GitWorld, git
from tests.support.servers import Desk
from tests.support.world import MAPPINGS

NO_ROLES = "".join(row for row in MAPPINGS.splitlines(keepends=True) if "target: roles" not in row)
NO_MEMBERS = MAPPINGS.replace("      - {target: members, source: members}\n", "")
NO_DELETE = MAPPINGS.replace("  users:\n", "  users:\n    targetObjectActions: [create, update]\n")
NO_ACTIVE = "".join(row for row in MAPPINGS.splitlines(keepends=True) if "target: active" not in row)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A checkout whose record lies in Git, where validate asks nobody for it."""
    checkout = GitWorld(tmp_path).checkout
    found = Desk(checkout, "http://127.0.0.1:1/v2")
    found.write("reconciler.yaml", "record: {backend: git, remote: origin}\n")
    git(checkout, "add", "--all")
    git(checkout, "commit", "--quiet", "-m", "before")
    monkeypatch.chdir(checkout)
    monkeypatch.delenv("GITHUB_EVENT_NAME", raising=False)
    return found


def said(desk: Desk, mappings: str) -> list[Problem]:
    desk.write("apps/wiki/mappings.yaml", mappings)
    base_commit._answer.cache_clear()  # which holds for one command
    return list(check_carried(load(Path("desired")).declarations))


@pytest.mark.parametrize(
    ("mappings", "code", "words"),
    [
        (NO_ROLES, "no-longer-mapped", "roles was mapped before this change, and no longer is"),
        (NO_MEMBERS, "no-longer-mapped", "members was mapped before this change, and no longer is"),
        (NO_DELETE, "loosened", "targetObjectActions of users lacks delete"),
        (
            NO_ACTIVE,
            "loosened",
            "active is not mapped: who has to go keeps an active account; it was not like this before this change",
        ),
        (MAPPINGS.replace("Assertive", ""), "loosened", "roles is mapped with AppRoleAssignmentsComplex"),
    ],
)
def test_a_mapping_that_carries_less_than_at_the_commit_before_is_a_warning(
    desk: Desk, mappings: str, code: str, words: str
) -> None:
    assert said(desk, MAPPINGS) == []
    (problem,) = said(desk, mappings)
    assert (problem.severity, problem.code) == ("warning", code) and problem.message.startswith(words)
    assert problem.place.file == "desired/apps/wiki/mappings.yaml"


def test_on_a_branch_the_commit_before_is_where_it_left_the_remotes(desk: Desk) -> None:
    git(desk.folder, "update-ref", "refs/remotes/origin/HEAD", "HEAD")
    desk.write("apps/wiki/mappings.yaml", NO_ROLES)
    git(desk.folder, "commit", "--quiet", "--all", "-m", "change")
    assert [problem.code for problem in said(desk, NO_ROLES)] == ["no-longer-mapped"]


@pytest.mark.parametrize("pushed", [False, True])
def test_right_after_the_commit_it_is_compared_with_the_one_before(desk: Desk, pushed: bool) -> None:
    desk.write("apps/wiki/mappings.yaml", NO_ROLES)
    git(desk.folder, "commit", "--quiet", "--all", "-m", "change")
    if pushed:
        git(desk.folder, "update-ref", "refs/remotes/origin/HEAD", "HEAD")
    assert [problem.code for problem in said(desk, NO_ROLES)] == ["no-longer-mapped"]
    desk.write("reconciler.yaml", "# another change\nrecord: {backend: git, remote: origin}\n")
    git(desk.folder, "commit", "--quiet", "--all", "-m", "next")
    assert said(desk, NO_ROLES) == []


def test_a_commit_whose_mappings_nobody_can_read_says_nothing(desk: Desk) -> None:
    desk.write("apps/wiki/mappings.yaml", "mappings: 1\n")
    git(desk.folder, "commit", "--quiet", "--all", "-m", "broken")
    assert said(desk, NO_ROLES) == []
