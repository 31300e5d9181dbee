"""The private bare cache and its remote: commits in, at the remote's ref where it is as expected. Asks git.

git-push(1) on --force-with-lease: the remote changes a ref only if it still has the expected value.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from reconciler.record.checkout import REMOTE, Remote
from reconciler.record.git.objects import Objects
from reconciler.record.git.process import (
    HIDDEN_FROM_READERS,
    OTHER_HASH,
    Git,
    about,
    explained,
    hidden,
    redact,
    remote,
)
from reconciler.record.store import RecordError

CACHED = "refs/cache/head"
STALE = "stale info"  # the remote has another commit there than is expected, or none
BUSY = re.compile(
    r"stale info|cannot lock ref|failed to lock|Unable to create|failed to update ref|incorrect old value", re.IGNORECASE
)
LOOK = 60.0  # seconds that a remote may take to say what it has
LENGTHS = {"sha1": 40, "sha256": 64}  # of an id
PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0)


class Repository(Objects):
    """The cache, fetched from a remote and pushed to it."""

    def __init__(
        self,
        folder: Path,
        remote_place: Remote,
        environ: Mapping[str, str],
        sleep: Callable[[float], None] = time.sleep,
        signer: Callable[[], Git] | None = None,
    ) -> None:
        super().__init__(folder, remote_place.algorithm, environ, signer)
        self.sleep = sleep
        self.fetching, self.pushing = (remote(environ, settings) for settings in (remote_place.fetches, remote_place.pushes))
        self.looking = replace(self.fetching, seconds=LOOK)

    def remote_head(self, ref: str) -> str | None:
        """What the remote has at `ref` now. Raises RecordError."""
        words = self._listed(ref).split()
        return words[words.index(ref) - 1] if ref in words else None

    def below(self, start: str) -> list[str]:
        """The refs of the remote that begin with `start`. Raises RecordError."""
        return [word for word in self._listed(start + "*").split() if word.startswith(start)]

    def ending(self, end: str) -> list[str]:
        """The refs of the remote whose last parts are `end`. Raises RecordError."""
        return [word for word in self._listed(end).split() if word.endswith(f"/{end}")]

    def _listed(self, pattern: str) -> str:
        """What the remote says of the refs of these names, and of HEAD; a name may be any bytes. Raises RecordError."""
        listed = self.looking.must(f"--git-dir={self.path}", "ls-remote", REMOTE, pattern, "HEAD").decode("utf-8", "replace")
        if len(listed.partition("\t")[0]) not in (0, LENGTHS[self.algorithm]):
            raise RecordError(*OTHER_HASH)
        return listed

    def fetch(self, ref: str) -> str | None:
        """The commit at `ref`, here and complete. Raises RecordError."""
        head = self.remote_head(ref)
        with self._alone():
            here = head and not self.local.run(f"--git-dir={self.path}", "cat-file", "-e", f"{head}^{{tree}}").code
            return head if head is None or here else self._fetch(ref, "--depth=1")

    def fetch_history(self, ref: str) -> str | None:
        """The commit at `ref`, here with its whole history, in a cache that is new. Raises RecordError."""
        if self.remote_head(ref) is None:
            return None
        with self._alone():
            return self._fetch(ref)

    def _fetch(self, ref: str, *depth: str) -> str:
        for left in (*self.path.glob("*.lock"), *self.path.glob("refs/**/*.lock")):
            left.unlink(missing_ok=True)  # of a fetch that was killed: nobody else is here
        self._into_cache(ref, *depth)
        return self._git("rev-parse", CACHED).decode().strip()

    def _into_cache(self, ref: str, *options: str) -> None:
        """The remote's ref as the cached one, and nothing beside it."""
        quiet = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance")
        self.fetching.must(f"--git-dir={self.path}", "fetch", *quiet, *options, REMOTE, f"+{ref}:{CACHED}")

    def fetch_commits(self, ref: str, depth: int | None) -> None:
        """The newest commits at `ref`, or all, without their files where the remote can leave those out. Raises RecordError."""
        whole = self._git("rev-parse", "--is-shallow-repository").strip() == b"true"
        deep = [f"--depth={depth}"] if depth else ["--unshallow"] * whole
        self._into_cache(ref, "--filter=tree:0", *deep)

    def push(self, ref: str, new: str, expected: str | None) -> bool:
        """Compare and swap at the remote; False where `ref` is not `expected` (None: absent) any more. Raises RecordError."""
        for pause in (*PAUSES, None):
            answer = self.pushing.run(
                f"--git-dir={self.path}",
                "push",
                "--porcelain",
                "--no-verify",
                "--no-signed",
                f"--force-with-lease={ref}:{expected or ''}",
                REMOTE,
                f"{new}:{ref}",
            )
            if answer.code == 0:
                if expected is None:
                    self._read_back(ref, new)
                return True
            # Whatever was said, what the remote has now decides: an answer may be lost after the deed.
            now = self.remote_head(ref)
            if now != expected:
                return now == new
            words = answer.errors + redact(answer.output.decode("utf-8", "replace"), self.local.secret)
            if pause is None or not BUSY.search(words):
                raise hidden(ref, expected) if STALE in words else about(ref, explained(words))
            self.sleep(pause)
        raise AssertionError("the last pause ends the loop")

    def _read_back(self, ref: str, new: str) -> None:
        """The first push of a record has to be there for the next reader. Raises RecordError, and then takes it back."""
        if self.remote_head(ref) is not None:
            return
        there = self.takes(ref, new)
        self.pushing.run(f"--git-dir={self.path}", "push", "--no-verify", f"--force-with-lease={ref}:{new}", REMOTE, f":{ref}")
        if there:
            raise RecordError(f"the remote took {ref}, and hides it from readers", HIDDEN_FROM_READERS)
        raise RecordError(
            f"the remote took {ref}, and does not have it", "see what removes it there: a hook, or a mirror's refresh"
        )

    def takes(self, ref: str, commit: str) -> bool:
        """Whether the remote has this commit at `ref` by what it shows to whoever pushes; nothing is pushed."""
        lease = f"--force-with-lease={ref}:{commit}"
        answer = self.pushing.run(
            f"--git-dir={self.path}", "push", "--dry-run", "--porcelain", "--no-verify", lease, REMOTE, f"{commit}:{ref}"
        )
        return answer.code == 0 and b"\n=\t" in answer.output


@contextmanager
def throwaway(remote_place: Remote, environ: Mapping[str, str], signer: Callable[[], Git] | None = None) -> Iterator[Repository]:
    """A cache for one purpose, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="reconcile-"))
    try:
        yield Repository(folder, remote_place, environ, signer=signer)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
