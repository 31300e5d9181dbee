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
from reconciler.service.ends import Head, Seen, Unanswered

REFS = "refs/heads/"
MOST_NAMED = 3
SECONDS = 30.0  # that the remote may take to say what its head is
FETCH = 600.0  # seconds that a fetch may take, which nobody waits for


class Pulled(NamedTuple):
    """What came: the commit that is checked out now, and the paths of the files that differ from before."""

    commit: str
    files: tuple[str, ...]


class RemoteUnreachable(ReconcileError):
    """The remote's main branch cannot be had: what was merged until now still holds."""


class NotMerged(ReconcileError):
    """The checkout holds what nobody has merged."""


class HistoryRewritten(NotMerged):
    """The remote's main branch does not go on from the commit that is checked out."""


class Main:
    """The main branch of the remote `name`, and the checkout around the current folder, which has it checked out.

    `desired` is the folder of the declarations. Raises RecordError where there is no such checkout or remote.
    """

    def __init__(self, desired: Path, name: str = "origin") -> None:
        try:
            self.checkout: Checkout = find_checkout(Path.cwd(), os.environ)
        except RecordError as error:
            raise RecordError(error.message, "run this in a checkout of the repository") from None
        if name not in self.checkout.remotes():
            raise RecordError(f"the checkout has no remote {name!r} to pull from", f"git remote add {name} <address>")
        self.desired = desired
        self.place, self.folder = self.checkout.remote(name), self.checkout.path_of(desired) or "."
        self._seen = ""  # the remote's head, when it was looked at last

    def look(self) -> Seen:
        """Ask the remote, and fetch what is new; the files stay as they are. One request where nothing is new."""
        try:
            branch, head = self._head()
            if head != self.checkout.commit():
                self._must(FETCH, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", REMOTE, f"{REFS}{branch}")
            return Head(branch, head)
        except RecordError as error:
            return Unanswered(error.message, error.remedy)

    def take(self, seen: Seen) -> Pulled | None:
        """Fast-forward to what was seen at the remote; None where that is checked out already. Asks nobody.

        Raises NotMerged where the checkout holds anything but a commit of that branch, RemoteUnreachable where none answers.
        """
        try:
            self._refuse_changes()
            if isinstance(seen, Unanswered):
                raise RemoteUnreachable(*seen)
            return self._take(*seen)
        except RecordError as error:
            raise RemoteUnreachable(error.message, error.remedy) from None

    def _take(self, branch: str, head: str) -> Pulled | None:
        before = self.checkout.commit()
        self._refuse_branch(branch)
        if head != before:
            self._forward(branch, before, head)
        self._seen = head
        return None if head == before else Pulled(head, self._differing(before, head))

    def _head(self) -> tuple[str, str]:
        """(the remote's main branch, its head)."""
        rows = [line.split("\t") for line in self._must(SECONDS, "ls-remote", "--symref", REMOTE, "HEAD").splitlines()]
        names = [words.removeprefix("ref: ") for words, name in rows if name == "HEAD" and words.startswith("ref: " + REFS)]
        heads = [words for words, name in rows if name == "HEAD" and not words.startswith("ref: ")]
        if not names or not heads:
            raise self._headless()
        return names[0].removeprefix(REFS), heads[0]

    def _headless(self) -> RecordError:
        """Git says nothing of a HEAD that names a branch which is not there."""
        refs = self._must(SECONDS, "ls-remote", "--heads", REMOTE).splitlines()
        branches = sorted(line.partition("\t")[2].removeprefix(REFS) for line in refs)
        if not branches:
            return RecordError("the remote has no branch yet", "push the main branch: git push origin HEAD:main")
        more = f" and {len(branches) - MOST_NAMED} more" if len(branches) > MOST_NAMED else ""
        main = "main" if "main" in branches else branches[0]
        return RecordError(
            f"the remote's HEAD names a branch that does not exist; it has {', '.join(branches[:MOST_NAMED])}{more}",
            f"in the remote's repository: git symbolic-ref HEAD {REFS}{main}; on a hosting service: set the default branch",
        )

    def _refuse_changes(self) -> None:
        """Work that is not committed is somebody's: nothing is done to it, nor applied of it, whatever the remote has.

        What git is told to ignore, or to take for unchanged, is read among the declarations as all else is.
        """
        commit = self.checkout.commit()
        declared = self.checkout.differing(self.desired, commit) if commit is not None else None
        names = sorted({*self._names("diff", "--name-only", "-z", "HEAD"), *(declared or ())})
        if names:
            more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
            raise NotMerged(
                f"the checkout has changes that are not committed: {', '.join(names[:MOST_NAMED])}{more}", "commit or undo them"
            )

    def _refuse_branch(self, branch: str) -> None:
        """Another branch is somebody's, too."""
        if (own := self.checkout.branch()) != branch:
            where = f"the branch {own}" if own else "no branch"
            raise NotMerged(f"the checkout is on {where}, not on {branch}", f"git switch {branch}")

    def _forward(self, branch: str, before: str | None, head: str) -> None:
        if before is not None and not self._is_before(before, head):
            if self._is_before(head, before) and before != self._seen:
                raise NotMerged(f"the checkout has commits that {branch} at the remote has not", "push them, or undo them")
            raise HistoryRewritten(
                f"{branch} at the remote does not go on from {before[:12]}, which is checked out: it is at {head[:12]}",
                f"find out who rewrote it; then git fetch origin && git reset --hard origin/{branch}",
            )
        ended = self._local().run(*self._here, "merge", "--ff-only", "--quiet", head, folder=self.checkout.top)
        if ended.code:
            why = ended.errors.strip()[:300]
            raise NotMerged(f"{branch} cannot be fast-forwarded to {head[:12]}: {why}", "do what git says there")

    def _is_before(self, commit: str, other: str) -> bool:
        """Whether a commit is among those that the other goes on from."""
        return not self._local().run(*self._here, "merge-base", "--is-ancestor", commit, other, folder=self.checkout.top).code

    def _differing(self, before: str | None, head: str) -> tuple[str, ...]:
        return () if before is None else self._names("diff", "--name-only", "-z", "--no-renames", before, head)

    def _names(self, *arguments: str) -> tuple[str, ...]:
        names = self._local().must(*self._here, *arguments, folder=self.checkout.top)
        return tuple(os.fsdecode(name) for name in names.split(b"\0") if name)

    def _must(self, seconds: float, *arguments: str) -> str:
        git = remote(os.environ, self.place.fetches)
        return (
            Git(git.environ, git.secret, seconds)
            .must(*self._here, *arguments, folder=self.checkout.top)
            .decode("utf-8", "replace")
        )

    def _local(self) -> Git:
        return local(os.environ)

    @property
    def merged(self) -> str:
        """The commit that was the remote's head when it was looked at last, and is checked out; empty before that."""
        return self._seen

    @property
    def _here(self) -> tuple[str, str]:
        return f"--git-dir={self.checkout.own}", f"--work-tree={self.checkout.top}"


def named(files: Iterable[str], folder: str) -> list[str]:
    """The apps in whose folders these files lie, also those that cannot be made out yet."""
    ours = _inside(files, folder)
    return sorted({file.split("/")[1] for file in ours if file.startswith("apps/") and file.count("/") > 1})


def touched(files: Iterable[str], folder: str, apps: Iterable[str]) -> list[str]:
    """The apps that these files of a commit concern; `folder` is that of the declarations, from the top of the checkout."""
    known = sorted(apps)
    ours = _inside(files, folder)
    if any(not file.startswith("apps/") for file in ours):
        return known
    inside = named(files, folder)
    return [app for app in known if app in inside]


def _inside(files: Iterable[str], folder: str) -> list[str]:
    """Those below the folder, from there."""
    return [file.removeprefix(f"{folder}/") for file in files if folder == "." or file.startswith(f"{folder}/")]
