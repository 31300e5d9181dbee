"""The lock of one app's ref: lock.json in its tree, taken, renewed, taken over and broken by compare-and-swap.

A holder renews its lock every `interval` seconds, and stops when it has not for `lapse` less `interval`. Another machine takes it
over once it has itself seen the ref unchanged for `lapse`. Each measures by its own clock, and none reads what another's says.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import orjson

from reconciler.declare.wording import plural
from reconciler.record import lease
from reconciler.record.check import journal_of
from reconciler.record.git.log import GitLog
from reconciler.record.git.pending import JOURNAL, Pending, unsettled
from reconciler.record.git.ref import Ref
from reconciler.record.lines import Lines, dump_lines, read_lines
from reconciler.record.store import NEVER, Locked, LockInfo, RecordError, Unreachable, lock_info
from reconciler.record.watch import Watch

LOCK = "lock.json"
UNLOCKED = "unlocked"  # the name of what was written down without a lock
POLL = 5.0  # seconds between two looks at a lock that somebody else holds
PAUSES = (1.0, 5.0, 15.0)  # seconds between attempts to push what an apply has done
Changes = dict[str, bytes | None]


class GitLock:
    """`held` is our lock while we have it; `mutex` guards the ref between the run and the thread that renews."""

    def __init__(
        self,
        ref: Ref,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        interval: float,
        lapse: float,
        elapsed: Callable[[], float],
    ) -> None:
        self.ref, self.clock, self.sleep, self.interval, self.lapse, self.elapsed = ref, clock, sleep, interval, lapse, elapsed
        self.watch = Watch(ref, elapsed)
        self.renewed = 0.0  # when the last push of ours began that the remote took
        self.mutex = threading.RLock()
        self.held: LockInfo | None = None
        self.taken = False  # the lock is another's for certain

    @property
    def lost(self) -> bool:
        """True from one renewal before the lease lapses, so that a write in flight ends in time."""
        late = self.elapsed() >= self.renewed + self.lapse - self.interval
        return self.held is not None and (self.taken or late)

    def _in(self, seconds: float) -> datetime:
        return self.clock() + timedelta(seconds=seconds)

    def holder(self) -> LockInfo | None:
        """Who holds the lock, as the ref was last seen."""
        files = self.ref.read(lambda path: path == LOCK)
        try:
            return lock_info(orjson.loads(files[LOCK])) if files else None
        except orjson.JSONDecodeError:
            return lock_info(None)

    def look(self) -> LockInfo | None:
        """Who holds the lock now, as the remote says it. Raises RecordError."""
        self.ref.refresh()
        holder = self.holder()
        self.watch.note(self.ref.head if holder is not None else None)
        return holder

    def takeover(self, holder: LockInfo) -> str | None:
        """Why a lock may be taken over, in words for the person; None where it may not."""
        if self._died(holder):
            return f"took over the lock of {holder}, which has died"
        if self._lapsed(holder):
            minutes = plural(round(self.watch.seconds() / 60), "minute")
            return f"took over the lock of {holder}, which lapsed: this machine has seen it unchanged for {minutes}"
        return None

    def _died(self, holder: LockInfo) -> bool:
        """A process of this checkout, and no more. Machines that are copies of one have one name, and others' process numbers."""
        return Pending(self.ref.folder, holder.id).is_marked() and lease.dead(holder)

    def _lapsed(self, holder: LockInfo) -> bool:
        return holder.expires != NEVER and self.watch.seconds() >= self.lapse

    def refuse_others(self) -> None:
        """Raises Locked where another run holds the lock."""
        holder = self.holder()
        if holder is not None and self.takeover(holder) is None:
            raise self._locked(holder)

    def acquire(self, command: str, since: str, timeout: float) -> str | None:
        """Take the lock, looking again for `timeout` seconds; a notice where it was taken over. Raises Locked, RecordError."""
        until = self.elapsed() + timeout
        while True:
            with self.mutex:
                holder = self.look()
                notice = self.takeover(holder) if holder else None
                if holder is None or notice:
                    if self._take(holder, lease.mine(command, since, self.clock(), self.lapse), notice):
                        return notice
                    continue  # another was first: see who
            left = until - self.elapsed()
            if left <= 0:
                raise self._locked(holder)
            self.sleep(min(POLL, left))

    def _take(self, holder: LockInfo | None, lock: LockInfo, notice: str | None) -> bool:
        left, changes = self._left_by(holder)
        began = self.elapsed()
        words = f"{lock.command}: locked by {lock}" + (f"\n\n{notice}" if notice else "")
        own = Pending(self.ref.folder, lock.id)
        own.mark()
        if not self.ref.publish({**changes, LOCK: _file(lock)}, words):
            own.remove()
            return False
        self.held, self.taken, self.renewed = lock, False, began
        for pending in left:
            pending.remove()
        return True

    def _left_by(self, holder: LockInfo | None) -> tuple[list[Pending], Changes]:
        """What runs that ended badly on this machine had not pushed, as changes; one that still lives keeps its own."""
        gone = holder is not None and (holder.machine != lease.machine() or self._died(holder))
        left = [Pending(self.ref.folder, id) for id in ([holder.id] if holder and gone else []) + [UNLOCKED]]
        journal = [line for pending in left for line in pending.read_journal()]
        changes: Changes = {JOURNAL: dump_lines([*self.journal(), *journal])} if journal else {}
        log = [line for pending in left for line in pending.read_log()]
        return left, {**changes, **GitLog(self.ref).changes(log, self.clock())}

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
            began = self.elapsed()
            try:
                if self.ref.publish({LOCK: _file(later)}, f"{later.command}: lock renewed"):
                    self.held, self.renewed = later, began
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
                    raise RecordError(
                        f"{error}; what was written is kept in {self.ref.folder}",
                        "run it again on this machine; elsewhere it is found by reading the service",
                    ) from None
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
            holder = self.look()
            if holder is None:
                raise RecordError(f"{self.ref.app} is not locked", "nothing needs to be done")
            if holder.id != id:
                raise RecordError(f"the lock of {self.ref.app} is {holder.id}, held by {holder}", "see `reconcile lock`")
            left, changes = self._left_by(holder)
            if not self.ref.publish({**changes, LOCK: None}, f"unlock: {lease.user()} broke the lock of {holder}"):
                raise RecordError("the lock has changed just now", "see `reconcile lock`")
            words = self.quiet(holder)
            for pending in left:
                pending.remove()
            return words

    def quiet(self, holder: LockInfo) -> str:
        """When one whose lock was broken surely writes no more, in words for the person."""
        if self._died(holder) or self._lapsed(holder):
            return "its run no longer writes"
        left = math.ceil((self.lapse - min(self.watch.seconds(), self.lapse)) / 60)
        return (
            f"if that run is still alive, it may write for {self.interval / 60:.0f} minutes more, until it next looks; where it "
            f"cannot reach the remote, for {plural(left, 'minute')}: apply nothing before then"
        )

    def _locked(self, holder: LockInfo | None) -> Locked:
        """With what there is to do; a runner that is new each time has seen nothing before, so it has to wait the whole time."""
        words, end = f"locked by {holder}", f"if that run will never end: reconcile unlock {holder.id if holder else ''}"
        if holder is None or holder.expires == NEVER:
            return Locked(words, end)
        left = plural(max(1, math.ceil(self.lapse - self.watch.seconds())), "second")
        return Locked(
            words, f"wait until that run has ended (--lock-timeout SECONDS); what stays unchanged is taken over in {left}; {end}"
        )


def _file(lock: LockInfo) -> bytes:
    return orjson.dumps(lock.as_json(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
