"""One app's ref as files: read at the remote's head, changed by one commit at a time."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path

from reconciler.record.checkout import Remote, find_checkout
from reconciler.record.gitrepo import Repository
from reconciler.record.store import RecordError

REFS = "refs/reconcile/"


class Ref:
    """refs/reconcile/<app>: once `seen`, `head` is the commit that we know, `files` its tree (path -> blob id).

    The checkout is the one around `folder`; the folder of the declarations has to lie in it, where there is one (`declared`).
    """

    def __init__(
        self, app: str, remote: str, folder: Path, environ: Mapping[str, str], clock: Callable[[], datetime],
        sleep: Callable[[float], None], declared: Path | None,
    ) -> None:  # fmt: skip
        self.app, self.name, self.remote, self.start, self.declared = app, REFS + app, remote, folder, declared
        self.environ, self.clock, self.sleep = environ, clock, sleep
        self.seen = False
        self.head: str | None = None
        self.files: dict[str, str] = {}

    @cached_property
    def found(self) -> Remote:
        """Looked up at first use: a command that needs no record needs no Git. Raises RecordError."""
        checkout = find_checkout(self.start, self.environ)
        if self.declared is not None and checkout.path_of(self.declared) is None:
            raise RecordError(f"{self.declared} lies outside of the checkout {checkout.top}, whose remote is not the place for "
                              "its record", "run this inside of the checkout that holds it")  # fmt: skip
        return checkout.remote(self.remote)

    @cached_property
    def folder(self) -> Path:
        """What this machine keeps: inside .git, which no commit holds; where that is read-only, a folder for this run."""
        folder = self.found.common / "reconcile" / self.app
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (folder / "busy").touch(mode=0o600)
        except OSError:
            folder = Path(tempfile.mkdtemp(prefix="reconcile-"))
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return folder

    @cached_property
    def repository(self) -> Repository:
        return Repository(self.folder, self.found, self.environ, self.sleep)

    def refresh(self) -> None:
        """Look at the remote. Raises RecordError."""
        self.head = self.repository.fetch(self.name)
        self.files = self.repository.tree(self.head) if self.head else {}
        self.seen = True

    def apps(self) -> list[str]:
        """The apps that have a record on the remote. Raises RecordError."""
        return sorted(ref.removeprefix(REFS) for ref in self.repository.below(REFS))

    def has(self, path: str, content: bytes) -> bool:
        return self.files.get(path) == self.repository.blob_id(content)

    def read(self, wanted: Callable[[str], bool]) -> dict[str, bytes]:
        """Path -> content of the wanted files."""
        paths = {path: id for path, id in self.files.items() if wanted(path)}
        contents = self.repository.read(paths.values()) if paths else {}
        return {path: contents[id] for path, id in paths.items()}

    def publish(self, changes: Mapping[str, bytes | None], message: str) -> bool:
        """One commit on top of `head` (None: the file goes); False where another came first. Raises RecordError."""
        new = {path: data for path, data in changes.items() if data is not None}
        ids = {path: self.repository.blob_id(data) for path, data in new.items()}
        files = {path: id for path, id in {**self.files, **ids}.items() if changes.get(path, b"") is not None}
        commit = self.repository.commit(files, new.values(), self.head, message, self.clock())
        if not self.repository.push(self.name, commit, self.head):
            return False
        self.head, self.files = commit, files
        return True

    def tidy(self) -> None:
        self.repository.tidy()
