"""Which apps a change touches: by file, by whom it assigns, and all of them when in doubt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.cycle.touched import Touched, touched_since
from reconciler.declare.load import load
from reconciler.declare.model import Declarations
from tests.support.gitworld import git
from tests.support.world import MAPPINGS, ROLES

USERS = """users:
  - {userPrincipalName: ada@x.org, manager: grace@x.org}
  - {userPrincipalName: grace@x.org}
  - {userPrincipalName: hopper@x.org}
  - {userPrincipalName: nobody@x.org}
"""
GROUPS = """groups:
  - {displayName: Inner, members: [grace@x.org]}
  - {displayName: Team, members: [{group: Inner}]}
  - {displayName: Empty, members: []}
"""
ASSIGNED = {"crm": "user: ada@x.org", "wiki": "group: Team", "zoo": "user: hopper@x.org"}


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The commit of three apps: crm has ada, wiki the group Team, in which grace is by another group, zoo has hopper."""
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "--quiet")
    write("directory/users/a.yaml", USERS)
    write("directory/groups/a.yaml", GROUPS)
    write("reconciler.yaml", "record: {backend: local}\n")
    write("policies/a.yaml", "policies: []\n")
    for name, assigned in ASSIGNED.items():
        app(name)
        write(f"apps/{name}/mappings.yaml", MAPPINGS)
        write(f"apps/{name}/roles.yaml", ROLES)
        write(f"apps/{name}/assignments.yaml", f"assignments: [{{{assigned}, role: User}}]\n")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "-m", "base")
    return git(tmp_path, "rev-parse", "HEAD").strip()


def write(name: str, text: str) -> None:
    file = Path("desired", name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def app(name: str, more: str = "") -> None:
    credentials = f"tenantUrl: https://{name}.x.org, secretToken: '${{env:{name.upper()}_TOKEN}}'"
    write(f"apps/{name}/app.yaml", f"app: {name}\nadminCredentials: {{{credentials}}}\n{more}")


def edit(name: str, old: str, new: str) -> None:
    text = Path("desired", name).read_text()
    assert old in text
    write(name, text.replace(old, new))


def today() -> Declarations | None:
    loaded = load(Path("desired"))
    return None if loaded.errors else loaded.declarations


def since(commit: str) -> Touched:
    return touched_since(commit, Path("desired"), today)


USER, GROUP = "directory/users/a.yaml", "directory/groups/a.yaml"
POLICY = "{name: few, remedy: ask, %sholders: {role: Admin, maximum: 2}}"


@pytest.mark.parametrize(
    ("change", "apps"),
    [
        (lambda: None, ""),
        (lambda: write("README.md", "words"), ""),
        (lambda: edit("apps/zoo/roles.yaml", "Admin", "Boss"), "zoo"),
        (lambda: write("apps/zoo/approvals.yaml", "approvals: []\n"), "zoo"),
        (lambda: Path("desired/apps/zoo/roles.yaml").unlink(), "zoo"),
        (lambda: edit(USER, "hopper@x.org}", "hopper@x.org, jobTitle: Admiral}"), "zoo"),
        (lambda: edit(USER, "hopper@x.org", "HOPPER@x.org"), "zoo"),
        (lambda: edit(USER, "nobody@x.org}", "nobody@x.org, jobTitle: Clerk}"), ""),
        (lambda: edit(USER, "Name: grace@x.org}", "Name: grace@x.org, jobTitle: Admiral}"), "crm wiki"),
        (lambda: edit(GROUP, "Empty, members: []", "Empty, members: [nobody@x.org]"), ""),
        (lambda: edit(GROUP, "members: [grace@x.org]", "members: [nobody@x.org]"), "wiki"),
        (lambda: edit(GROUP, "members: [grace@x.org]", "members: []"), "wiki"),
        (lambda: edit(GROUP, "Team,", "Team, description: x,"), "wiki"),
        (lambda: (edit(USER, "  - {userPrincipalName: hopper@x.org}\n", ""),
                  write("directory/users/b.yaml", "users: [{userPrincipalName: hopper@x.org}]\n")), ""),
        (lambda: edit("policies/a.yaml", "[]", f"[{POLICY % 'apps: [wiki], '}]"), "wiki"),
        (lambda: write("reviews/Q4/grace.yaml", "access: []\n"), ""),
    ],
)  # fmt: skip
def test_an_app_is_touched_by_its_files_and_by_whom_it_assigns(base: str, change: Callable[[], object], apps: str) -> None:
    change()
    found = since(base)
    assert (sorted(found.apps), found.every) == (apps.split(), "")


@pytest.mark.parametrize(
    ("rule", "apps"),
    [
        ("", []),
        ("deprovisioning: {outOfScope: disable, removedFromDirectory: delete}", ["crm"]),
        ("provisioning: {scope: all}", ["crm"]),
        ("safeguards: {protected: [nobody@x.org]}", ["crm"]),
    ],
)
def test_somebody_whom_no_app_assigns_touches_one_whose_rules_may_concern_them(base: str, rule: str, apps: list[str]) -> None:
    """Who leaves may still be in a record, disabled, and is to be deleted there now."""
    app("crm", rule + "\n")
    git(Path(), "commit", "-qam", "x")
    head = git(Path(), "rev-parse", "HEAD").strip()
    left, changed = "  - {userPrincipalName: nobody@x.org}\n", "  - {userPrincipalName: nobody@x.org, jobTitle: x}\n"
    edit(USER, left, changed if "protected" in rule else "")
    assert sorted(since(head).apps) == apps


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda: edit("reconciler.yaml", "local", "git"), "reconciler.yaml differs"),
        (lambda: edit("policies/a.yaml", "[]", f"[{POLICY % ''}]"), "a policy on every app differs in policies/a.yaml"),
        (lambda: edit(USER, "users:", "users: ["), "directory/users/a.yaml is not understood"),
        (lambda: edit(USER, "userPrincipalName: hopper@x.org", "jobTitle: x"), "directory/users/a.yaml is not understood"),
        (lambda: edit(USER, "Name: grace@x.org}", "Name: grace@x.org, manager: gone@x.org}"), "the declarations have errors"),
        (lambda: write("stray.txt", "x"), "stray.txt differs"),
        (lambda: Path("desired/apps/zoo/approvals.yaml").symlink_to("../wiki/roles.yaml"), "there are links"),
    ],
)
def test_what_is_not_understood_touches_every_app(base: str, change: Callable[[], object], why: str) -> None:
    change()
    found = since(base)
    assert found.every.startswith(why) and found.holds("wiki")


@pytest.mark.parametrize("commit", ["0" * 40, "no-such-name", "--help", ""])
def test_a_commit_that_is_not_here_touches_every_app(base: str, commit: str) -> None:
    assert since(commit).every == f"the commit {commit[:12]} is not in this checkout"


def test_what_a_shallow_clone_does_not_have_touches_every_app(base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(USER, "hopper@x.org}", "hopper@x.org, jobTitle: Admiral}")
    git(tmp_path, "commit", "-qam", "x")
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{tmp_path}", str(tmp_path / "clone"))
    monkeypatch.chdir(tmp_path / "clone")
    assert since(base).every and not since("HEAD").every
