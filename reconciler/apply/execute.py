"""Changes in, requests in order, outcomes out. Every write has a journal line before it and an outcome after it."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial

from reconciler.apply.journal import UNSAID, GroupCommit, Line, ending, intention, is_telling, move, opening, unanswered
from reconciler.apply.log_recovered import beginning
from reconciler.apply.model import Failed, Job, Outcome, Result
from reconciler.apply.outcomes import Outcomes
from reconciler.apply.pace import ONE_AT_A_TIME, Baton, Pace
from reconciler.apply.run_notes import RunNotes
from reconciler.apply.run_record import RunRecord
from reconciler.apply.shared import OneStep
from reconciler.apply.side_by_side import Phase
from reconciler.apply.step_writer import StepWriter, shared_of
from reconciler.apply.steps import Step, StepKind, phases
from reconciler.declare.names import is_user
from reconciler.plan.change import Change
from reconciler.plan.name_swaps import waiting
from reconciler.record.store import RecordError, Store
from reconciler.resolve.expressions.functions import Chance
from reconciler.scim.client import ScimClient
from reconciler.scim.errors import ServiceError
from reconciler.scim.sender import Alone

CONFLICT = 409
TAKING = (
    StepKind.WRITE,
    StepKind.MEMBERS_OUT,
    StepKind.ROLES_OUT,
    StepKind.DELETE,
)  # steps that may take something from somebody


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
    run.record.begin(run.phases, run.intended())
    with run.together(stopped):
        try:
            run.guarded(lambda: run.go(stopped))
        finally:
            run.guarded(lambda: run.record.finish(run.outcomes, run.open, run.notes))
    ended, said = run.outcomes, (*run.shared.quirks.said, *([ONE_AT_A_TIME] if run.pace.collisions else []))
    return Result(ended.all(), ended.interrupted, ended.refused, tuple(run.record.adopted), ended.unkept, said)


class _Run:
    """`open` are the addresses of the steps whose outcome is not journalled yet.

    Of the phase under way `over` are those of which the step has ended, `telling` are the steps of which nothing was told yet.
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
        self.job, self.client, self.now, self.tell = job, client, now, tell
        carrying = {slot.target for slot in job.resolution.user_mapping.slots if slot.carries_roles}
        self.phases = phases(job.changes, carrying)
        self.waits = waiting(job.changes)
        self.baton, self.pace = Baton(), Pace(client.workers)
        self.shared = shared_of(job, client, now, self.baton, self.pace)
        self.outcomes = Outcomes(self.shared, [step for steps in self.phases for step in steps])
        self.record = RunRecord(self.shared, store, now)
        self.writer = StepWriter(self.shared, self._journal, chance)
        self.notes = RunNotes(job)
        self.told: set[str] = set()
        self.open: set[str] = set()
        self.over: set[str] = set()
        self.telling: deque[Step] = deque()
        self.begun = False  # the journal's lines of this run
        self.lines = GroupCommit(store.journal, self.baton)

    @contextmanager
    def together(self, stopped: Callable[[], bool]) -> Iterator[None]:
        """While steps go side by side; whoever asks to stop, or an end of all, waits for what is under way and no second try."""
        sender, ended = self.client.sender, lambda: stopped() or self.outcomes.refused is not None
        sender.waiting, sender.stopped, sender.alone = self.baton.laid_down, ended, self._alone
        sender.silence = self.outcomes.waited
        try:
            with self.baton.held():
                yield
        finally:
            sender.waiting, sender.stopped, sender.alone = nullcontext, lambda: False, lambda error: None
            sender.silence = lambda of, error: None

    def _alone(self, error: ServiceError) -> Alone | None:
        """How a change that was refused may be tried once more: a conflict may be with one that was under way beside it."""
        if error.status != CONFLICT or error.scim_type == "uniqueness":
            return None
        return self.shared.alone()

    def guarded(self, work: Callable[[], None]) -> None:
        """A disk that is full: what was written so far must be said, so this is no end of all."""
        try:
            work()
        except RecordError as error:
            self.outcomes.unkept = self.outcomes.unkept or error

    # The steps

    def go(self, stopped: Callable[[], bool]) -> None:
        outcomes = self.outcomes
        for steps in self.phases:
            self.telling, self.over = deque(steps), set()
            self.shared.gathered.begin(self._read_first(steps))
            ends = partial(self._ends, stopped)
            Phase(steps, self.waits, self._step, ends, self.lines.flush, self.baton, self.pace).run()
            if outcomes.interrupted or outcomes.refused:
                break
        for change in self.job.changes if outcomes.refused else ():
            if change.address not in self.told:
                self._told(change)

    def _read_first(self, steps: list[Step]) -> list[str]:
        """The ids of the accounts that one phase changes or deletes."""
        changes = [
            step.change for step in steps if step.kind in (StepKind.WRITE, StepKind.DELETE) and is_user(step.change.address)
        ]
        return [change.precondition.id for change in changes if change.precondition is not None]

    def _ends(self, stopped: Callable[[], bool]) -> bool:
        """Whether nothing more is to be begun."""
        self.outcomes.interrupted = self.outcomes.interrupted or stopped()
        return self.outcomes.interrupted or self.outcomes.refused is not None

    def _step(self, step: Step) -> None:
        """One step, and a word about each change that has ended with it, in the order of the steps."""
        if step.change.address not in self.outcomes.ends:
            self._one(step)
        self.pace.heard(self.client.sender.refused)
        self.over.add(step.change.address)
        while self.telling and self.telling[0].change.address in self.over:
            change = self.telling.popleft().change
            self.over.discard(change.address)  # a phase has one step of each
            if change.address not in self.told and self.outcomes.is_over(change):
                self._told(change)

    def _told(self, change: Change) -> None:
        self.told.add(change.address)
        self.tell(self.outcomes.of(change))

    # One step

    def _one(self, step: Step) -> None:
        address, ends = step.change.address, self.outcomes.ends
        if kept := sorted(other for other in self.waits.get(address, ()) if other in ends):
            ends[address] = ("skipped", f"{kept[0]} still has the name that it would take")
            return
        line, own, began = self._opening(step, self.now()), OneStep(), time.monotonic()
        self._journal(line)
        self.open.add(address)
        self.client.sender.heard.begin(address)
        self._try(step, own)
        self.notes.add(step, self._status(address), self.client.sender.heard, round((time.monotonic() - began) * 1000))
        if address not in ends or own.took:
            self.job.record.count_removals(line["at"], line["takes"])
        self._close(address, line, own)
        if step.kind == StepKind.CREATE:  # nobody else has heard of the account before all creates are over
            self.job.record.entries.settle(address)

    def _try(self, step: Step, own: OneStep) -> None:
        """A failure of one object fails that object alone; what ends everything is in `outcomes.heard`."""
        address, outcomes = step.change.address, self.outcomes
        try:
            self.writer.do(step, own)
        except ServiceError as error:
            outcomes.ends[address], outcomes.http[address] = ("failed", str(error)), error.status or 0
            outcomes.heard(address, error)
        except Failed as error:
            outcomes.ends[address], outcomes.http[address] = (error.status, error.message), error.http
            if error.status != "skipped":  # which may have sent nothing
                outcomes.silent.clear()
        else:
            outcomes.silent.clear()
            outcomes.left[address] -= 1

    def intended(self) -> list[Line]:
        """What is to be known of this run where its journal is lost: of each object its first step that tells."""
        at = self.now()
        steps = [step for phase in self.phases for step in phase if is_telling(step, self._takes(step))]
        return [intention(self._opening(step, at)) for step in steps]

    def _opening(self, step: Step, at: str) -> Line:
        """All that it takes to know this write again, should nobody hear of its outcome."""
        address = step.change.address
        base, was = self.job.inputs.baselines.get(address, {}), self.shared.changes.renamed.get(address)
        roles = self.notes.roles_before(address) if is_user(address) and step.kind != StepKind.CREATE else None
        return opening(step, at, self._takes(step), base.get("declaredId", UNSAID), was, roles)

    def _takes(self, step: Step) -> list[tuple[str, str]]:
        return self.job.removals.get(step.change.address, []) if step.kind in TAKING else []

    def _close(self, address: str, line: Line, own: OneStep) -> None:
        """What came of a step, with the entries that it has changed beside its own, into the journal together."""
        entries, failed = self.job.record.entries, address in self.outcomes.ends and own.uncertain
        if failed:
            self.notes.uncertain.add(address)
            line["wanted"] = {**line["wanted"], **own.made}
            self.job.record.leave_unanswered(address, line)
        at = self.notes.at[address] = sys.intern(self.now())  # the same second of many
        # Another step may go on as soon as this one waits for the disk.
        moved = [move(new, old, entries[new]) for new, old in self.shared.changes.take_moved()]
        beside = [move(member, None, entries[member]) for member in sorted(own.beside)]
        end = ending(address, at, self._status(address), entries.get(address))
        self.lines.add(*self._of_this_run(*moved, *beside, unanswered(end) if failed else end))
        self.open.discard(address)

    def _status(self, address: str) -> str:
        return self.outcomes.ends.get(address, ("done", ""))[0]

    def _journal(self, *lines: Line) -> None:
        self.lines.write(*self._of_this_run(*lines))

    def _of_this_run(self, *lines: Line) -> list[Line]:
        """The first line also says what all of them have alike."""
        own = [{"run": self.job.record.runs, "cycle": self.job.origin.cycle, **line} for line in lines]
        if own and not self.begun:
            self.begun, own[0] = True, own[0] | beginning(self.job)
        return own
