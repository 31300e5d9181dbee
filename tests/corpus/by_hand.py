"""Steps of a world that no declaration makes: odd files, what somebody does to the repository, a remote that goes away."""

from __future__ import annotations

import os
import shlex
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.support.gitworld import ENV, git


class ByHand:
    """What somebody does beside the program. `folder` is the checkout, `desired` below it, `top` above it."""

    top: Path
    folder: Path
    desired: Path
    remote: Path | None
    heads: list[str]  # commits that `git` came to, some of which are named by their first digits alone
    patch: pytest.MonkeyPatch

    def _at(self, path: str) -> Path:
        (self.desired / path).parent.mkdir(parents=True, exist_ok=True)
        return self.desired / path

    def clear(self, path: str) -> None:
        """What stands there, and is not a folder of its own."""
        (self.desired / path).unlink()

    def link(self, links: dict[str, str]) -> None:
        for path, target in links.items():
            self._at(path).symlink_to(target)

    def latin1(self, files: dict[str, str]) -> None:
        for path, text in files.items():
            self._at(path).write_text(text, encoding="latin-1")

    def pipe(self, path: str) -> None:
        os.mkfifo(self._at(path))

    def large(self, path: str) -> None:
        with self._at(path).open("wb") as file:
            file.truncate((64 << 20) + 1)  # without a block on the disk

    def git(self, line: str) -> None:
        git(self.folder, *shlex.split(line))
        self.heads.append(git(self.folder, "rev-parse", "HEAD").strip())

    def unplug(self, _: None = None) -> None:
        """The remote is out of reach from now on."""
        assert self.remote is not None
        self.remote.rename(self.remote.with_name("elsewhere.git"))

    def shallow(self, _: None) -> None:
        """The clone holds the newest commit alone."""
        (self.folder / ".git/shallow").write_text(git(self.folder, "rev-parse", "HEAD"))

    def forge(self, _: None) -> None:
        """Somebody pushes a commit of their own onto the record's ref."""
        assert self.remote is not None
        tree = git(self.remote, "rev-parse", "refs/reconcile/wiki^{tree}").strip()
        commit = _dated(self.remote, "commit-tree", tree, "-p", "refs/reconcile/wiki", "-m", "tidy up").strip()
        git(self.remote, "update-ref", "refs/reconcile/wiki", commit)

    def key(self, passphrase: str) -> None:
        """git is told to sign with an SSH key; one with a passphrase is in no agent."""
        file = self.top / "key"
        file.unlink(missing_ok=True)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "t", "-f", str(file)], check=True)
        allowed = self.top / "allowed_signers"
        allowed.write_text(f"t@x.org {file.with_suffix('.pub').read_text()}")
        for name, value in (("gpg.format", "ssh"), ("user.signingkey", file), ("gpg.ssh.allowedSignersFile", allowed)):
            git(self.folder, "config", name, str(value))

    def rezip(self, changes: dict[str, dict[str, str]]) -> None:
        """Every text in an archive, beside the checkout, with words in the place of others."""
        for path, pairs in changes.items():
            with zipfile.ZipFile(self.top / path) as archive:
                texts = {name: archive.read(name).decode() for name in archive.namelist()}
            with zipfile.ZipFile(self.top / path, "w") as archive:
                for name, text in texts.items():
                    for old, new in pairs.items():
                        text = text.replace(old, new)
                    archive.writestr(name, text)


def _dated(folder: Path, *arguments: str) -> str:
    """What git prints, on the first day of every world."""
    dates = {f"GIT_{who}_DATE": "2026-06-01T00:00:00Z" for who in ("AUTHOR", "COMMITTER")}
    ran = subprocess.run(["git", "-C", str(folder), *arguments], env=ENV | dates, check=True, capture_output=True, text=True)
    return ran.stdout
