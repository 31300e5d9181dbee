"""The checkout around the current folder, and what it says of its commit and its remotes. Runs git, which runs nothing in turn.

A pull request shapes folders: one that is laid out like a repository could name programs in its configuration. So git is never
asked about a folder of declarations, only about the checkout's own top level; a pull request cannot write the .git in there.
Nothing is obeyed of that configuration either: the few settings that are needed are read as text, without what it includes.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from reconciler.record.git.process import checkout_settings, explained, finding, local, token_settings, without_credentials
from reconciler.record.store import RecordError

REMOTE = "reconcile"  # its address stands in the environment of each git process, never in a file or on a command line
FOLLOWED = re.compile(r"(https?|ssh|file)://\S+|(?![\w.+-]+::)(?!\S*://).+", re.DOTALL)  # the latter: host:path, or a path
LAYOUT = ("--path-format=absolute", "--show-toplevel", "--absolute-git-dir", "--git-common-dir", "--show-object-format")
Settings = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Remote:
    """A remote of the checkout: `common` is its .git folder, `fetches` and `pushes` are settings for git."""

    common: Path
    algorithm: str
    fetches: Settings = field(repr=False)
    pushes: Settings = field(repr=False)


@dataclass(frozen=True)
class Checkout:
    """`top` is the top level, `own` its git folder, `common` the one that worktrees share, `algorithm` that of its ids."""

    top: Path
    own: Path
    common: Path
    algorithm: str
    environ: Mapping[str, str] = field(repr=False)

    def output(self, *arguments: str) -> bytes | None:
        """What git answers of this repository, at its top level; None where it refuses. Raises RecordError."""
        answer = local(self.environ).run(f"--git-dir={self.own}", *arguments, folder=self.top)
        return None if answer.code else answer.output

    def _ask(self, *arguments: str) -> str | None:
        raw = self.output(*arguments)
        return None if raw is None else os.fsdecode(raw)

    def commit(self) -> str | None:
        """The commit that is checked out; None before the first one."""
        return (self._ask("rev-parse", "--verify", "--quiet", "HEAD") or "").strip() or None

    def branch(self) -> str | None:
        return (self._ask("symbolic-ref", "--short", "--quiet", "HEAD") or "").strip() or None

    def path_of(self, folder: Path) -> str | None:
        """A folder's path below the top level, as a commit has it; None where it lies outside."""
        real = folder.resolve()
        return real.relative_to(self.top).as_posix() if real.is_relative_to(self.top) else None

    def differs(self, folder: Path, commit: str) -> bool:
        """Whether what is in a folder, which is below the top level, is other than the commit has it."""
        return self.differing(folder, commit) != []

    def differing(self, folder: Path, commit: str) -> list[str] | None:
        """The files of the folder, from the top level, that are other than the commit has them; None where that is not known.

        By content, without git's index: no filter, attribute or setting has a say. Names that begin with a dot, and README.md,
        count where the commit has them.
        """
        path = self.path_of(folder)
        rows = self._ask("ls-tree", "-r", "-z", "--full-tree", commit, *([f"{path}/"] if path != "." else []))
        if rows is None:
            return None
        tracked = {name: words.split() for words, _, name in (row.partition("\t") for row in rows.split("\0") if row)}
        there = [file.relative_to(self.top).as_posix() for file in _read(folder.resolve())]
        changed = [name for name, (mode, _, id) in tracked.items() if self._changed(self.top / name, mode, id)]
        return sorted([*changed, *(name for name in there if name not in tracked)])

    def _changed(self, file: Path, mode: str, id: str) -> bool:
        if mode == "160000":  # another repository's commit
            return False
        try:
            raw = os.fsencode(os.readlink(file)) if mode == "120000" else None if file.is_symlink() else file.read_bytes()
        except OSError:
            return True
        if raw is None:
            return True
        return blob_id(raw, self.algorithm) != id and blob_id(raw.replace(b"\r\n", b"\n"), self.algorithm) != id

    @cached_property
    def settings(self) -> list[tuple[str, str]]:
        """What .git/config says, in its order; of what it includes nothing. Raises RecordError."""
        raw = local(self.environ).must(
            "config", "--file", str(self.common / "config"), "--no-includes", "-z", "--list", folder=Path("/")
        )
        pairs = (entry.partition("\n") for entry in os.fsdecode(raw).split("\0") if entry)
        return [(key, value) for key, _, value in pairs]

    def remotes(self) -> list[str]:
        """The names of the remotes that have an address. Raises RecordError."""
        matches = (re.fullmatch(r"remote\.(.+)\.url", key, re.DOTALL) for key, _ in self.settings)
        return sorted({match[1] for match in matches if match})

    def remote(self, name: str) -> Remote:
        """A remote with the credential for it. Raises RecordError.

        Only a configured remote's own address counts: a pull request can edit YAML, but not where the token goes.
        """
        address = self._address(name, "url")
        to = self._address(name, "pushurl") or address
        if not address or not to:
            raise RecordError(
                f"the repository has no remote {name!r}",
                "git remote add <name> <address>, and name it as `record: {backend: git, remote: <name>}` in reconciler.yaml",
            )
        url, pushurl = (f"remote.{REMOTE}.url", address), (f"remote.{REMOTE}.pushurl", to)
        return Remote(self.common, self.algorithm, (url, *self._credential(address)), (url, pushurl, *self._credential(to)))

    def _address(self, name: str, what: str) -> str | None:
        address = next((value for key, value in self.settings if key == f"remote.{name}.{what}" and value), None)
        if address is None:
            return None
        if not FOLLOWED.fullmatch(address):
            raise RecordError(
                f"the address of the remote {name!r} is not one that is followed: {without_credentials(address)}",
                "use an https, ssh or file address (git remote set-url)",
            )
        if "://" not in address and ":" not in address.split("/")[0]:
            return str(self.top / address)
        if not address.startswith(("http:", "https:", "file:")):
            self._check_ssh()
        return address

    def _check_ssh(self) -> None:
        """A program that configuration names is not run; whoever counts on one must not be somebody else unawares."""
        if any(key == "core.sshcommand" for key, _ in self.settings) and not {"GIT_SSH", "GIT_SSH_COMMAND"} & set(self.environ):
            raise RecordError(
                "core.sshCommand of the checkout is not run: a configuration may not name programs",
                "set GIT_SSH_COMMAND in the environment to that command, or to ssh",
            )

    def _credential(self, url: str) -> Settings:
        return token_settings(url, self.environ) or checkout_settings(url, self.settings)


