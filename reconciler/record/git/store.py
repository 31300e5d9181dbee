"""The record of one app in Git: a ref of its own on the repository's remote, changed by compare-and-swap, which is also the lock.

A run under the lock pushes three commits: the lock, the plan under way (before the first write to the service), and at its end
the record, the journal, the log and the lock's removal. Between the last two everything is kept on this machine, line by line.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from reconciler.declare.settings import REF
from reconciler.declare.wording import plural
from reconciler.record import lease
from reconciler.record.git import shards
from reconciler.record.git.history import prune
from reconciler.record.git.lock import LOCK, UNLOCKED, Changes, GitLock
from reconciler.record.git.log import GitLog
from reconciler.record.git.pending import JOURNAL, Pending, journal_file, summary
from reconciler.record.git.ref import Ref
from reconciler.record.git.signed import signatures_of
from reconciler.record.log.chain import NOTHING, Link, Summary, kind_of
from reconciler.record.log.known import LOST, lost
from reconciler.record.log.prune import counted
from reconciler.record.log.read import located, records_in
from reconciler.record.model import Record
from reconciler.record.signatures import UNSIGNED, Rules, Signatures
from reconciler.record.store import LeaseLost, LockInfo, RecordError, Unsaved


class GitStore:
    """A ref of the app on the remote `remote` of the checkout around `folder`, which holds the declarations in `declared`.

    `clock` answers the time in UTC, `elapsed` seconds of a clock that nobody sets; `interval` and `lapse` are seconds between
    renewals and until a lease lapses. `rules` are those of signatures, `named` the ref with <app> for the app's name.
    """

    def __init__(
        self,
        app: str,
        remote: str = "origin",
        folder: Path = Path("."),
        *,
        environ: Mapping[str, str] = os.environ,
        clock: Callable[[], datetime] = lease.utc,
        sleep: Callable[[float], None] = time.sleep,
        interval: float = lease.RENEW_EVERY,
        lapse: float = lease.LAPSES_AFTER,
        declared: Path | None = None,
        elapsed: Callable[[], float] = lease.elapsed,
        rules: Rules = UNSIGNED,
        named: str = REF,
    ) -> None:
        self.app, self.clock = app, clock
        self.ref = Ref(app, remote, folder, environ, clock, sleep, declared, rules, named)
        self.log_of_ref = GitLog(self.ref)
        self.owner = GitLock(self.ref, clock, sleep, interval, lapse, elapsed)
        self.mutex = self.owner.mutex
        self.buffered: Changes = {}  # of the record, since the last push
        self.adopted = 0
        self.cleared = False
        self.is_told = False  # that history is lost: the log can be read as it was looked at then

    def where(self) -> str:
        return f"{self.ref.name} on {self.ref.remote}"

    def outbox(self) -> Path:
        return self.ref.folder / "outbox"

    def head(self) -> tuple[str, str]:
        """The commit that was last looked at or made, and its tree; empty where the ref is not there. Raises RecordError."""
        with self.mutex:
            self.ref.see()
            return self.ref.head_and_tree()

    def follows(self, head: str, tree: str) -> bool:
        """Whether what is there now comes after that commit, which has this tree. Raises RecordError."""
        from reconciler.record.descent import descends

        with self.mutex:
            self.ref.see()
            return descends(self.ref, head, tree)

    def signatures(self, trusted: str) -> Signatures:
        """How each commit of the ref is signed. Raises RecordError."""
        with self.mutex:
            return signatures_of(self.ref, trusted)

    def log_lacks(self, known: Link) -> str:
        with self.mutex:
            self._look()
            return lost(known, self.log_of_ref.newest_first())

    def refuse_lost(self) -> None:
        with self.mutex:
            try:
                self._look()
                self.log_of_ref.refuse_lost()
            except RecordError as error:
                self.is_told = error.code == LOST
                raise

    def refuse_unsigned(self) -> None:
        with self.mutex:
            self._look()
            self.ref.require_signed()

    def known_head(self) -> str:
        return self.ref.last()[0]

    def trust(self, head: str) -> bool:
        """Take the remote's head for right, whatever this machine saw before; False where it is another. Raises RecordError."""
        with self.mutex:
            if not self.ref.trust(head):
                return False
            self.log_of_ref.know()
            return True

    # The record

    def apps(self) -> list[str]:
        """The apps that have a record on the remote. Raises RecordError."""
        return self.ref.apps()

    def load(self) -> Record | None:
        """The record as the remote has it now, or as this run is making it.

        Raises RecordError, also where its log lost some, or its newest commit is not signed as it should be.
        """
        with self.mutex:
            self._look()
            self.ref.require_signed()
            self.log_of_ref.refuse_lost()
            pushed = {path: data for path, data in self.ref.read(shards.belongs).items() if path not in self.buffered}
            waiting = {path: data for path, data in self.buffered.items() if data is not None}
            return shards.from_files(pushed | waiting, self.where(), self.app)

    def save(self, record: Record, adopted: int = 0) -> None:
        """Under the lock: pushed once, when a plan is under way, else with the lock's end. Without it: pushed at once."""
        with self.mutex:
            if self.owner.held is None and not self.ref.seen:
                self.owner.look()
            changes: Changes = shards.changes(record, self.ref.files, self.ref.has)
            if self.owner.held is None:
                self._alone(f"record of {plural(len(record.entries), 'entry', 'entries')} saved", changes)
                return
            self.buffered = changes
            self.adopted += adopted
            if record.under_way and not self._local().has_journal():
                self._announce(len(record.under_way))

    def _announce(self, count: int) -> None:
        """Before the first write to the service: whoever comes after a kill sees what was under way."""
        held = self.owner.held
        words = f"{held.command if held else self.app}: {plural(count, 'change')} under way"
        if self.lost or (self.buffered and not self.ref.publish(self.buffered, words)):
            self.owner.taken = True
            raise LeaseLost("another run has taken the lock: nothing was written to the service", "run it again")
        self.buffered = {}

    def _alone(self, message: str, changes: Changes) -> None:
        """One commit without a lock of ours. Raises Locked, RecordError."""
        self.owner.refuse_others()
        if changes and not self.ref.publish(changes, message):
            raise RecordError("the record was changed by another run since it was read", "run it again")

    def _look(self) -> None:
        """Without the lock, what the remote has may have changed since we last looked."""
        if self.owner.held is None:
            self.owner.look()

    # The journal and the log

    def _local(self) -> Pending:
        return Pending(self.ref.folder, self.owner.held.id if self.owner.held else UNLOCKED)

    def journal(self, *lines: dict[str, Any]) -> None:
        """Append lines, on this machine's disk before this returns; the lock's end pushes them. Raises RecordError."""
        self._local().journal(list(lines))
        self.cleared = False

    def read_journal(self) -> list[dict[str, Any]]:
        """What the record, as it was last loaded, does not hold yet: pushed lines, and those left on this machine."""
        if self.cleared:
            return []
        with self.mutex:
            if not self.ref.seen:
                self._look()
            holder = None if self.owner.held else self.owner.holder()
            left = Pending(self.ref.folder, holder.id).read_journal() if holder else []
            return [*self.owner.journal(), *left, *self._local().read_journal()]

    def clear_journal(self) -> None:
        """What the journal says is in the record; the local lines stay until the record has been pushed."""
        if self.owner.held is not None:
            self.cleared = True
            return
        with self.mutex:
            if self.owner.journal():
                self._alone("journal settled", {JOURNAL: None})
            self._local().remove()

    def log(self, lines: list[dict[str, Any]]) -> None:
        """Append to the provisioning log; under the lock it is pushed with the lock's end."""
        if self.owner.held is not None:
            self._local().log(lines)
        elif lines:
            with self.mutex:
                self.owner.look()
                self._alone(summary("provisioning log", lines, ""), dict(self.log_of_ref.changes(lines, self.clock())))

    def restore_log(self, lines: list[dict[str, Any]]) -> None:
        """Append records of another place as they are; under the lock they are pushed with the lock's end."""
        with self.mutex:
            files: Changes = dict(self.log_of_ref.as_they_are(lines, self.clock()))
            if self.owner.held is not None:
                self.buffered |= files
            else:
                self._alone("provisioning log restored", files)

    def read_log(self) -> list[dict[str, Any]]:
        return [record for record in records_in(self) if kind_of(record) == "object"]

    def log_blocks(self, since: str = "") -> Iterator[bytes]:
        with self.mutex:
            if not self.is_told:
                self._look()
        yield from self.log_of_ref.blocks(since)

    def log_by_file(self) -> Iterator[tuple[str, bytes]]:
        with self.mutex:
            self._look()
        yield from self.log_of_ref.by_file()

    def prune_log(self, month: str, summary: Summary) -> int:
        with self.mutex:
            files = self.log_of_ref.before(month)
            with located(self.log_of_ref.by_file):
                count, last = counted(block for _, block in self.log_of_ref.contents(files))
            if last == NOTHING:
                return 0
            self.log([summary(count, last)])
            self.buffered = {**self.buffered, **dict.fromkeys(files)}
            return count

    def log_head(self) -> Link:
        with self.mutex:
            self._look()
            return self.log_of_ref.head()

    # The lock

    @property
    def lost(self) -> bool:
        return self.owner.lost

    @contextmanager
    def lock(self, command: str, since: str, timeout: float = 0.0) -> Iterator[str | None]:
        """Hold the app's lock and keep renewing it; yields a notice where one was taken over. Raises Locked, RecordError."""
        notice = self.owner.acquire(command, since, timeout)
        self.cleared, self.buffered, self.adopted = False, {}, 0
        try:
            with lease.Renewer(self.renew, self.owner.interval):
                yield notice
        except BaseException as error:
            try:
                self._release()
            except RecordError as second:
                error.add_note(f"{second}: {second.remedy}")
            raise
        self._release()

    def renew(self) -> None:
        self.owner.renew()

    def _release(self) -> None:
        """One commit with all that this run has done, without the lock. Raises LeaseLost, Unsaved, RecordError."""
        with self.mutex:
            held, local = self.owner.held, self._local()
            assert held is not None
            log = local.read_log()
            changes = {**self.buffered, **self._journal(local)}
            try:
                changes |= self.log_of_ref.changes(log, self.clock())
                done = self.owner.end(changes, summary(held.command, log, held.since, self.buffered, self.adopted))
            except RecordError as error:
                raise Unsaved(error.message, error.remedy) if local.has_journal() else error from None
            finally:
                self.owner.held, self.buffered, self.cleared = None, {}, False
            local.remove()
            if not done:
                Pending(self.ref.folder, UNLOCKED).log(log)  # the next run from here pushes it
                raise LeaseLost(
                    "the lock was taken over while this run was under way: its record was not pushed",
                    "run it again: what was written is found by reading the service",
                )
            self.ref.tidy()

    def _journal(self, local: Pending) -> Changes:
        lines = journal_file(self.owner.journal(), local.read_journal(), lease.stamp(self.clock()) if self.cleared else None)
        return {JOURNAL: lines} if lines is not None else {}

    def read_lock(self) -> LockInfo | None:
        with self.mutex:
            self._look()
            return self.owner.holder()

    def break_lock(self, id: str) -> str:
        """Remove the lock with this id. Raises RecordError."""
        return self.owner.break_(id)

    # What a person does once in a while

    def is_beside(self, other: GitStore) -> bool:
        """Whether the other one is this app's too, at another ref of the same remote."""
        return (self.app, self.ref.remote) == (other.app, other.ref.remote) and self.ref.name != other.ref.name

    def elsewhere(self) -> list[str]:
        """The other refs of the remote that hold a record of this app, with <app> for its name. Raises RecordError."""
        with self.mutex:
            return self.ref.elsewhere()

    def retire(self, to: str) -> None:
        """An empty tree on top: the history keeps what was here."""
        with self.mutex:
            self._look()
            gone: Changes = {path: None for path in self.ref.files if path != LOCK}
            if self.owner.held is None:
                self._alone(f"the record has moved to {to}", gone)
            elif gone and not self.ref.publish(gone, f"the record has moved to {to}"):
                raise LeaseLost("another run has taken the lock", "run it again")

    def prune(self, older_than_days: int, now: datetime) -> int:
        """Cut the history that is older; the present stays. Returns the number of commits cut. Raises Locked, RecordError."""
        with self.mutex:
            self._look()
            self.owner.refuse_others()
            self.ref.require_signed()  # what is cut is signed anew
            return prune(self.ref, older_than_days, now)
