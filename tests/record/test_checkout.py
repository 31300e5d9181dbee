"""Which repository git is asked about: the checkout around the current folder, whatever a change lays out; no program is run."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.cli.main import run
from reconciler.cycle.commit import revision
from reconciler.record.checkout import find_checkout
from reconciler.record.git.process import checkout_settings
from reconciler.record.git.store import GitStore
from reconciler.record.model import Record
from reconciler.record.store import RecordError
from tests.support.gitworld import ENV, GitWorld, git
from tests.support.world import World

COMMANDS = (
    ["validate"],
    ["plan"],
    ["apps"],
    ["lock"],
    ["apply", "--auto-approve"],
    ["record", "show", "User/a"],
    ["init"],
    ["record", "prune", "--older-than", "1d"],
    ["record", "migrate"],
    ["github", "plans", "--out", "plans"],
)


class Attacked:
    """A checkout with declarations in `desired`, and a harmless program that would leave a mark if git ran it."""

    def __init__(self, folder: Path, world: World) -> None:
        (folder / "git").mkdir()
        self.world, self.checkout, self.mark = GitWorld(folder / "git"), folder / "git/checkout", folder / "mark"
        self.program = folder / "program"
        self.program.write_text(f'#!/bin/sh\necho "$0 $*" >>{self.mark}\nexit 1\n')
        self.program.chmod(0o755)
        world.write("reconciler.yaml", "record: {backend: git, remote: origin}\n")
        shutil.copytree(world.folder / "desired", self.checkout / "desired")
        git(self.checkout, "add", ".")
        git(self.checkout, "commit", "--quiet", "-m", "declare")

    def configuration(self) -> str:
        """All by which a configuration can name a program, or another place to speak to."""
        run = self.program
        return f"""
[core]
    fsmonitor = {run}
    hooksPath = {run.parent}
    pager = {run}
    editor = {run}
    sshCommand = {run}
    gitProxy = {run}
    askPass = {run}
    alternateRefsCommand = {run}
[credential]
    helper = !{run}
[diff]
    external = {run}
[diff "mark"]
    textconv = {run}
    command = {run}
[filter "mark"]
    clean = {run}
    smudge = {run}
    process = {run}
    required = true
[pager]
    ls-tree = {run}
    config = {run}
[protocol]
    allow = always
[alias]
    ls-tree = !{run}
[http]
    proxy = http://127.0.0.1:1
    extraHeader = "X-Evil: 1"
[url "ext::{run} "]
    insteadOf = file://
    insteadOf = https://
[gpg]
    program = {run}
[commit]
    gpgSign = true
[uploadpack]
    packObjectsHook = {run}
"""

    def repository(self, path: str) -> Path:
        """A folder that is laid out like a bare repository, as files of a change can be, with the declarations in it."""
        evil = self.checkout / path
        shutil.copytree(self.checkout / "desired", evil)
        git(self.checkout, "init", "--quiet", "--bare", str(self.checkout / "bare"))
        shutil.copytree(self.checkout / "bare", evil, dirs_exist_ok=True)
        shutil.rmtree(self.checkout / "bare")
        (evil / "config").write_text(
            self.configuration()
            + f"""[remote "origin"]
    url = ext::{self.program} x
[core]
    repositoryformatversion = 0
    bare = false
    worktree = {evil}
"""
        )
        return evil


@pytest.fixture
def attacked(tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Attacked]:
    found = Attacked(tmp_path, world)
    monkeypatch.chdir(found.checkout)
    yield found
    assert not found.mark.exists(), found.mark.read_text()


def really_attacks(attacked: Attacked, folder: str) -> None:
    """That the layout does what it should: git by itself runs the program."""
    subprocess.run(["git", "-C", folder, "status"], env=ENV, cwd=attacked.checkout, capture_output=True)
    assert attacked.mark.exists()
    attacked.mark.unlink()


def test_a_folder_that_is_laid_out_like_a_repository_is_not_asked(attacked: Attacked, capsys: pytest.CaptureFixture[str]) -> None:
    """As `desired` itself, and behind a link of that name."""
    attacked.repository("evil")
    really_attacks(attacked, "evil")
    shutil.rmtree("desired")
    Path("desired").symlink_to("evil")
    for command in COMMANDS:
        assert run(command) == 1, command
        said = capsys.readouterr()
        assert "desired is a link" in said.out + said.err or command == ["init"]
    Path("desired").unlink()
    Path("evil").rename("desired")
    for command in COMMANDS:
        run(command)
    assert revision("desired") == (find_checkout(Path(), ENV).commit(), True)
    assert find_checkout(Path(), ENV).remotes() == ["origin"] and not GitStore("wiki", environ=ENV).apps()


def test_from_inside_of_such_a_folder_there_is_no_checkout_and_it_is_said(
    attacked: Attacked, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = attacked.repository("evil")
    for folder in (evil, evil / "apps/wiki", evil / "refs"):
        monkeypatch.chdir(folder)
        with pytest.raises(RecordError, match="laid out like a bare repository") as caught:
            GitStore("wiki", environ=ENV).load()
        assert "in a checkout" in caught.value.remedy
        assert revision(str(evil)) == (None, False)
    monkeypatch.chdir(evil)
    assert run(["lock", "--desired", str(evil)]) == 1
    assert "config has no meaning here" in capsys.readouterr().err


def test_a_git_that_knows_no_safe_bare_repositories_is_told_from_where_it_looked(
    attacked: Attacked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older git answers with the folder's own layout, whose work tree can be named to be the checkout."""
    evil = attacked.repository("evil")
    text = f"[core]\nrepositoryformatversion = 0\nbare = false\nworktree = {attacked.checkout}\n"
    (evil / "config").write_text(text)
    monkeypatch.setattr("reconciler.processes.environment.HARDENED", ())
    with pytest.raises(RecordError, match=r"is not the \.git of the checkout"):
        find_checkout(evil, ENV)


