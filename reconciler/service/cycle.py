"""One cycle of one app that is under way: its declarations and its record in, what came of it out. Writes both as apply does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from reconciler.apply.model import ENDED, Outcome, Result
from reconciler.cycle.session import Read, Session, read_and_plan
from reconciler.cycle.write import Request, job_of, keep_roles, write
from reconciler.declare.model import App, Declarations
from reconciler.plan.change import Cause, Change
from reconciler.plan.selection import Selection
from reconciler.record.model import Record
from reconciler.record.service import Escrow, Service
from reconciler.record.store import Store
from reconciler.record.told import Told
from reconciler.scim.errors import CredentialError, ServiceError
from reconciler.service import clocks, failures, figures, findings, numbers, quarantine
from reconciler.service.after_cycle import after_cycle
from reconciler.service.choice import Choice, choose, declared_digest, retried
from reconciler.service.commit_age import before_outage, measured_from
from reconciler.service.commits import date_after
from reconciler.service.cycle_line import is_told, tell_cycle
from reconciler.service.escrow import due_again, given_up, released
from reconciler.service.figures import Frame, Work
from reconciler.service.held import allowed, log_held
from reconciler.service.order import COMMAND, Means, Order
from reconciler.service.progress import Progress
from reconciler.service.read_back import put_out, read_back
from reconciler.service.reading import Reading
from reconciler.service.recipients import folder_of, kept, recipients_of
from reconciler.service.result import AppError, CycleResult, Ended, Kind, Since
from reconciler.service.standing import standing_of
from reconciler.service.verdicts import approvals, blocks, ending, held_back, quarantined


def _knows_of_all(service: Service) -> bool:
    """Whether this record holds that people know of an error in files that all apps share."""
    return bool(service.get("toldToAll", Told()).get("causes"))


@dataclass(frozen=True)
class Cycle:
    """One app's cycle under way. `service` is its part of the record as it was."""

    app: App
    declarations: Declarations
    order: Order
    means: Means
    store: Store
    service: Service
    frame: Frame
    started: str
    kind: Kind
    progress: Progress

    def run(self, stored: Record | None) -> CycleResult:
        """Read, plan, write. What the service or the record refuses is in the result."""
        try:
            return self._read(None if self.kind == "initial" else self._reading(), stored)
        except (ServiceError, CredentialError) as error:
            return self._end(self._result("failed", failures.app_error(error)), Work(), None)

    def _read(self, read: Read | None, stored: Record | None = None) -> CycleResult:
        """What a safeguard blocks of a part of the service is judged again on all of it: that is what a reviewer is shown."""
        listener = self.progress.hears(self.means.listener)
        with read_and_plan(
            self.app, self.declarations, listener, self._selection(), self.store, read=read, loaded=stored
        ) as session:
            result = self._go(session)
        if result is None:
            return self._read(None)
        self.means.held(session)
        return result

    def _selection(self) -> Selection:
        """What is asked for; drift that is only reported is seen all the same."""
        causes = self.order.causes
        if self.app.provisioning.drift != "repair":
            causes = tuple(cause for cause in causes if cause != Cause.DRIFT) or causes
        return Selection(causes=causes)

    def _reading(self) -> Reading:
        unmanaged = figures.last_counts(self.service).unmanaged
        refresh = clocks.seconds(self.app.provisioning.fullRefresh)
        also = {**self.service.get("escrows", {}), **self.service.get("notAsTold", {})}
        return Reading(self.frame.interval, refresh, self.started, self._is_quiet(), unmanaged, also, self.order.urgent)

    def _is_quiet(self) -> bool:
        """Whether neither the declaration nor the day is another than when nothing was left to do."""
        mark = self.service.get("watermark", {})
        return mark.get("declared") == self.frame.declared and mark.get("day") == self.frame.day

    def _go(self, session: Session) -> CycleResult | None:
        """None where more has to be read."""
        record = session.record or self._begun()
        record.keep_service(self.service)
        session = replace(session, record=record)
        repairs = session.app.provisioning.drift == "repair"
        choice = choose(session.planned, repairs, self._escrows(), self.started)
        if choice.write is not session.planned.plan.changes:
            session = session.guard(choice.write, self.started)
        session, choice = self._with_retries(session, choice)
        if session.guarded.blocking and session.planned.plan.part is not None:
            return None
        todo, held = allowed(session, choice)
        with self.means.orderly() as stopped:
            done = self._write(session, todo, stopped)
            waiting = session.after(outcome.change for outcome in done.outcomes if outcome.status in ENDED) if held else session
            self._log_held(waiting, held)
            return self._ended(session, waiting, choice, done, held, stopped)

    def _with_retries(self, session: Session, choice: Choice) -> tuple[Session, Choice]:
        """Also what failed before and is due, where this cycle leaves what is declared to its own review."""
        more = retried(session.planned, choice, self._escrows(), self.started) if self.frame.in_review else choice
        if more is choice or (guarded := session.guard(more.write, self.started)).guarded.blocking:
            return session, choice
        return guarded, more

    def _begun(self) -> Record:
        """Before anything was applied: what a first cycle that failed has left is no record of an apply, but people were told."""
        record, stored = Record(self.app.name), self.store.load()
        record.keep_told(stored.told if stored is not None else Told())
        return record

    def _escrows(self) -> dict[str, Escrow]:
        """In quarantine each attempt is a whole one; so is one after an outage, as far as that let fail what waits."""
        escrows = self.service.get("escrows", {})
        if self.order.again:
            due = {address: escrow for address, escrow in escrows.items() if escrow.get("code") in failures.OUTAGE}
            escrows = {**escrows, **due_again(due, self.started)}
        return released(escrows, self.started) if "quarantine" in self.service else escrows

    def _write(self, session: Session, todo: tuple[Change, ...], stopped: Callable[[], bool]) -> Result:
        """Where nothing is to be done, and nothing came in that must be kept, the record stays as it is."""
        plan, record = session.planned.plan, session.record
        known = plan.config.commit is None or plan.config.dirty or (record is not None and record.commit == plan.config.commit)
        if not todo and known and not plan.adopted and self._is_quiet():
            if record is not None and not plan.changes:  # who made an edit that is left as it is would be forgotten
                keep_roles(session, record)
            return Result()
        session = session.guard(todo, self.started)
        means = self.means
        self.progress.begin(len(todo))
        done = write(session, todo, self._request(), means.clock, means.chance, self.progress.tells(means.tell), stopped)
        done.interrupted = done.interrupted or (stopped() and not done.ended)
        return done

    def _request(self) -> Request:
        return Request(COMMAND, cycle=self.order.cycle_id)

    def _log_held(self, session: Session, held: tuple[Change, ...]) -> None:
        """Once for each change that is held back."""
        if fresh := [change for change in held if change.address not in self.service.get("held", {})]:
            job = job_of(session, (), self._request(), self.started)
            log_held(session, fresh, job, self.order.cycle_id, self.means.clock())

    def _ended(
        self, session: Session, waiting: Session, choice: Choice, done: Result, held: tuple[Change, ...],
        stopped: Callable[[], bool],
    ) -> CycleResult:  # fmt: skip
        """`waiting` is the session with the plan that waits for an approval, where one does."""
        assert session.record is not None
        planned, resolution = session.planned, session.planned.context.resolution
        failing = [failures.failure_of(outcome) for outcome in done.outcomes if failures.has_failed(outcome, done.interrupted)]
        back, active = read_back(session, done.outcomes, self.means.clock, stopped)
        failing += [failures.still_active(outcome) for outcome in active]
        work = Work(
            tuple(done.outcomes),
            (*failing, *map(failures.not_planned, planned.plan.errors), *findings.not_as_told(planned, self.service, failing)),
            frozenset(change.address for change in planned.everything),
            {failure.address: declared_digest(resolution, failure.address) for failure in failing},
        )
        error = failures.of_run(done)
        blocked = blocks(waiting.guarded.blocking, waiting.planned.plan.digest)
        ahead = findings.ahead(choice, held, failing) if done.interrupted or error else frozenset[str]()
        result = replace(
            self._result(ending(error, blocked, work, done, choice.waiting), error),
            written=figures.written(done.outcomes),
            failures=work.failures,
            blocked=blocked,
            held=held_back(held) if blocked else (),
            drift=findings.drift(planned, self.service, choice, work.ended, ahead),
            repaired=findings.repaired(choice, work.done),
            approvals_needed=approvals(waiting.guarded.blocking),
            read_back=back,
            since=self._since(put_out(done.outcomes)) if back else Since(),
            interrupted=done.interrupted,
            unreviewed=findings.unreviewed(planned, choice),
            left=len(choice.write) - len(held) - work.tried if done.interrupted else 0,
            writes=numbers.writes(done.outcomes),
            rate_wait=session.client.waited,
            in_part=session.planned.plan.part is not None,
        )
        return self._end(result, work, session)

    def _result(self, ended: Ended, error: AppError | None) -> CycleResult:
        app, id, now, history = self.app, self.order.cycle_id, self.means.clock(), self.frame.history
        commit = history.own["commit"] if history.own is not None else ""
        repairs = app.provisioning.drift == "repair"
        new = self.kind == "initial" or self.service.get("cycle", {}).get("declared") != self.frame.declared
        head = app.name, app.profile, id, self.kind, self.started, now, ended, error
        result = CycleResult(*head, commit=commit, is_behind=history.is_behind, repairs=repairs, is_of_new=new)
        return replace(result, is_told_to_all=_knows_of_all(self.service))

    def _since(self, left: Iterable[Outcome]) -> Since:
        """From when on the time counts until these leavers are out: from the oldest commit that may have put one of them out."""
        sighting = self.frame.history.own
        if sighting is None:
            return Since()
        befores = {before_outage(self.service, outcome.change.address) for outcome in left}
        dates = [date_after(before, sighting["commit"]) for before in befores]
        return measured_from(min(dates, default=""), sighting["at"])

    def _end(self, result: CycleResult, work: Work, session: Session | None) -> CycleResult:
        """The result with its counts and its quarantine, once the record holds it."""
        before = self.service.get("escrows", {})
        if session is None:
            escrows, record, totals = before, self.store.load() or Record(self.app.name), figures.last_counts(self.service)
        else:
            assert session.record is not None
            escrows, record = figures.escrows_after(before, work, result.ended), session.record
            totals = figures.counts(session.planned, record.entries, work, len(escrows), len(result.drift))
            if session.planned.plan.part is not None:
                totals = replace(totals, unmanaged=figures.last_counts(self.service).unmanaged)
        result = replace(result, counts=totals, escrowed=tuple(sorted(escrows)), given_up=given_up(escrows))
        if session is not None:
            result = replace(result, objects=numbers.objects(session.planned, record.entries, escrows, work, result))
        service = figures.service_after(self.service, result, self.frame, escrows)
        why = quarantine.reason_for(result.error, result.blocked, figures.tally(work, escrows, totals.in_scope))
        after = quarantine.judged(self.service.get("quarantine"), why, result.error is None, result.ended, self.frame.interval)
        figures.put(service, "quarantine", after)
        figures.put(service, "toTell", kept(self.app, folder_of(self.declarations)))
        has_line = is_told(result, self.service)
        figures.put(service, "quiet", 0 if has_line else self.service.get("quiet", 0) + 1)
        record.keep_service(service)
        standing = standing_of(self.app, service, self.frame.interval)
        result = replace(result, quarantine=quarantined(service), outbox=str(self.store.outbox()), standing=standing)
        if has_line:
            tell_cycle(self.store, result, self.service)
        unkept = after_cycle(recipients_of(self.app), result, record, self.store, self.means, self.order.unkept)
        self.store.save(record)
        return replace(result, unkept=unkept)
