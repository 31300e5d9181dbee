"""Changes in, requests in order, outcomes out. Every write has a journal line before it and an outcome after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from reconciler.apply.chance import SystemChance
from reconciler.apply.log import log_line
from reconciler.apply.model import Job, Outcome, Result
from reconciler.apply.order import Step, steps
from reconciler.apply.write import Failed, Writer
from reconciler.plan.model import Change
from reconciler.plan.safeguards.keep import add_removals
from reconciler.record.model import Entry
from reconciler.record.store import Store
from reconciler.resolve.functions import Chance
from reconciler.scim.client import ScimClient
from reconciler.scim.errors import AuthError, ServiceError, StaleError

TAKING = ("write", "members out", "delete")  # steps that may take something from somebody


def execute(
    job: Job, client: ScimClient, store: Store, now: Callable[[], str], tell: Callable[[Outcome], None],
    stopped: Callable[[], bool] = lambda: False, chance: Chance | None = None,
) -> Result:  # fmt: skip
    """Do what the changes say, nothing else, and keep the record true whatever happens.

    `tell` hears of each change as it ends; `stopped` is asked before each write. Raises RecordError.
    """
    run = _Run(job, client, store, now, tell, chance or SystemChance())
    run.begin()
    try:
        run.go(stopped)
    finally:
        run.finish()
    outcomes = [run.outcome(change) for change in job.changes]
    store.log([log_line(job, outcome, now()) for outcome in outcomes])
    return Result(outcomes, run.interrupted)


def rename(entries: dict[str, Entry], renamed: Mapping[str, str]) -> None:
    """Bring recorded addresses, members of groups among them, to today's names; `renamed` is today's -> recorded."""
    today = {old: new for new, old in renamed.items() if old in entries}
    moved = {new: entries.pop(old) for old, new in today.items()}
    entries.update(moved)
    for entry in entries.values() if today else ():
        if "members" in entry:
            entry["members"] = sorted(today.get(member, member) for member in entry["members"])


class _Run:
    def __init__(
        self, job: Job, client: ScimClient, store: Store, now: Callable[[], str], tell: Callable[[Outcome], None],
        chance: Chance,
    ) -> None:  # fmt: skip
        self.job, self.store, self.now, self.tell = job, store, now, tell
        self.steps = steps(job.changes)
        self.left = Counter(step.change.address for step in self.steps)
        self.ends: dict[str, tuple[str, str]] = {}
        self.writer = Writer(job, client, now, self.ends, store.journal, chance)
        self.refused = ""
        self.interrupted = False

    def begin(self) -> None:
        """What needs no write goes into the record before the first one: renames, adoptions, what is under way."""
        entries, settled = self.job.record.entries, self.job.settled
        rename(entries, settled.renamed)
        changing = {change.address for change in self.job.changes}
        for address, entry in settled.baselines.items():
            if address not in changing and "id" in entry:
                entries[address] = entry
        self.job.record.revoked = settled.revoked
        self.job.record.under_way = [change.digest for change in self.job.changes]
        self.store.save(self.job.record)

    def go(self, stopped: Callable[[], bool]) -> None:
        for step in self.steps:
            if stopped():
                self.interrupted = True
                return
            if step.change.address not in self.ends and not self.refused:
                self._one(step)
                if not self.left[step.change.address] or step.change.address in self.ends:
                    self.tell(self.outcome(step.change))

    def finish(self) -> None:
        """What was done is in the record, whatever stopped the rest."""
        if not self.interrupted and not self.refused:
            for address, entry in self.job.settled.baselines.items():
                if "id" in entry:  # a create that failed has none
                    self.job.record.entries.setdefault(address, entry)
        outcomes = [self.outcome(change) for change in self.job.changes]
        if Result(outcomes, self.interrupted).complete:
            self.job.record.commit = self.job.commit or self.job.record.commit
            for digest in self.job.approved:
                self.job.record.approved.pop(digest, None)
        self.job.record.under_way = []
        self.store.save(self.job.record)
        self.store.clear_journal()

    def outcome(self, change: Change) -> Outcome:
        if change.address in self.ends:
            return Outcome(change, *self.ends[change.address])
        if self.left[change.address]:
            begun = change.address in self.writer.touched
            why = self.refused or "the run was interrupted"
            return Outcome(change, "skipped", f"{'done in part' if begun else 'not begun'}: {why}")
        note = self.writer.notes.get(change.address, "")
        return Outcome(change, "ignored" if note else "done", note)

    def _one(self, step: Step) -> None:
        """A failure of one object fails that object alone; a token that is refused ends everything."""
        address = step.change.address
        at, takes = self.now(), self.job.removals.get(address, []) if step.kind in TAKING else []
        self.store.journal({"at": at, "step": step.kind, "address": address, "digest": step.change.digest, "takes": takes})
        try:
            self.writer.do(step)
            self.left[address] -= 1
            add_removals(self.job.record, at, takes)
        except StaleError as error:
            self.ends[address] = ("stale", f"changed on the service since it was planned: {error}")
        except ServiceError as error:
            if isinstance(error, AuthError) and error.status == 401:
                self.refused = str(error)
            self.ends[address] = ("failed", str(error))
        except Failed as error:
            self.ends[address] = (error.status, error.message)
        entry = self.job.record.entries.get(address)
        status = self.ends.get(address, ("done", ""))[0]
        self.store.journal({"at": self.now(), "address": address, "outcome": status, "entry": entry})