def test_nothing_that_a_checkouts_configuration_includes_is_run_or_followed(attacked: Attacked) -> None:
    """Teams share settings by `include.path = ../.gitconfig`: a file that a pull request can edit."""
    Path(".gitconfig").write_text(attacked.configuration() + '[remote "origin"]\n    pushurl = ext::false\n')
    Path(".gitattributes").write_text("* filter=mark diff=mark\n")
    git(attacked.checkout, "config", "include.path", "../.gitconfig")
    Path("desired/directory/users/new.yaml").write_text("users: []\n")
    really_attacks(attacked, "desired")
    store = GitStore("wiki", environ=ENV)
    with store.lock("reconcile apply", "t"):
        store.save(Record("wiki", "https://x"))
        store.renew()
    store.prune(0, store.clock())
    assert GitStore("wiki", environ=ENV).load() == Record("wiki", "https://x") and revision("desired")[1]
    for command in COMMANDS:
        run(command)


def test_programs_of_the_checkouts_own_configuration_are_not_run_either(attacked: Attacked) -> None:
    with open(".git/config", "a") as file:
        file.write(attacked.configuration())
    really_attacks(attacked, "desired")
    with GitStore("wiki", environ=ENV).lock("reconcile apply", "t"):
        pass
    assert revision("desired")[0] and revision("desired")[1] is False


@pytest.mark.parametrize(
    ("address", "followed"),
    [
        ("ext::sh -c true", False),
        ("fd::17", False),
        ("git://example.org/x", False),
        ("foo://x", False),
        ("foo::https://x", False),
        ("-x://y", False),
        ("https://example.org/x.git", True),
        ("ssh://git@example.org/x", True),
        ("git@example.org:x.git", True),
        ("../remote.git", True),
        ("/srv/remote.git", True),
        ("file:///srv/x.git", True),
        ("http://127.0.0.1/x", True),
    ],
)
def test_only_addresses_that_name_no_program_are_followed(attacked: Attacked, address: str, followed: bool) -> None:
    git(attacked.checkout, "config", "remote.origin.url", address)
    if followed:
        assert find_checkout(Path(), ENV).remote("origin").fetches[0][1].endswith(address)
    else:
        with pytest.raises(RecordError, match="is not one that is followed"):
            find_checkout(Path(), ENV).remote("origin")


def test_of_the_checkouts_credentials_only_that_of_the_remotes_own_origin_goes_out() -> None:
    """As actions/checkout writes it; whatever else is a header stays."""
    settings = [
        ("http.extraheader", "Authorization: all"),
        ("http.https://other.example/.extraheader", "Authorization: other"),
        ("http.https://git.example:8443/.extraheader", "AUTHORIZATION: port"),
        ("http.https://git.example/.extraheader", "X-Forwarded-Host: x"),
        ("http.https://git.example/team/.extraheader", "Authorization: path"),
        ("http.https://git.example/.proxy", "Authorization: x"),
        ("http.https://git.example/.extraheader", "AUTHORIZATION: basic own"),
    ]
    key = "http.https://git.example/.extraHeader"
    assert checkout_settings("https://me@git.example/team/x", settings) == (
        (key, ""),
        (key, "AUTHORIZATION: basic own"),
        ("http.followRedirects", "false"),
    )
    for url in ("git@git.example:x", "http://git.example/x", "https://third.example/x", "https://git.example.evil/x"):
        assert checkout_settings(url, [*settings, ("http.http://git.example/.extraheader", "Authorization: x")]) == ()