def find_checkout(folder: Path, environ: Mapping[str, str]) -> Checkout:
    """The checkout around `folder`, the current one; worktrees and submodules too. Raises RecordError."""
    answer = finding(environ).run("rev-parse", *LAYOUT, folder=folder)
    if answer.code:
        raise explained(answer.errors)
    lines = os.fsdecode(answer.output).splitlines()
    if len(lines) != len(LAYOUT) - 1:
        raise RecordError("the checkout's path has a line break", "move it to a folder without one")
    top, own, common = map(Path, lines[:3])
    if not _is_git_folder_of(own, top) or not folder.resolve().is_relative_to(top):
        raise RecordError(
            f"{own} is not the .git of the checkout around the current folder",
            "run this in a checkout of the repository, outside of any folder that is laid out like one",
        )
    return Checkout(top, own, common, lines[3], environ)


def _is_git_folder_of(own: Path, top: Path) -> bool:
    """Whether `top`/.git is that folder, or a file that names it: a name that no commit can hold."""
    entry = top / ".git"
    try:
        if entry.is_file():
            entry = top / entry.read_text(encoding="utf-8", errors="surrogateescape").removeprefix("gitdir:").strip()
        return entry.samefile(own)
    except OSError:
        return False


def blob_id(content: bytes, algorithm: str) -> str:
    """The id that git gives to this content (gitformat: "blob <size>", NUL, content)."""
    return hashlib.new(algorithm, b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _read(folder: Path) -> list[Path]:
    """The files of a folder that declarations may be read from."""
    files_below: list[Path] = []
    for parent, folders, files in os.walk(folder):
        links = [name for name in folders if os.path.islink(os.path.join(parent, name))]
        files_below += [Path(parent, name) for name in (*files, *links) if not name.startswith(".") and name != "README.md"]
        folders[:] = [name for name in folders if not name.startswith(".")]
    return files_below
