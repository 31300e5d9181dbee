"""The checkout kept at the head of the remote's main branch: fast-forward, or an error. Runs git; changes the working tree."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from reconciler.declare.errors import ReconcileError
from reconciler.record.checkout import REMOTE, Checkout, find_checkout
from reconciler.record.git.process import Git, local, remote
from reconciler.record.store import RecordError

REFS = "refs/heads/"
SECONDS = 120.0  # that git may take


class Pulled(NamedTuple):
    """What came: the commit that is checked out now, and the paths of the files that differ from before."""

    commit: str
    files: tuple[str, ...]


class NotMerged(ReconcileError):
    """The checkout holds what nobody has merged."""


class Main:
    """The main branch of the remote `name`, and the checkout around the current folder, which has it checked out.

    `desired` is the folder of the declarations. Raises NotMerged where the checkout holds anything but a commit of that branch,
    RecordError where there is no such remote, or none that answers.
    """

    def __init__(self, desired: Path, name: str = "origin") -> None:
        self.checkout: Checkout = find_checkout(Path.cwd(), os.environ)
        self.place, self.folder = self.checkout.remote(name), self.checkout.path_of(desired) or "."

    def pull(self) -> Pulled | None:
        """Fast-forward to what the remote has; None where that is checked out already. One request where nothing is new."""
        branch, head = self._head()
        before = self.checkout.commit()
        self._refuse(branch)
        if head == before:
            return None
        self._must("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", REMOTE, f"{REFS}{branch}")
        self._forward(branch, head)
        return Pulled(head, self._differing(before, head))

    def _head(self) -> tuple[str, str]:
        """(the remote's main branch, its head)."""
        rows = [line.split("\t") for line in self._must("ls-remote", "--symref", REMOTE, "HEAD").splitlines()]
        names = [words.removeprefix("ref: ") for words, name in rows if name == "HEAD" and words.startswith("ref: " + REFS)]
        heads = [words for words, name in rows if name == "HEAD" and not words.startswith("ref: ")]
        if not names or not heads:
            raise RecordError("the remote has no main branch", "push one, and make it the remote's HEAD")
        return names[0].removeprefix(REFS), heads[0]

    def _refuse(self, branch: str) -> None:
        """Another branch, or work that is not committed, is somebody's: nothing is done to it, and nothing is applied of it."""
        if (own := self.checkout.branch()) != branch:
            where = f"the branch {own}" if own else "no branch"
            raise NotMerged(f"the checkout is on {where}, not on {branch}", f"git switch {branch}")
        tracked = self._names("diff", "--name-only", "-z", "HEAD")
        names = sorted({*tracked, *self._names("ls-files", "-z", "--others", "--exclude-standard", "--", self.folder)})
        if names:
            raise NotMerged(f"the checkout has changes that are not committed: {', '.join(names[:3])}", "commit or undo them")

    def _forward(self, branch: str, head: str) -> None:
        if not self._local().run(*self._here, "merge-base", "--is-ancestor", head, "HEAD", folder=self.checkout.top).code:
            raise NotMerged(f"the checkout has commits that {branch} at the remote has not", "push them, or undo them")
        ended = self._local().run(*self._here, "merge", "--ff-only", "--quiet", head, folder=self.checkout.top)
        if ended.code:
            raise NotMerged(
                f"{branch} cannot be fast-forwarded to {head[:12]}: {ended.errors.strip()[:300]}",
                f"bring the checkout back to what the remote has (git reset --hard origin/{branch}), or find out who rewrote it",
            )

    def _differing(self, before: str | None, head: str) -> tuple[str, ...]:
        return () if before is None else self._names("diff", "--name-only", "-z", "--no-renames", before, head)

    def _names(self, *arguments: str) -> tuple[str, ...]:
        names = self._local().must(*self._here, *arguments, folder=self.checkout.top)
        return tuple(os.fsdecode(name) for name in names.split(b"\0") if name)

    def _must(self, *arguments: str) -> str:
        git = remote(os.environ, self.place.fetches)
        return (
            Git(git.environ, git.secret, SECONDS)
            .must(*self._here, *arguments, folder=self.checkout.top)
            .decode("utf-8", "replace")
        )

    def _local(self) -> Git:
        return local(os.environ)

    @property
    def _here(self) -> tuple[str, str]:
        return f"--git-dir={self.checkout.own}", f"--work-tree={self.checkout.top}"


def touched(files: Iterable[str], folder: str, apps: Iterable[str]) -> list[str]:
    """The apps that these files of a commit concern; `folder` is that of the declarations, from the top of the checkout."""
    known = sorted(apps)
    ours = [file.removeprefix(f"{folder}/") for file in files if folder == "." or file.startswith(f"{folder}/")]
    named = {file.split("/")[1] for file in ours if file.startswith("apps/") and file.count("/") > 1}
    if any(not file.startswith("apps/") for file in ours):
        return known
    return [app for app in known if app in named]
