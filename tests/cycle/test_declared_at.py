"""What the commit of a time declared of an app, by line; and why nobody can say it, where nobody can."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.cycle.declared_at import commit_at, declared_at
from reconciler.cycle.declared_then import NotKnown
from reconciler.cycle.marks_then import marks_then
from reconciler.declare.load import load
from tests.cycle.test_touched import app, write
from tests.support.gitworld import ENV, git
from tests.support.world import MAPPINGS, ROLES

USERS = "users: [{userPrincipalName: ada@x.org}, {userPrincipalName: bob@x.org}, {userPrincipalName: eve@x.org}]\n"
DIRECT = "  - {user: ada@x.org, role: Admin, expires: 2026-03-31}\n"


def commit(folder: Path, day: str, assigned: str) -> str:
    """A commit of that day, eight in the morning."""
    write("apps/wiki/assignments.yaml", f"assignments:\n{assigned}  - {{group: Net, role: User}}\n")
    ENV.update(dates := {f"GIT_{who}_DATE": f"{day}T08:00:00Z" for who in ("AUTHOR", "COMMITTER")})
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", day)
    for name in dates:
        del ENV[name]
    return git(folder, "rev-parse", "HEAD").strip()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "--quiet")
    write("directory/users/a.yaml", USERS)
    write(
        "directory/groups/a.yaml",
        "groups: [{displayName: Inner, members: [bob@x.org]},\n  {displayName: Net, members: [{group: Inner}]}]\n",
    )
    app("wiki")
    write("apps/wiki/mappings.yaml", MAPPINGS)
    write("apps/wiki/roles.yaml", ROLES)
    return tmp_path


def told(at: str) -> list[tuple[str, str, str, int, str]]:
    """Who, what, by which line and commit."""
    declarations = load(Path("desired")).declarations
    found = ((row, row.declared) for row in declared_at(declarations.apps["wiki"], declarations, at))
    return [(row.login, row.what, said.file, said.line, said.commit) for row, said in found if said is not None]


def test_the_newest_commit_of_then_says_it_with_the_assignments_of_that_day(folder: Path) -> None:
    first = commit(folder, "2026-03-01", DIRECT)
    second = commit(folder, "2026-05-01", "  - {user: eve@x.org, role: User}\n")
    places = "desired/apps/wiki/assignments.yaml", "desired/directory/groups/a.yaml"
    net = [("bob@x.org", "User", places[0], 3, first), ("bob@x.org", "Net", places[1], 1, first)]
    assert told("2026-03-10T23:59:59Z") == [("ada@x.org", "Admin", places[0], 2, first), *net]
    assert told("2026-04-10T23:59:59Z") == net, "which ended on 2026-03-31"
    assert [(who, what, said) for who, what, *_, said in told("2026-05-02T00:00:00Z")] == [
        ("bob@x.org", "User", second),
        ("bob@x.org", "Net", second),
        ("eve@x.org", "User", second),
    ]


def test_where_nobody_can_say_it_that_is_said(folder: Path) -> None:
    commit(folder, "2026-03-01", DIRECT)
    with pytest.raises(NotKnown, match="no commit from before 2026-02-01"):
        told("2026-02-01T23:59:59Z")
    commit(folder, "2026-04-01", "  - {user: nobody@x.org, role: User}\n")
    commit(folder, "2026-05-01", DIRECT)
    with pytest.raises(NotKnown, match="cannot be read as it is there"):
        told("2026-04-10T23:59:59Z")
    (folder / "desired/directory/users/b.yaml").symlink_to("a.yaml")
    commit(folder, "2026-06-01", DIRECT)
    (folder / "desired/directory/users/b.yaml").unlink()
    with pytest.raises(NotKnown, match="links"):
        told("2026-06-10T23:59:59Z")


def test_what_would_help_is_said_by_where_it_is_asked(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    commit(folder, "2026-03-01", DIRECT)
    head = commit(folder, "2026-04-01", DIRECT)
    with pytest.raises(NotKnown, match="which has its whole history: fetch the branch or the repository that has more"):
        commit_at("2026-01-01T00:00:00Z")
    (folder / ".git/shallow").write_text(head + "\n")
    with pytest.raises(NotKnown, match="fetch its history .git fetch --unshallow"):
        commit_at("2026-03-02T00:00:00Z")
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(elsewhere)
    with pytest.raises(NotKnown, match="this folder is in no Git checkout: run it in a clone"):
        commit_at("2026-03-02T00:00:00Z")


def test_what_was_privileged_is_what_the_commit_of_then_says(folder: Path) -> None:
    commit(folder, "2026-03-01", DIRECT)
    write("apps/wiki/roles.yaml", ROLES.replace("displayName: User", "displayName: User, privileged: true"))
    commit(folder, "2026-05-01", "")
    write("apps/wiki/roles.yaml", ROLES)
    commit(folder, "2026-06-01", "  - {group: Inner, role: Admin}\n")
    declarations = load(Path("desired")).declarations
    marks = [marks_then(declarations.apps["wiki"], declarations, f"2026-0{month}-10T00:00:00Z") for month in (3, 5, 6)]
    assert [mark.roles for mark in marks] == [
        {"admin": True, "user": False},
        {"admin": True, "user": True},
        {"admin": True, "user": False},
    ]
    assert [mark.groups for mark in marks] == [
        {"inner": False, "net": False},
        {"inner": True, "net": True},
        {"inner": True, "net": False},
    ]
    with pytest.raises(NotKnown, match="no commit from before"):
        marks_then(declarations.apps["wiki"], declarations, "2026-01-01T00:00:00Z")
