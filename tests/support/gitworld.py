"""A bare repository as the remote, a checkout of it, and a clock that a test turns."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reconciler.record.git.store import GitStore
from reconciler.record.signatures import Identity, Rules

ENV = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@x.org",
    "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@x.org",
}  # fmt: skip


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", str(folder), *arguments], env=ENV, check=True, capture_output=True, text=True).stdout


class Clock:
    """Virtual time: sleeping turns it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 6, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def elapsed(self) -> float:
        return self.now.timestamp()

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@functools.cache
def _template() -> Path:
    """A remote and a checkout of it, with three commits: made once a worker, and copied for every test."""
    folder = Path(tempfile.mkdtemp(prefix="gitworld-"))
    atexit.register(shutil.rmtree, folder)
    bare, checkout = folder / "remote.git", folder / "checkout"
    git(folder, "init", "--bare", "--quiet", "--initial-branch=main", str(bare))
    git(folder, "clone", "--quiet", f"file://{bare}", str(checkout))
    for number in range(3):
        (checkout / "file").write_text(str(number))
        git(checkout, "add", "file")
        git(checkout, "commit", "--quiet", "-m", f"c{number}")
    git(checkout, "push", "--quiet", "origin", "main")
    git(bare, "config", "receive.autogc", "false")  # which would look after each push whether there is anything to do
    for sample in folder.rglob("*.sample"):
        sample.unlink()
    return folder


class GitWorld:
    def __init__(self, folder: Path) -> None:
        self.bare, self.checkout, self.clock = folder / "remote.git", folder / "checkout", Clock()
        shutil.copytree(_template(), folder, dirs_exist_ok=True, symlinks=True)
        config = self.checkout / ".git/config"
        config.write_text(config.read_text().replace(f"file://{_template()}/remote.git", self.url))

    @property
    def url(self) -> str:
        return f"file://{self.bare}"

    def clone(self, name: str, *options: str) -> Path:
        """Another machine's checkout."""
        folder = self.bare.parent / name
        git(self.bare.parent, "clone", "--quiet", *options, self.url, str(folder))
        return folder

    def store(
        self,
        folder: Path | None = None,
        *,
        interval: float = 120.0,
        environ: Mapping[str, str] = ENV,
        sleep: Callable[[float], None] | None = None,
        sign: bool = False,
        until: str = "",
        signers: str = "",
        identities: tuple[Identity, ...] = (),
        named: str = "refs/reconcile/<app>",
    ) -> GitStore:
        return GitStore(
            "wiki",
            "origin",
            folder or self.checkout,
            environ=environ,
            clock=self.clock,
            sleep=sleep or self.clock.sleep,
            interval=interval,
            elapsed=self.clock.elapsed,
            rules=Rules(sign, until, signers, identities),
            named=named,
        )

    def log(self) -> list[str]:
        """The messages of the record's commits, newest first."""
        return git(self.bare, "log", "--format=%s", "refs/reconcile/wiki").splitlines()

    def show(self, path: str) -> str:
        return git(self.bare, "show", f"refs/reconcile/wiki:{path}")

    def files(self) -> list[str]:
        return git(self.bare, "ls-tree", "-r", "--name-only", "refs/reconcile/wiki").splitlines()


def state(folder: Path) -> Iterator[str]:
    """All of a checkout that is the user's."""
    yield git(folder, "status", "--porcelain=v2", "--branch")
    yield git(folder, "for-each-ref")
    yield git(folder, "reflog", "show", "--all")
    yield git(folder, "config", "--local", "--list")
    yield (folder / ".git/index").read_bytes().hex()
    yield str((folder / ".git/FETCH_HEAD").exists())