# The innocent


def test_worktrees_subfolders_and_submodules_are_checkouts(
    attacked: Attacked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree, inner = tmp_path / "tree", attacked.checkout / "teams/iam"
    git(attacked.checkout, "worktree", "add", "--quiet", str(tree))
    git(attacked.checkout, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", attacked.world.url, "module")
    shutil.copytree("desired", inner / "desired")
    git(attacked.checkout, "add", "teams")
    git(attacked.checkout, "commit", "--quiet", "-m", "a monorepo")
    head, first = (git(folder, "rev-parse", "HEAD").strip() for folder in (attacked.checkout, tree))
    assert revision("desired") == revision("teams/iam/desired") == (head, False)
    monkeypatch.chdir(inner)
    assert revision("desired") == revision("../../desired") == revision(str(inner / "desired")) == (head, False)
    GitStore("wiki", environ=ENV, declared=Path("desired")).save(Record("wiki", "https://x"))
    monkeypatch.chdir(inner / "desired")
    assert revision(".") == (head, False)
    monkeypatch.chdir(tree)
    assert revision("desired") == (first, False)
    assert GitStore("wiki", environ=ENV, declared=Path("desired")).load() == Record("wiki", "https://x")
    Path("desired/directory/users/new.yaml").write_text("users: []\n")
    monkeypatch.chdir(tree / "desired")
    assert revision("../desired") == (first, True)
    monkeypatch.chdir(attacked.checkout / "module")
    assert find_checkout(Path(), ENV).top == attacked.checkout / "module" and revision(".")[0] is not None


def test_declarations_outside_of_any_repository_have_no_commit_and_none_of_anothers_record(
    attacked: Attacked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outside = tmp_path / "other/folder"
    shutil.copytree("desired", outside)
    assert revision(str(outside)) == (None, False) == revision("../../other/folder")
    assert run(["lock", "--desired", str(outside)]) == 1
    assert "is outside the checkout" in capsys.readouterr().err
    (outside / "reconciler.yaml").unlink()
    for folder in (attacked.checkout, outside.parent):
        monkeypatch.chdir(folder)
        assert run(["lock", "--desired", str(outside)]) == 0 and capsys.readouterr().out == "wiki: not locked\n"
        assert revision(str(outside)) == (None, False)


@pytest.mark.parametrize(
    ("path", "text", "differs"),
    [
        ("desired/apps/wiki/roles.yaml", "roles: []\n", True),
        ("desired/directory/users/new.yaml", "users: []\n", True),
        ("desired/directory/users/ignored.yaml", "users: []\n", True),
        ("desired/README.md", "# new", False),
        ("desired/.notes", "x", False),
        ("desired/.cache/x.yaml", "x", False),
        ("desired/apps/wiki/roles.yaml", None, True),
        ("desired/known/README.md", "# edited", True),
        ("file", "elsewhere", False),
        ("desired-too/x.yaml", "x", False),
    ],
)
def test_files_that_differ_from_the_commit_are_told_by_content(
    attacked: Attacked, path: str, text: str | None, differs: bool
) -> None:
    Path("desired/known").mkdir()
    Path("desired/known/README.md").write_text("# known\n")
    Path("desired/known/link").symlink_to("README.md")
    Path(".gitignore").write_text("ignored.yaml\n")
    git(attacked.checkout, "add", ".")
    git(attacked.checkout, "commit", "--quiet", "-m", "more")
    found = find_checkout(Path(), ENV)
    commit = found.commit()
    assert commit and not found.differs(Path("desired"), commit)
    file = Path(path)
    file.parent.mkdir(exist_ok=True)
    file.write_text(text) if text is not None else file.unlink()
    assert found.differs(Path("desired"), commit) is differs


def test_line_ends_of_a_checkout_and_a_moved_link_are_told_apart(attacked: Attacked) -> None:
    Path("desired/link").symlink_to("apps")
    git(attacked.checkout, "add", ".")
    git(attacked.checkout, "commit", "--quiet", "-m", "link")
    found = find_checkout(Path(), ENV)
    commit = found.commit() or ""
    file = Path("desired/apps/wiki/app.yaml")
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert not found.differs(Path("desired"), commit)
    Path("desired/link").unlink()
    Path("desired/link").symlink_to("directory")
    assert found.differs(Path("desired"), commit)
    os.unlink("desired/link")
    shutil.copytree("desired/apps", "desired/link")
    assert found.differs(Path("desired"), commit)
