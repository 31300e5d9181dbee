"""The lock of one app's ref: lock.json in its tree, taken, renewed, taken over and broken by compare-and-swap."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import orjson

from reconciler.record import lease
from reconciler.record.check import journal_of
from reconciler.record.gitref import Ref
from reconciler.record.pending import JOURNAL, Lines, Pending, log_files, unsettled
from reconciler.record.shards import dump_lines, read_lines
from reconciler.record.store import NEVER, Locked, LockInfo, RecordError, Unreachable, lock_info

LOCK = "lock.json"
UNLOCKED = "unlocked"  # the name of what was written down without a lock
POLL = 5.0  # seconds between two looks at a lock that somebody else holds
PAUSES = (1.0, 5.0, 15.0)  # seconds between attempts to push what an apply has done
Changes = dict[str, bytes | None]


class GitLock:
    """`held` is our lock while we have it; `mutex` guards the ref between the run and the thread that renews."""

    def __init__(
        self, ref: Ref, clock: Callable[[], datetime], sleep: Callable[[float], None], interval: float, lapse: float
    ) -> None:
        self.ref, self.clock, self.sleep, self.interval, self.lapse = ref, clock, sleep, interval, lapse
        self.mutex = threading.RLock()
        self.held: LockInfo | None = None
        self.taken = False  # the lock is another's for certain

    @property
    def lost(self) -> bool:
        """True from one renewal before the lease lapses, so that a write in flight ends in time."""
        held = self.held
        return held is not None and (self.taken or lease.lapsed(held, self._in(self.interval)))

    def _in(self, seconds: float) -> datetime:
        return self.clock() + timedelta(seconds=seconds)

    def holder(self) -> LockInfo | None:
        """Who holds the lock, as the ref was last seen."""
        files = self.ref.read(lambda path: path == LOCK)
        try:
            return lock_info(orjson.loads(files[LOCK])) if files else None
        except orjson.JSONDecodeError:
            return lock_info(None)

    def takeover(self, holder: LockInfo) -> str | None:
        """Why a lock may be taken over, in words for the person; None where it may not."""
        if lease.dead(holder):
            return f"took over the lock of {holder}, which has died"
        if lease.lapsed(holder, self.clock()):
            return f"took over the lock of {holder}, which lapsed at {holder.expires}"
        return None

    def refuse_others(self) -> None:
        """Raises Locked where another run holds the lock."""
        holder = self.holder()
        if holder is not None and self.takeover(holder) is None:
            raise _locked(holder)

    def acquire(self, command: str, since: str, timeout: float) -> str | None:
        """Take the lock, looking again for `timeout` seconds; a notice where it was taken over. Raises Locked, RecordError."""
        until = self._in(timeout)
        while True:
            with self.mutex:
                self.ref.refresh()
                holder = self.holder()
                notice = self.takeover(holder) if holder else None
                if holder is None or notice:
                    if self._take(holder, lease.mine(command, since, self.clock(), self.lapse), notice):
                        return notice
                    continue  # another was first: see who
            left = (until - self.clock()).total_seconds()
            if left <= 0:
                raise _locked(holder)
            self.sleep(min(POLL, left))

    def _take(self, holder: LockInfo | None, lock: LockInfo, notice: str | None) -> bool:
        left, changes = self._left_by(holder)
        words = f"{lock.command}: locked by {lock}" + (f"\n\n{notice}" if notice else "")
        if not self.ref.publish({**changes, LOCK: _file(lock)}, words):
            return False
        self.held, self.taken = lock, False
        for one in left:
            one.remove()
        return True

    def _left_by(self, holder: LockInfo | None) -> tuple[list[Pending], Changes]:
        """What runs that ended badly on this machine had not pushed, as changes; one that still lives keeps its own."""
        gone = holder is not None and (holder.machine != lease.machine() or lease.dead(holder))
        left = [Pending(self.ref.folder, id) for id in ([holder.id] if holder and gone else []) + [UNLOCKED]]
        journal = [line for one in left for line in one.read_journal()]
        changes: Changes = {JOURNAL: dump_lines([*self.journal(), *journal])} if journal else {}
        for one in left:
            changes.update(log_files(one.read_log(), self.clock()))
        return left, changes

    def journal(self) -> Lines:
        """The lines in the tree that no record holds yet."""
        files = self.ref.read(lambda path: path == JOURNAL)
        return unsettled(journal_of(read_lines(files[JOURNAL]), f"{JOURNAL} of {self.ref.name}")) if files else []

    def renew(self) -> None:
        """Push a later end of the lease. Where that fails for want of a network, the next try may do better."""
        with self.mutex:
            if self.held is None or self.taken:
                return
            later = replace(self.held, expires=lease.stamp(self._in(self.lapse)))
            try:
                if self.ref.publish({LOCK: _file(later)}, f"{later.command}: lock renewed"):
                    self.held = later
                else:
                    self.taken = True
            except RecordError:
                return

    def end(self, changes: Changes, message: str) -> bool:
        """Give the lock back with all that was done in one commit; False where it has become another's. Raises RecordError."""
        for pause in (*PAUSES, None):
            try:
                return self.ref.publish({**changes, LOCK: None}, message) or self._after_a_break(changes, message)
            except Unreachable as error:
                if pause is None:
                    raise RecordError(f"{error}; what was written is kept in {self.ref.folder}", "run it again on this "
                                      "machine; elsewhere it is found by reading the service") from None  # fmt: skip
                self.sleep(pause)
        raise AssertionError("the last pause ends the loop")

    def _after_a_break(self, changes: Changes, message: str) -> bool:
        """A lock that a person broke, and nobody took since: going on loses nothing."""
        ours = {path: id for path, id in self.ref.files.items() if path != LOCK}
        self.ref.refresh()
        return self.ref.files == ours and self.ref.publish(changes, message)

    def break_(self, id: str) -> str:
        """Remove the lock with this id; its holder sees it at the next renewal and stops. Returns `quiet`. Raises RecordError."""
        with self.mutex:
            self.ref.refresh()
            holder = self.holder()
            if holder is None:
                raise RecordError(f"{self.ref.app} is not locked", "nothing needs to be done")
            if holder.id != id:
                raise RecordError(f"the lock of {self.ref.app} is {holder.id}, held by {holder}", "see `reconcile lock`")
            left, changes = self._left_by(holder)
            if not self.ref.publish({**changes, LOCK: None}, f"unlock: {lease.user()} broke the lock of {holder}"):
                raise RecordError("the lock has changed just now", "see `reconcile lock`")
            for one in left:
                one.remove()
            return self.quiet(holder)

    def quiet(self, holder: LockInfo) -> str:
        """When one whose lock was broken surely writes no more, in words for the person."""
        if lease.dead(holder) or lease.lapsed(holder, self.clock()):
            return "its run writes no more"
        until = lease.stamp(self._in(self.lapse)) if holder.expires == NEVER else holder.expires
        return (f"if its run still lives, it may write for {self.interval / 60:.0f} minutes more, until it next looks; where it "
                f"cannot reach the remote, until {until}: apply nothing before then")  # fmt: skip


def _locked(holder: LockInfo | None) -> Locked:
    return Locked(f"locked by {holder}", "wait until that run has ended (--lock-timeout SECONDS); if it never will: "
                  f"reconcile unlock {holder.id if holder else ''}")  # fmt: skip


def _file(lock: LockInfo) -> bytes:
    return orjson.dumps(lock.as_json(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
