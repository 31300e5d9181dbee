"""Changes in, requests in order, outcomes out. Every write has a journal line before it and an outcome after it."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from reconciler.apply.journal import UNSAID, GroupCommit, Line, ending, move, opening
from reconciler.apply.log import STATUSES, Went, adopted_lines, heard, log_lines, new_skips, recovered, skip_lines
from reconciler.apply.log_shape import Export
from reconciler.apply.model import ENDED, Failed, Job, Outcome, Result
from reconciler.apply.side_by_side import Baton, Pace, Phase
from reconciler.apply.steps import Step, phases
from reconciler.apply.write import Writer
from reconciler.plan.model import Change
from reconciler.plan.name_swaps import waiting
from reconciler.record.store import RecordError, Store
from reconciler.record.unfinished import Unfinished
from reconciler.resolve.expressions.functions import Chance
from reconciler.scim.client import ScimClient
from reconciler.scim.errors import AuthError, ServiceError, StaleError

SILENT = 3  # objects in a row for which no answer came, each after several tries, end a run
TAKING = ("write", "members out", "delete")  # steps that may take something from somebody


def execute(
    job: Job, client: ScimClient, store: Store, now: Callable[[], str], tell: Callable[[Outcome], None],
    chance: Chance, stopped: Callable[[], bool] = lambda: False,
) -> Result:  # fmt: skip
    """Do what the changes say, nothing else, and keep the record true whatever happens.

    `tell` hears of each change as it ends; `chance` makes generated values; `stopped` is asked before each write. Raises
    RecordError before the first write; from then on a record that cannot be written ends the run before its next one, and is in
    the result.
    """
    run = _Run(job, client, store, now, tell, chance)
    run.begin()
    with run.together(stopped):
        try:
            run.guarded(lambda: run.go(stopped))
        finally:
            run.guarded(run.finish)
    outcomes = [run.outcome(change) for change in job.changes]
    return Result(outcomes, run.interrupted, run.refused, tuple(run.adopted), run.unkept, tuple(run.writer.learning.said))


def refusal(error: ServiceError) -> str:
    """What ended a run before its end."""
    if error.too_long:
        return "the service asks for too long a wait"
    return "the token was refused" if isinstance(error, AuthError) else "the service does not answer"


class _Run:
    """`open` are the addresses of the steps whose outcome is not journalled yet; of the phase under way `over` are those of which
    the step has ended, `telling` are the steps of which nothing was told yet. `silent` are the objects for which no answer came
    since the last one that came.
    """

    def __init__(
        self,
        job: Job,
        client: ScimClient,
        store: Store,
        now: Callable[[], str],
        tell: Callable[[Outcome], None],
        chance: Chance,
    ) -> None:
        self.job, self.client, self.store, self.now, self.tell = job, client, store, now, tell
        carrying = {slot.target for slot in job.resolution.user_mapping.slots if slot.carries_roles}
        self.phases = phases(job.changes, carrying)
        self.left = Counter(step.change.address for steps in self.phases for step in steps)
        self.waits = waiting(job.changes)
        self.ends: dict[str, tuple[str, str]] = {}
        self.answered: dict[str, int | None] = {}  # the HTTP status with which a change failed
        self.at: dict[str, str] = {}
        self.exports: dict[str, list[Export]] = {}
        self.uncertain: set[str] = set()  # of what was sent for them nobody knows whether it was done
        self.roles_before = _roles_before(job)
        self.writer = Writer(job, client, now, self._journal, chance)
        self.changes = self.writer.changes
        self.told: set[str] = set()
        self.refused: ServiceError | None = None
        self.unkept: RecordError | None = None
        self.adopted: list[str] = []
        self.interrupted = False
        self.silent: set[str] = set()
        self.open: set[str] = set()
        self.over: set[str] = set()
        self.telling: deque[Step] = deque()
        self.baton, self.pace = Baton(), Pace(client.workers)
        self.lines = GroupCommit(store.journal, self.baton)
        self.unfinished = Unfinished(job.record)

    @contextmanager
    def together(self, stopped: Callable[[], bool]) -> Iterator[None]:
        """While steps go side by side; whoever asks to stop waits for what is under way, and for no second try."""
        self.client.waiting, self.client.stopped = self.baton.laid_down, stopped
        try:
            with self.baton.held():
                yield
        finally:
            self.client.waiting, self.client.stopped = nullcontext, lambda: False

    def begin(self) -> None:
        """What needs no write goes into the record before the first one: renames, adoptions, what is under way."""
        record, settled = self.job.record, self.job.settled
        changing = {change.address for change in self.job.changes}
        self.changes.rename([new for new, old in settled.renamed.items() if not changing & {new, old}])
        self.adopted = self.changes.adopt(but=changing)
        self.unfinished.begin(self.job.changes)
        record.keep_out(settled.revoked)
        journal = self.store.read_journal()
        self._log_earlier(journal)
        skips = new_skips(self.job)
        self.store.log([*adopted_lines(self.job, self.adopted, self.now()), *skip_lines(self.job, skips, self.now())])
        record.tell_skips({skip.address: skip.code for skip in skips}, self.job.resolution.skipped)
        if self.phases or journal:
            record.begin_run()
        self.store.save(record, len(self.adopted))
        self.store.clear_journal()

    def guarded(self, work: Callable[[], None]) -> None:
        """A disk that is full: what was written so far must be said, so this is no end of all."""
        try:
            work()
        except RecordError as error:
            self.unkept = self.unkept or error

    def go(self, stopped: Callable[[], bool]) -> None:
        for steps in self.phases:
            self.telling, self.over = deque(steps), set()
            Phase(steps, self.waits, self._step, lambda: self._ends(stopped), self.baton, self.pace).run()
            if self.interrupted or self.refused:
                break
        for change in self.job.changes if self.refused else ():
            if change.address not in self.told:
                self._told(change)

    def _ends(self, stopped: Callable[[], bool]) -> bool:
        """Whether nothing more is to be begun."""
        self.interrupted = self.interrupted or stopped()
        return self.interrupted or self.refused is not None

    def _step(self, step: Step) -> None:
        """One step, and a word about each change that has ended with it, in the order of the steps."""
        if step.change.address not in self.ends:
            self._one(step)
        self.pace.heard(self.client.refused)
        self.over.add(step.change.address)
        while self.telling and self.telling[0].change.address in self.over:
            change = self.telling.popleft().change
            if change.address not in self.told and (not self.left[change.address] or change.address in self.ends):
                self._told(change)

    def _told(self, change: Change) -> None:
        self.told.add(change.address)
        self.tell(self.outcome(change))

    def finish(self) -> None:
        """What was done is in the record, whatever stopped the rest; a step that was torn apart stays in the journal."""
        record = self.job.record
        if not self.interrupted and not self.refused and not self.unkept and not self.open:
            self.changes.keep_matched()
        outcomes = [self.outcome(change) for change in self.job.changes]
        undone = {outcome.change.address for outcome in outcomes if outcome.status not in ENDED}
        # Who has been put out under the recorded name had no write that brings today's.
        self.changes.rename([new for new, old in self.changes.renamed.items() if not undone & {new, old}])
        if not self.open and Result(outcomes, self.interrupted).ended:
            record.complete(self.job.commit)
        ended = [o.change for o in outcomes if o.change.address not in undone]
        self.unfinished.end(self.job.everything, ended)
        if not self.open:
            self._stop(outcomes)
        self._forget_revoked(outcomes)
        self.writer.learning.keep()
        self.store.save(record)
        if not self.open:
            # Before the journal goes: a kill in between is known from it.
            self.store.log([line for outcome in outcomes for line in self._log_lines(outcome)])
            self.store.clear_journal()

    def _log_lines(self, outcome: Outcome) -> list[dict[str, Any]]:
        address = outcome.change.address
        went = Went(
            self.at.get(address) or self.now(),
            address in self.changes.touched,
            address in self.uncertain,
            tuple(self.exports.get(address, ())),
            self.roles_before.get(address),
        )
        return log_lines(self.job, outcome, went)

    def _log_earlier(self, journal: list[dict[str, Any]]) -> None:
        """What an earlier run did and did not live to log, or to hear of."""
        fresh = [line for line in journal if line.get("run", 0) >= self.job.record.runs]
        lines = recovered(self.job, fresh) + heard(self.job, {line.get("address", "") for line in fresh})
        known = {line.get("id") for line in self.store.read_log()} if lines else set()
        self.store.log([line for line in lines if line["id"] not in known])

    def _forget_revoked(self, outcomes: list[Outcome]) -> None:
        """Of whom the declaration agrees, and who is out."""
        settled = self.job.settled
        out = {outcome.change.address for outcome in outcomes if outcome.status == "done"}
        self.job.record.forget_revoked(settled.agreed - (settled.pending - out))

    def _stop(self, outcomes: list[Outcome]) -> None:
        """Of a change that was done in part, or may have been, a saved plan still asks for the rest."""
        undone = [outcome.change for outcome in outcomes if outcome.status not in ENDED]
        known = self.changes.touched | self.job.record.unanswered.keys()
        self.unfinished.stop(undone, [change for change in undone if change.address in known])

    def outcome(self, change: Change) -> Outcome:
        begun = change.address in self.changes.touched
        if change.address in self.ends:
            status, why = self.ends[change.address]
            http = self.answered.get(change.address)
            return Outcome(change, status, f"done in part: {why}" if begun else why, http)
        if self.left[change.address]:
            why = "the run was interrupted" if self.refused is None else refusal(self.refused)
            why = "the record cannot be written" if self.unkept else why
            return Outcome(change, "skipped", f"{'done in part' if begun else 'not begun'}: {why}")
        if left := self.writer.recorded.outstanding.get(change.address):
            return Outcome(change, "outstanding", left)
        note, adopted = self.writer.recorded.notes.get(change.address, ""), self.writer.adopted.get(change.address, "")
        return Outcome(change, "ignored" if note else "done", "; ".join(filter(None, (adopted, note))))

    def _one(self, step: Step) -> None:
        """A failure of one object fails that object alone; a refused token, or a wait that is too long, ends everything."""
        address = step.change.address
        if kept := sorted(other for other in self.waits.get(address, ()) if other in self.ends):
            self.ends[address] = ("skipped", f"{kept[0]} still has the name that it would take")
            return
        line, writer, began = self._opening(step), self.writer.for_a_step(), time.monotonic()
        self._journal(line)
        self.open.add(address)
        self.client.heard.forget()
        try:
            writer.do(step)
            self._heard(address)
            self.left[address] -= 1
            self.job.record.count_removals(line["at"], line["takes"])
        except StaleError as error:
            self.ends[address] = ("stale", f"changed on the service since it was planned: {error}")
        except ServiceError as error:
            self._heard(address, error)
            if error.too_long or (isinstance(error, AuthError) and error.status == 401) or len(self.silent) >= SILENT:
                self.refused = self.refused or error
            self.ends[address], self.answered[address] = ("failed", str(error)), error.status or 0
        except Failed as error:
            self.ends[address], self.answered[address] = (error.status, error.message), error.http
            if writer.took:
                self.job.record.count_removals(line["at"], line["takes"])
        self._note(step, round((time.monotonic() - began) * 1000))
        self._close(address, line, writer)

    def _note(self, step: Step, milliseconds: int) -> None:
        """How the step went, for the log."""
        address, last = step.change.address, self.client.heard
        status = STATUSES.get(self.ends.get(address, ("done", ""))[0], "failure")
        self.exports.setdefault(address, []).append(Export(step.kind, status, last.method, last.status, milliseconds))

    def _heard(self, address: str, error: ServiceError | None = None) -> None:
        """The service has answered, or has not: an outage is not found out anew with every object."""
        if error is not None and error.status is None:
            self.silent.add(address)
        else:
            self.silent.clear()

    def _opening(self, step: Step) -> Line:
        """All that it takes to know this write again, should nobody hear of its outcome."""
        address = step.change.address
        takes = self.job.removals.get(address, []) if step.kind in TAKING else []
        base, was = self.job.settled.baselines.get(address, {}), self.changes.renamed.get(address)
        return opening(step, self.now(), takes, base.get("declaredId", UNSAID), was)

    def _close(self, address: str, line: Line, writer: Writer) -> None:
        """What came of a step, with the entries that it has changed beside its own, on disk together."""
        entries, failed = self.job.record.entries, address in self.ends and writer.uncertain
        if failed:
            self.uncertain.add(address)
            line["wanted"] = {**line["wanted"], **writer.made}
            self.job.record.leave_unanswered(address, line)
        status = self.ends.get(address, ("done", ""))[0]
        self.at[address] = self.now()
        # Another step may go on as soon as this one waits for the disk.
        moved = [move(new, old, entries[new]) for new, old in self.changes.take_moved()]
        beside = [move(member, None, entries[member]) for member in sorted(writer.beside)]
        self._journal(*moved, *beside, ending(address, self.at[address], status, entries.get(address), failed))
        self.open.discard(address)

    def _journal(self, *lines: Line) -> None:
        self.lines.write(*({"run": self.job.record.runs, "cycle": self.job.origin.cycle, **line} for line in lines))


def _roles_before(job: Job) -> dict[str, tuple[str, ...]]:
    """Address of each change -> the keys of the roles that the record has there before anything is written."""
    recorded = {change.address: job.settled.renamed.get(change.address, change.address) for change in job.changes}
    entries = job.record.entries
    return {address: tuple(entries[old].get("roles", ())) if old in entries else () for address, old in recorded.items()}
