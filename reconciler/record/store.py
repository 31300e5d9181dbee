"""What every place for a record offers: its errors, its lock's nouns, its interface. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from reconciler.declare.errors import ReconcileError
from reconciler.record.model import Record

if TYPE_CHECKING:
    from reconciler.record.log.chain import Link, Summary
    from reconciler.record.signatures import Signatures

NEVER = "9999-12-31T23:59:59Z"


class RecordError(ReconcileError):
    """The record cannot be used; nothing has been written to the service, unless the kind of error says so."""


class Unreachable(RecordError):
    """The place where the record lies does not answer; trying again may help."""

    code = "RecordUnreachable"


class Locked(RecordError):
    """Another run holds the lock."""


class LeaseLost(RecordError):
    """The lock was held and no longer is: another run may be writing, so this one must stop."""

    code = "LockLost"


class Unsaved(RecordError):
    """The service has been written to, and the record could not be: it is kept on this machine as far as it could be."""

    code = "RecordUnsaved"


@dataclass(frozen=True)
class LockInfo:
    """Who holds a lock. `since`, `expires` are UTC, YYYY-MM-DDTHH:MM:SSZ; `machine` and `started` tell a dead process."""

    id: str
    user: str
    host: str
    pid: int
    command: str
    since: str
    expires: str = NEVER
    machine: str = ""
    started: str = ""

    def __str__(self) -> str:
        return f"{self.user}@{self.host} (pid {self.pid}, `{self.command}`) since {self.since}"

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def lock_info(data: object) -> LockInfo:
    """A lock as read; one that makes no sense is held for ever by nobody, until somebody breaks it."""
    if isinstance(data, dict):
        known = {field.name: data.get(field.name, field.default) for field in fields(LockInfo)}
        texts = all(isinstance(value, str) for name, value in known.items() if name != "pid")
        if texts and isinstance(known["pid"], int) and re.fullmatch("[0-9a-f]{32}", known["id"]):
            return LockInfo(**known)
    return LockInfo("unreadable", "unknown", "unknown", 0, "unknown", "unknown")


class Store(Protocol):
    """Where the record of one app lies. Every method may raise RecordError."""

    app: str

    def where(self) -> str:
        """The place in words, for messages."""

    def outbox(self) -> Path:
        """The folder on this machine where messages about the app wait to be delivered; it need not be there yet."""

    def head(self) -> tuple[str, str]:
        """The id of the version that was last looked at, and of its content; empty where the place keeps no versions."""

    def follows(self, head: str, tree: str) -> bool:
        """Whether what is there now comes after that version; true where the place keeps none."""

    def log_lacks(self, known: Link) -> str:
        """Why the log does not go on from that record, in words; empty where it does."""

    def refuse_lost(self) -> None:
        """Raises RecordError where the log does not go on from what this checkout knew of it; `log_blocks` has what is left."""

    def refuse_unsigned(self) -> None:
        """Raises RecordError where the newest version is not signed as it should be; `log_blocks` has it all the same."""

    def known_head(self) -> str:
        """The head that this checkout knew last, by the name that `trust` takes; empty where it knew none."""

    def trust(self, head: str) -> bool:
        """Take what is there now for right, whatever this checkout knew before; False where its head is another one.

        The head is a commit of a record in Git, the hash of the newest record of a local log, or `none`.
        """

    def signatures(self, trusted: str) -> Signatures:
        """How each saved head is signed; that version and those before it are not judged. None where the place keeps none."""

    @property
    def lost(self) -> bool:
        """The lock that this store took may be another's by now: write nothing more."""

    def apps(self) -> list[str]:
        """The apps that have a record in this place."""

    def load(self) -> Record | None:
        """The record, None where there is none yet."""

    def save(self, record: Record, adopted: int = 0) -> None:
        """Replace the record whole or not at all; so many accounts came into it unchanged, for whoever tells of it."""

    def journal(self, *lines: dict[str, Any]) -> None:
        """Append lines, on disk before this returns."""

    def read_journal(self) -> list[dict[str, Any]]:
        """The lines of runs that never ended; one that a kill tore off is left out."""

    def clear_journal(self) -> None:
        """All that the journal says is in the record."""

    def log(self, lines: list[dict[str, Any]]) -> None:
        """Append to the log, each record linked to the one before it; under a lock it may be saved with the lock's end."""

    def restore_log(self, lines: list[dict[str, Any]]) -> None:
        """Append records of another place as they are, links included."""

    def read_log(self) -> list[dict[str, Any]]:
        """The provisioning log, oldest line first: what was done to objects."""

    def log_blocks(self, since: str = "") -> Iterator[bytes]:
        """All records as whole JSON lines, many together, in the order of the chain.

        Of those before `since` only the newest is sure to be there: by its number one sees whether the next ones are missing.
        """

    def log_by_file(self) -> Iterator[tuple[str, bytes]]:
        """The same, all of it, each block with the name of the file that it stands in."""

    def prune_log(self, month: str, summary: Summary) -> int:
        """Under the lock: cut the log's files of months before that one (YYYY-MM), once it says so. Returns how many records."""

    def log_head(self) -> Link:
        """The newest record that is saved."""

    def lock(self, command: str, since: str, timeout: float = 0.0) -> AbstractContextManager[str | None]:
        """Hold the lock, waiting up to `timeout` seconds; yields a notice where a lock was taken over. Raises Locked."""

    def read_lock(self) -> LockInfo | None:
        """Who holds the lock."""

    def break_lock(self, id: str) -> str:
        """End a lock that somebody else holds; says when that one surely writes no more."""

    def retire(self, to: str) -> None:
        """The record now lies elsewhere: keep what is here as history, so that nobody goes on with it."""
