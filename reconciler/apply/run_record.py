"""The record and the log of one run, before its first write and after its last. Writes through the store."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from reconciler.apply.journal import Line
from reconciler.apply.log import log_lines
from reconciler.apply.log_members import met_lines, met_members
from reconciler.apply.log_recovered import heard, recovered
from reconciler.apply.log_unwritten import adopted_lines, found_lines, found_out, new_skips, regiven_lines, skip_lines
from reconciler.apply.model import Outcome, Result
from reconciler.apply.outcomes import Outcomes, undone
from reconciler.apply.role_edits import hear_edits
from reconciler.apply.run_notes import RunNotes
from reconciler.apply.shared import Shared
from reconciler.plan.change import Change
from reconciler.record.store import Store
from reconciler.record.unfinished import Unfinished

AT_ONCE = 250  # changes whose log records are in memory together


class RunRecord:
    """`adopted` are the addresses that went into the record without a change."""

    def __init__(self, shared: Shared, store: Store, now: Callable[[], str]) -> None:
        self.shared, self.store, self.now = shared, store, now
        self.job, self.changes = shared.job, shared.changes
        self.unfinished = Unfinished(shared.job.record)
        self.adopted: list[str] = []
        self.roles: dict[str, list[str]] = {}  # of those whose roles change without a write of their own, what they were

    def begin(self, steps: Collection[object], intended: Collection[Line]) -> None:
        """What needs no write goes in before the first one: renames, adoptions, what is under way, what is `intended`."""
        record, inputs = self.job.record, self.job.inputs
        changing = {change.address for change in self.job.changes}
        self._rename(self.job.changes)
        self._note_roles(changing)
        found, met = found_out(self.job), met_members(self.job)
        self.adopted = self.changes.adopt(but=changing)
        self.unfinished.begin(self.job.changes)
        if self.job.changes:
            record.begin(self.job.head)
        record.keep_out(inputs.revoked)
        journal = self.store.read_journal()
        told = self._log_earlier(journal)
        skips = new_skips(self.job)
        at = self.now()
        settled = [
            *found_lines(self.job, found, at),
            *adopted_lines(self.job, self.adopted, at),
            *met_lines(self.job, met, told, at),
        ]
        self.store.log([*settled, *skip_lines(self.job, skips, at), *self._role_lines()])
        record.tell_skips({skip.address: skip.code for skip in skips}, self.job.resolution.skipped)
        if steps or journal:
            record.begin_run()
        with record.intending(intended, at if steps else ""):
            self.store.save(record, len(self.adopted))
        self.store.clear_journal()

    def finish(self, run: Outcomes, torn: Collection[str], notes: RunNotes) -> None:
        """What was done is in there, whatever stopped the rest; a step that was torn apart stays in the journal.

        `torn` are the addresses of such steps.
        """
        if not run.interrupted and not run.refused and not run.unkept and not torn:
            self.changes.keep_matched()
        outcomes = run.all()
        left = undone(outcomes)
        names = {change.address for change in left}
        self._rename(left)  # who has been put out under the recorded name had no write that brings today's
        if not torn and Result(outcomes, run.interrupted).ended:
            self.job.record.complete(self.job.commit)
        self.unfinished.end(self.job.everything, [o.change for o in outcomes if o.change.address not in names])
        if not torn:
            self._stop(left)
        self._forget_revoked(outcomes)
        if not torn and not run.refused and not run.unkept:
            hear_edits(self.shared, self.now())
        self.shared.quirks.into_record()
        self.store.save(self.job.record)
        if not torn:
            # Before the journal goes: a kill in between is known from it.
            for start in range(0, len(outcomes), AT_ONCE):
                portion = outcomes[start : start + AT_ONCE]
                self.store.log([line for outcome in portion for line in self._log_lines(outcome, notes)])
                self._settle(portion)
            self.store.log(self._role_lines())
            self.store.clear_journal()

    def _rename(self, but: Collection[Change]) -> None:
        """Of all `but` those whose own these changes are; somebody else's, who takes the earlier name, keeps nobody back."""
        accounts = {change.address: change.account for change in but}
        entries, renamed = self.job.record.entries, self.changes.renamed
        known = {new: old for new, old in renamed.items() if new not in accounts and old in entries}
        self.changes.rename([new for new, old in known.items() if accounts.get(old) != entries[old].get("id")])

    def _settle(self, outcomes: Iterable[Outcome]) -> None:
        """To look at each entry once more must not bring all of them back."""
        for outcome in outcomes:
            self.job.record.entries.settle(outcome.change.address)

    def _note_roles(self, changing: Collection[str]) -> None:
        entries = self.job.record.entries
        known = [address for address in self.job.inputs.regiven if address not in changing and address in entries]
        self.roles = {address: list(entries[address].get("roles", ())) for address in known}

    def _role_lines(self) -> list[dict[str, Any]]:
        """Of those of them who have other roles by now, once."""
        lines = regiven_lines(self.job, self.roles, self.now())
        for line in lines:
            del self.roles[line["reconcile"]["address"]]
        return lines

    def _log_lines(self, outcome: Outcome, notes: RunNotes) -> list[dict[str, Any]]:
        return log_lines(self.job, outcome, notes.went(outcome.change.address, self.changes.touched, self.now))

    def _log_earlier(self, journal: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """What an earlier run did and did not live to log, or to hear of; returns the records."""
        fresh = [line for line in journal if line.get("run", 0) >= self.job.record.runs]
        at = self.now()
        lines = recovered(self.job, fresh, at) + heard(self.job, {line.get("address", "") for line in fresh}, at)
        known = {line.get("id") for line in self.store.read_log()} if lines else set()
        self.store.log([line for line in lines if line["id"] not in known])
        return lines

    def _forget_revoked(self, outcomes: list[Outcome]) -> None:
        """Of whom the declaration agrees, and who is out."""
        inputs = self.job.inputs
        out = {outcome.change.address for outcome in outcomes if outcome.status == "done"}
        self.job.record.forget_revoked(inputs.agreed - (inputs.pending - out))

    def _stop(self, left: list[Change]) -> None:
        """Of a change that was done in part, or may have been, a saved plan still asks for the rest."""
        known = self.changes.touched | self.job.record.unanswered.keys()
        self.unfinished.stop(left, [change for change in left if change.address in known])
