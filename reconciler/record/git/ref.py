"""One app's ref as files: read at the remote's head, changed by one commit at a time."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import weakref
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path

from reconciler.declare.folders import APP_NAME
from reconciler.declare.settings import APP, PLACES, REF
from reconciler.record.checkout import Checkout, Remote, find_checkout
from reconciler.record.descent import descends, files_then
from reconciler.record.git.process import Git, hidden
from reconciler.record.git.repository import Repository
from reconciler.record.git.shards import FORGETS, RESET
from reconciler.record.git.signed import refusal_of, require_counted
from reconciler.record.git.signing import Signer
from reconciler.record.known import SEEN, TRUSTED, folder_of, last_seen, trusted_head
from reconciler.record.log.known import LOST
from reconciler.record.signatures import UNSIGNED, Rules
from reconciler.record.store import RecordError, Unreachable

OURS = re.compile(
    r"(record|lock)\.json|journal\.jsonl|record/[0-9a-f]{2}\.jsonl|log/\d{4}-\d\d/[\w-]+\.jsonl|log/head\.json", re.ASCII
)
RECORD = "record.json"  # without it there is none
LOCKED = "lock.json"  # there while a run holds the lock
FILE = "100644"  # the one mode that we write: neither a link, nor a program, nor another repository's commit


class Ref:
    """A ref such as refs/reconcile/<app>: once `seen`, `head` is the commit that we know, `files` its tree (path -> blob id).

    The checkout is the one around `folder`; the folder of the declarations has to lie in it, where there is one (`declared`).
    """

    def __init__(
        self,
        app: str,
        remote: str,
        folder: Path,
        environ: Mapping[str, str],
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        declared: Path | None,
        rules: Rules = UNSIGNED,
        named: str = REF,
    ) -> None:
        self.app, self.name, self.remote, self.start, self.declared = app, named.replace(APP, app), remote, folder, declared
        self.beside = named.removesuffix(APP)  # how the refs of other apps begin
        self.environ, self.clock, self.sleep, self.rules = environ, clock, sleep, rules
        self.seen = False
        self.head: str | None = None
        self.files: dict[str, str] = {}
        self.judged: tuple[str | None, RecordError | None] = (None, None)  # a head, and why it is not gone on from
        self.counted = False  # whether what is signed here was found to be good

    @cached_property
    def checkout(self) -> Checkout:
        """Looked up at first use: a command that needs no record needs no Git. Raises RecordError."""
        return find_checkout(self.start, self.environ)

    @cached_property
    def signer(self) -> Signer:
        return Signer(self.checkout, self.rules)

    @property
    def signing(self) -> Callable[[], Git] | None:
        """What answers the git that signs; None where nothing is signed."""
        return self.signer.git if self.rules.sign else None

    @cached_property
    def place(self) -> Remote:
        """The remote of the checkout. Raises RecordError."""
        checkout = self.checkout
        if self.declared is not None and checkout.path_of(self.declared) is None:
            raise RecordError(
                f"{self.declared} is outside the checkout {checkout.top}, whose remote is not the place for its record",
                "run this inside of the checkout that holds it",
            )
        return checkout.remote(self.remote)

    @cached_property
    def folder(self) -> Path:
        """What this machine keeps: inside .git, which no commit holds; where that is read-only, a folder for this run."""
        folder = folder_of(self.place.common, self.app)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (folder / "busy").touch(mode=0o600)
        except OSError:
            folder = Path(tempfile.mkdtemp(prefix="reconcile-"))
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return folder

    @cached_property
    def repository(self) -> Repository:
        return Repository(self.folder, self.place, self.environ, self.sleep, self.signing)

    def head_and_tree(self) -> tuple[str, str]:
        """The head that we know, and its tree; empty where the ref is not there."""
        return (self.head, self.repository.tree_id(self.head)) if self.head else ("", "")

    def trust(self, head: str) -> bool:
        """Take the remote's head for right, whatever this machine saw before; False where it is another. Raises RecordError.

        A lock that was taken or given back since then, as by the run that told of that head, makes no other one of it.
        """
        self.look()
        if (self.head or "none") != head and not self._is_still(head):
            return False
        self.remember()
        self._write(TRUSTED, self.head or head)
        self.judged = (self.head, None)
        return True

    def _is_still(self, head: str) -> bool:
        """Whether the present head comes after that one, and holds the same but for the lock."""
        before = files_then(self, head)
        return before is not None and {**before, LOCKED: ""} == {**self.files, LOCKED: ""}

    def refusal(self) -> RecordError | None:
        """Why nothing goes on from the present head, where heads are to be signed; a person may have trusted it."""
        if not self.rules.sign or self.head is None:
            return None
        if self.judged[0] != self.head:
            trusted = self.head == trusted_head(self.folder)
            self.judged = (self.head, None if trusted else refusal_of(self))
        return self.judged[1]

    def require_signed(self) -> None:
        """Raises RecordError where the present head is not signed as it should be."""
        if refusal := self.refusal():
            raise refusal

    def see(self) -> None:
        """What the remote has, where nobody has looked yet. Raises RecordError."""
        if not self.seen:
            self.refresh()

    def refresh(self) -> None:
        """Look at the remote. Raises RecordError, also where the ref does not go on from what this machine last saw there."""
        last, tree, name = self.last()  # before the remote is asked: another process may push, and see its own, in between
        self.look()
        if last in ("", self.head):
            if self.head and self.refusal() is None:
                self.remember()
            return
        if name != self.name and RECORD not in self.files:
            return  # the record that was known lies elsewhere still, and a plan says so
        if self.head is None and self.repository.takes(self.name, last):
            raise hidden(self.name, None)
        if not descends(self, last, tree):
            raise RecordError(
                f"{self.name} on {self.remote} was rewritten: this machine last saw {last} there, and "
                + (f"{self.head} does not descend from it" if self.head else "now it is gone, or hidden"),
                f"find out who did that, and set the ref back to that commit; {FORGETS}; if it is right, "
                f"accept it: `reconcile record trust {self.head or 'none'} --app {self.app}`",
                LOST,
            )
        if self.refusal() is None:  # so that who takes a refused head back is not told that history was lost
            self.remember()

    def last(self) -> tuple[str, str, str]:
        """The head that this machine last saw, its tree and the ref at which it stood; empty where it saw none."""
        return last_seen(self.folder, self.app)

    def remember(self) -> None:
        """The present head is what this machine has seen. Raises RecordError."""
        if self.head is None:
            (self.folder / SEEN).unlink(missing_ok=True)
            return
        new = f"{self.head} {self.repository.tree_id(self.head)} {self.name}"
        if " ".join(self.last()) != new:
            self._write(SEEN, new)

    def _write(self, name: str, line: str) -> None:
        """A small file of this machine, whole or not at all. Raises RecordError."""
        file = self.folder / name
        try:
            temporary = file.with_name(f"{name}.{os.getpid()}")
            temporary.write_text(line + "\n", encoding="ascii")
            temporary.replace(file)
        except OSError as error:
            raise RecordError(f"{file} cannot be written: {error.strerror}", "make room, or change the permissions") from None

    def look(self) -> None:
        """What the remote has now, whatever this machine saw before. Raises RecordError."""
        head = self.repository.fetch(self.name)
        self.files = self._files(head) if head else {}
        self.head, self.seen = head, True

    def _files(self, head: str) -> dict[str, str]:
        """Raises RecordError where the ref holds anything but a record: nothing is read from, or added to, that."""
        kind = self.repository.kind(head)
        rows = self.repository.tree(head) if kind == "commit" else {}
        strange = next(
            (f"{path[:100]!r} with mode {mode}" for path, (mode, _) in rows.items() if mode != FILE or not OURS.fullmatch(path)),
            None,
        )
        if kind != "commit" or strange:
            raise RecordError(f"{self.name} on {self.remote} is not a record: it holds {strange or f'a {kind}'}", RESET)
        return {path: id for path, (_, id) in rows.items()}

    def apps(self) -> list[str]:
        """The apps that have a record on the remote; a ref that no app can have is none. Raises RecordError."""
        names = (ref.removeprefix(self.beside) for ref in self.repository.below(self.beside))
        return sorted(name for name in names if APP_NAME.fullmatch(name))

    def elsewhere(self) -> list[str]:
        """Other refs of the remote that hold a record of this app, with APP for its name. Raises RecordError."""
        refs = self.repository.ending(f"reconcile/{self.app}")
        named = (ref.removesuffix(self.app) + APP for ref in refs if ref != self.name)
        return [name for name in named if PLACES.fullmatch(name) and self._holds_record(name)]

    def _holds_record(self, named: str) -> bool:
        other = Ref(self.app, self.remote, self.start, self.environ, self.clock, self.sleep, self.declared, named=named)
        try:
            other.look()
        except Unreachable:
            raise
        except RecordError:
            return False
        return RECORD in other.files

    def has(self, path: str, content: bytes) -> bool:
        return self.files.get(path) == self.repository.blob_id(content)

    def read(self, wanted: Callable[[str], bool]) -> dict[str, bytes]:
        """Path -> content of the wanted files."""
        paths = {path: id for path, id in self.files.items() if wanted(path)}
        contents = self.repository.read(paths.values()) if paths else {}
        return {path: contents[id] for path, id in paths.items()}

    def publish(self, changes: Mapping[str, bytes | None], message: str, *also: str) -> bool:
        """One commit on top of `head` (None: the file goes); False where another came first. Raises RecordError.

        `also` are commits from which it comes as well. What is not signed as it should be is not signed over.
        """
        self.require_signed()
        new = {path: data for path, data in changes.items() if data is not None}
        ids = {path: self.repository.blob_id(data) for path, data in new.items()}
        files = {path: id for path, id in {**self.files, **ids}.items() if changes.get(path, b"") is not None}
        parents = [*([self.head] if self.head else []), *also]
        commit = self.repository.commit(files, new.values(), parents, message, self.clock())
        if self.rules.sign and not self.counted:
            require_counted(self, commit)
            self.counted = True
        if not self.repository.push(self.name, commit, self.head):
            return False
        self.head, self.files, self.judged = commit, files, (commit, None)
        self.remember()
        return True

    def tidy(self) -> None:
        self.repository.tidy()
