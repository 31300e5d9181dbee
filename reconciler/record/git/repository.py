"""Git plumbing: blobs, trees and commits of our own in a private bare cache, fetched from and pushed to a remote.

The user's index, working tree, branches and reflogs are never touched: every git process but the first few, which only ask,
works on the cache. git-push(1) on --force-with-lease: the remote changes a ref only if it still has the expected value.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from reconciler.record import flock
from reconciler.record.checkout import REMOTE, Remote, blob_id
from reconciler.record.flock import STUCK, is_taken_in_time
from reconciler.record.git.process import (
    HIDDEN_FROM_READERS,
    OTHER_HASH,
    Git,
    about,
    explained,
    hidden,
    local,
    not_signed,
    redact,
    remote,
)
from reconciler.record.store import RecordError, Unreachable

CACHED = "refs/cache/head"
STALE = "stale info"  # the remote has another commit there than is expected, or none
BUSY = re.compile(
    r"stale info|cannot lock ref|failed to lock|Unable to create|failed to update ref|incorrect old value", re.IGNORECASE
)
A_DAY = 86_400.0  # seconds
LOOK = 60.0  # seconds that a remote may take to say what it has
SMALL = 4_096  # bytes of a blob that is remembered, such as a lock or a journal's line
LENGTHS = {"sha1": 40, "sha256": 64}  # of an id
PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0)


class Repository:
    """The private bare cache at `folder`/repo.git; ids and commits are hexadecimal. `signer` answers the git that signs them."""

    def __init__(
        self,
        folder: Path,
        remote_place: Remote,
        environ: Mapping[str, str],
        sleep: Callable[[float], None] = time.sleep,
        signer: Callable[[], Git] | None = None,
    ) -> None:
        self.folder, self.algorithm, self.sleep, self.signer = folder, remote_place.algorithm, sleep, signer
        self.path = folder / "repo.git"
        self.local = local(environ)
        self.fetching, self.pushing = (remote(environ, settings) for settings in (remote_place.fetches, remote_place.pushes))
        self.looking = replace(self.fetching, seconds=LOOK)
        # Neither changes ever, so git is asked once: the tree of each commit, and what small blobs hold.
        self._trees: dict[str, str] = {}
        self._blobs: dict[str, bytes] = {}
        with self._alone():
            if not (self.path / "HEAD").exists():
                self.local.must(
                    "init",
                    "--bare",
                    "--quiet",
                    "--template=",
                    "--initial-branch=none",
                    f"--object-format={self.algorithm}",
                    str(self.path),
                )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process of this checkout at a time."""
        with open(os.open(self.folder / "busy", os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            if not is_taken_in_time(file):
                raise Unreachable(f"another reconcile has been busy with {self.path} for {flock.PATIENCE:.0f} seconds", STUCK)
            yield

    def _git(self, *arguments: str, given: bytes = b"", extra: Mapping[str, str] | None = None) -> bytes:
        return self.local.must(f"--git-dir={self.path}", *arguments, given=given, extra=extra)

    def ask(self, *arguments: str) -> str:
        """What git says of the cache. Raises RecordError."""
        return self._git(*arguments).decode("utf-8", "replace")

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

    def tree_id(self, commit: str) -> str:
        """The id of a commit's tree."""
        if commit not in self._trees:
            self._trees[commit] = self._git("rev-parse", f"{commit}^{{tree}}").decode().strip()
        return self._trees[commit]

    def kind(self, id: str) -> str:
        """What an object is: commit, tree, blob or tag."""
        return self._git("cat-file", "-t", id).decode().strip()

    def tree(self, commit: str) -> dict[str, tuple[str, str]]:
        """Path -> mode and id of whatever a commit holds: files, links, other repositories' commits."""
        rows = self._git("ls-tree", "-r", "-z", "--full-tree", commit).decode("utf-8", "replace").split("\0")
        listed = ((path, words.split()) for words, _, path in (row.partition("\t") for row in rows if row))
        return {path: (mode, id) for path, (mode, _, id) in listed}

    def read(self, ids: Iterable[str]) -> dict[str, bytes]:
        """Blob id -> content, in one process at most."""
        asked = set(ids)
        contents = {id: self._blobs[id] for id in asked if id in self._blobs}
        if wanted := sorted(asked - contents.keys()):
            contents |= (new := self._read(wanted))
            self._blobs |= {id: data for id, data in new.items() if len(data) <= SMALL}
        return contents

    def _read(self, wanted: Iterable[str]) -> dict[str, bytes]:
        raw, at, contents = self._git("cat-file", "--batch", given="".join(f"{id}\n" for id in wanted).encode()), 0, {}
        for id in wanted:
            end = raw.index(b"\n", at)
            words = raw[at:end].split()
            if len(words) != 3:
                raise RecordError(f"the cache in {self.path} is damaged", "delete that folder, then run it again")
            size = int(words[2])
            contents[id] = raw[end + 1 : end + 1 + size]
            at = end + 1 + size + 1
        return contents

    def blob_id(self, content: bytes) -> str:
        return blob_id(content, self.algorithm)

    def commit(
        self, files: Mapping[str, str], contents: Iterable[bytes], parents: Sequence[str], message: str, at: datetime
    ) -> str:
        """A commit of exactly `files` (path -> blob id); `contents` are the blobs that are new."""
        try:
            tree = self._write(files, contents)
        except OSError as error:
            raise RecordError(f"{self.folder} cannot be written: {error}", "make room, or fix the permissions") from None
        dates = {f"GIT_{who}_DATE": f"@{int(at.timestamp())} +0000" for who in ("AUTHOR", "COMMITTER")}
        commit = self.commit_tree(tree, parents, message, dates)
        self._trees[commit] = tree
        return commit

    def _write(self, files: Mapping[str, str], contents: Iterable[bytes]) -> str:
        with tempfile.TemporaryDirectory(dir=self.folder, prefix="work-") as work:
            names = []
            for number, content in enumerate(contents):
                if len(content) <= SMALL:
                    self._blobs[self.blob_id(content)] = content
                names.append(os.path.join(work, str(number)))
                Path(names[-1]).write_bytes(content)
            if names:
                self._git("hash-object", "-w", "--no-filters", "--stdin-paths", given="\n".join(names).encode())
            index = {"GIT_INDEX_FILE": os.path.join(work, "index")}
            rows = "".join(f"100644 blob {id}\t{path}\0" for path, id in sorted(files.items()))
            self._git("update-index", "-z", "--index-info", given=rows.encode(), extra=index)
            return self._git("write-tree", extra=index).decode().strip()

    def commit_tree(self, tree: str, parents: Sequence[str], message: str, extra: Mapping[str, str]) -> str:
        """A commit, signed where the record's are. Raises RecordError."""
        words = ["commit-tree", tree, *(word for parent in parents for word in ("-p", parent)), "-F", "-"]
        if self.signer is None:
            return self._git(*words, given=message.encode(), extra=extra).decode().strip()
        answer = self.signer().run(f"--git-dir={self.path}", *words, "-S", given=message.encode(), extra=extra)
        if answer.code:
            raise not_signed(answer.errors)
        return answer.output.decode().strip()

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

    def tidy(self) -> None:
        """Keep the cache small, also after kills; that this may fail is no matter."""
        for left in self.folder.glob("work-*"):
            if time.time() - left.stat().st_mtime > A_DAY:
                shutil.rmtree(left, ignore_errors=True)
        self.local.run(f"--git-dir={self.path}", "gc", "--auto", "--quiet")


@contextmanager
def throwaway(remote_place: Remote, environ: Mapping[str, str], signer: Callable[[], Git] | None = None) -> Iterator[Repository]:
    """A cache for one purpose, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="reconcile-"))
    try:
        yield Repository(folder, remote_place, environ, signer=signer)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
