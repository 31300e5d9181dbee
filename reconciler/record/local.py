"""The record in a local folder: atomic writes, a journal, a lock that dies with its process."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from reconciler.record import document
from reconciler.record.check import LOST, journal_of
from reconciler.record.lines import append, lines_of, remove, sync_folder
from reconciler.record.log.append import linked
from reconciler.record.log.chain import NOTHING, Link, Summary, kind_of
from reconciler.record.log.files import LogFiles, blocks_of
from reconciler.record.log.known import Known, lost
from reconciler.record.log.prune import counted
from reconciler.record.log.read import located, records_in
from reconciler.record.model import Record
from reconciler.record.signatures import Signatures
from reconciler.record.store import Locked, LockInfo, RecordError

__all__ = ["LocalStore", "Locked", "RecordError"]
MOVED = re.compile(r"\.moved-\d+\Z")


class LocalStore:
    """Files of one app below a folder: record.json, journal.jsonl, log/YYYY-MM.jsonl, lock."""

    lost = False  # a local lock lives as long as its process

    def __init__(self, root: Path, app: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self.app, self.root, self.folder, self.sleep = app, root, root / app, sleep
        self.record_file = self.folder / "record.json"
        self.journal_file = self.folder / "journal.jsonl"
        self.log_files = LogFiles(self.folder)
        self.known = Known(root / f"{app}.known.json")  # beside the folder: one that is put in its place is found out
        self.locked = False

    def where(self) -> str:
        return str(self.folder)

    def outbox(self) -> Path:
        return self.folder / "outbox"

    def head(self) -> tuple[str, str]:
        return "", ""

    def follows(self, head: str, tree: str) -> bool:
        return True

    def signatures(self, trusted: str) -> Signatures:
        return Signatures()

    def apps(self) -> list[str]:
        """The apps that have a record in this place."""
        return sorted(file.parent.name for file in self.root.glob("*/record.json") if not MOVED.search(file.parent.name))

    def load(self) -> Record | None:
        """The record, None where there is none yet. Raises RecordError, also where its log lost what was known of it."""
        self.refuse_lost()
        try:
            raw = self.record_file.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RecordError(f"{self.record_file} cannot be read: {error}", LOST) from None
        return document.parse(raw, self.app, str(self.record_file), LOST)

    def save(self, record: Record, adopted: int = 0) -> None:
        """Replace the record whole or not at all. Raises RecordError."""
        pieces = document.dump(record)
        waiting = self.record_file.with_suffix(".tmp")
        try:
            self._prepare()
            waiting.unlink(missing_ok=True)  # what a kill left, or a link that somebody put there
            with open(os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.writelines(pieces)
                file.flush()
                os.fsync(file.fileno())
            os.replace(waiting, self.record_file)
            sync_folder(self.folder)
        except OSError as error:
            with suppress(OSError):  # half of it would only fill the disk
                waiting.unlink(missing_ok=True)
            raise RecordError(f"the record cannot be written: {error}", "make room, or fix the permissions") from None

    def _prepare(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        ignore = self.root / ".gitignore"
        if not os.path.lexists(ignore):
            with open(os.open(ignore, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600), "w", encoding="utf-8") as file:
                file.write("*\n")

    def journal(self, *lines: dict[str, Any]) -> None:
        """Append lines, on disk before this returns. Raises RecordError."""
        self._append(self.journal_file, list(lines))

    def log(self, lines: list[dict[str, Any]]) -> None:
        """Append to the provisioning log, each record linked to the one before it."""
        if not lines:
            return
        self._made(self.log_files.folder)
        with self.log_files.alone():
            last = self.log_files.last()
            self.log_files.append(linked(lines, self.app, last, lambda: records_in(self))[0])
        if not self.locked:
            self._note()

    def _note(self) -> None:
        """The newest record is known from now on, if it comes after what was known; a log that cannot be read says so later."""
        known, _ = self.known.read()
        with suppress(RecordError):
            if known == NOTHING or not lost(known, self.log_files.newest_first()):
                self.known.write(self.log_head())

    def log_lacks(self, known: Link) -> str:
        return lost(known, self.log_files.newest_first())

    def refuse_lost(self) -> None:
        self.known.refuse_lost(self.log_files.newest_first, self.where(), self.app, self.log_head().hash or "none")

    def refuse_unsigned(self) -> None:
        """Nobody signs it."""

    def known_head(self) -> str:
        return self.known.read()[0].hash

    def trust(self, head: str) -> bool:
        if (self.log_head().hash or "none") != head:
            return False
        self.known.write(self.log_head())
        return True

    def restore_log(self, lines: list[dict[str, Any]]) -> None:
        self._made(self.log_files.folder)
        self.log_files.append(lines)

    def prune_log(self, month: str, summary: Summary) -> int:
        files = self.log_files.before(month)
        with located(self.log_by_file):
            count, last = counted(block for file in files for block in blocks_of(file))
        if last == NOTHING:
            return 0
        self.log([summary(count, last)])  # first: a kill in between leaves records that are there and told as cut
        for file in files:
            remove(file)
        return count

    def log_head(self) -> Link:
        return self.log_files.last()

    def log_blocks(self, since: str = "") -> Iterator[bytes]:
        return (block for _, block in self.log_files.blocks(since))

    def log_by_file(self) -> Iterator[tuple[str, bytes]]:
        return self.log_files.blocks()

    def _append(self, path: Path, lines: list[dict[str, Any]]) -> None:
        if not path.exists():
            self._made(path)
        append(path, lines)

    def _made(self, path: Path) -> None:
        """The folder is there. Raises RecordError."""
        try:
            self._prepare()
        except OSError as error:
            raise RecordError(f"{path} cannot be written: {error}", "make room, or fix the permissions") from None

    def read_journal(self) -> list[dict[str, Any]]:
        """The journal's lines; one that a kill tore off is left out."""
        return journal_of(lines_of(self.journal_file), str(self.journal_file))

    def read_log(self) -> list[dict[str, Any]]:
        return [record for record in records_in(self) if kind_of(record) == "object"]

    def clear_journal(self) -> None:
        remove(self.journal_file)

    @contextmanager
    def lock(self, command: str, since: str, timeout: float = 0.0) -> Iterator[str | None]:
        """Hold the app's lock; yields a notice where a dead process had left its own. Raises Locked, RecordError."""
        from reconciler.record import local_lock  # no plan needs it

        try:
            self._prepare()
        except OSError as error:
            raise local_lock.not_written(error) from None
        with local_lock.held(self.folder / "lock", command, since, timeout, self.sleep) as notice:
            self.locked = True
            try:
                yield notice
            finally:
                self.locked = False
                self._note()

    def read_lock(self) -> LockInfo | None:
        """Who holds the lock; nobody where its process has died."""
        from reconciler.record import local_lock

        return local_lock.holder(self.folder / "lock")

    def break_lock(self, id: str) -> str:
        holder = self.read_lock()
        if holder is None:
            raise RecordError(f"{self.app} is not locked", "nothing needs to be done")
        raise RecordError(f"a local lock lives as long as its process: {holder}", f"end process {holder.pid}")

    def retire(self, to: str) -> None:
        """The folder under another name: what was here is kept."""
        number = 1
        while (target := self.root / f"{self.app}.moved-{number}").exists():
            number += 1
        try:
            self.folder.rename(target)
            self.known.write(NOTHING)
        except OSError as error:
            raise RecordError(
                f"{self.folder} cannot be moved away: {error}", f"the record is in {to} now: move it away by hand"
            ) from None
