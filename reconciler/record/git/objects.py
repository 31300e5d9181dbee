"""The private bare cache: blobs, trees and commits of our own, which git alone reads and writes. Asks the local git.

The user's index, working tree, branches and reflogs are never touched: every git process but the first few, which only ask,
works on the cache.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections import UserDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from reconciler.record import flock
from reconciler.record.checkout import blob_id
from reconciler.record.flock import STUCK, is_taken_in_time
from reconciler.record.git.process import Git, local, not_signed
from reconciler.record.store import RecordError, Unreachable

T = TypeVar("T")
A_DAY = 86_400.0  # seconds
SMALL = 4_096  # bytes of a blob that is remembered, such as a lock or a journal's line
MOST = 4_096  # blobs, and trees, that are remembered: 16 MiB at most, and more than a run reads twice


class Newest(UserDict[str, T]):
    """What was looked up last, by its id: the oldest goes."""

    def __setitem__(self, id: str, value: T) -> None:
        super().__setitem__(id, value)
        if len(self.data) > MOST:
            del self.data[next(iter(self.data))]


class Objects:
    """The cache at `folder`/repo.git; ids and commits are hexadecimal. `signer` answers the git that signs them."""

    def __init__(self, folder: Path, algorithm: str, environ: Mapping[str, str], signer: Callable[[], Git] | None = None) -> None:
        self.folder, self.algorithm, self.signer, self.local = folder, algorithm, signer, local(environ)
        self.path = folder / "repo.git"
        # Neither changes ever, so git is asked once: the tree of each commit, and what small blobs hold.
        self._trees, self._blobs = Newest[str](), Newest[bytes]()
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
            self._blobs.update({id: data for id, data in new.items() if len(data) <= SMALL})
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

    def tidy(self) -> None:
        """Keep the cache small, also after kills; that this may fail is no matter."""
        for left in self.folder.glob("work-*"):
            if time.time() - left.stat().st_mtime > A_DAY:
                shutil.rmtree(left, ignore_errors=True)
        self.local.run(f"--git-dir={self.path}", "gc", "--auto", "--quiet")
