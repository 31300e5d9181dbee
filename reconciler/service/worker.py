"""A process of its own for one cycle: an order in, events and at last its end out, over a pipe. Reads and writes as a cycle does.

So that an app that is slow delays no other, that what 100,000 users take goes back to the machine, and that nothing which was
looked up once is taken for today's.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

from reconciler.cycle.clock import now
from reconciler.cycle.commit import revision
from reconciler.cycle.declarations import checked
from reconciler.cycle.last_settings import with_last_settings
from reconciler.cycle.listener import Listener
from reconciler.cycle.randomness import SystemChance
from reconciler.cycle.write import Lock, locked
from reconciler.declare.model import App, Declarations
from reconciler.declare.place import Problem
from reconciler.notify.outbox import Outbox
from reconciler.processes.lifeline import watch
from reconciler.record.model import Record
from reconciler.record.open import store_of
from reconciler.record.store import Locked, RecordError
from reconciler.report.problems import as_text
from reconciler.service.after_cycle import after_cycle, from_memory, without_record
from reconciler.service.begin import run_cycle
from reconciler.service.clocks import seconds
from reconciler.service.commits import commit_of, in_history
from reconciler.service.ends import Busy, End, Held, Loaded, Removed, Stopped, Survey
from reconciler.service.events import Event
from reconciler.service.failures import RECORD, app_error
from reconciler.service.figures import last_counts, not_begun
from reconciler.service.lifeline import brief, leave
from reconciler.service.order import COMMAND, Means, Order
from reconciler.service.recipients import last_valid, recipients_of
from reconciler.service.removed import tell_of, tell_of_removed
from reconciler.service.result import AppError, CycleResult, Standing
from reconciler.service.standing import standing_of
from reconciler.service.stop import Stop
from reconciler.service.told_to_all import near_of, of_no_app, tell_all
from reconciler.service.trouble import INVALID
from reconciler.service.trouble_files import is_told_here, was_wrong_here

MOST_NAMED = 3
SOON = 5.0  # seconds for which another app's cycle holds a record at most, to tell of files that all share


def survey(pipe: Connection, lifeline: Connection, desired: Path) -> None:
    """Tell which apps there are."""
    brief(pipe, lifeline, lambda: _survey(desired))


def _survey(desired: Path) -> Survey:
    declarations, problems = checked(desired)
    found = {**declarations.partial, **declarations.apps}
    apps = {app.name: seconds(app.provisioning.interval) for app in found.values()}
    placed = with_last_settings(declarations, problems)
    near = dict(near_of(placed)) if placed is not None else {}
    return Survey(apps, as_text(problems), not declarations.apps or placed is None, near)


def cycle(pipe: Connection, lifeline: Connection, desired: Path, app: str, order: Order, lock_timeout: float) -> None:
    """Run one cycle, and tell of it as it goes on."""
    gc.disable()  # as in every command: until it writes, what a plan makes lives to its end
    gc.set_threshold(100_000, 50, 100)
    try:
        _cycle(pipe, lifeline, desired, app, order, lock_timeout)
    except KeyboardInterrupt:
        leave(pipe, Stopped(app))


def _cycle(pipe: Connection, lifeline: Connection, desired: Path, app: str, order: Order, lock_timeout: float) -> NoReturn:
    """Leaves before it returns: what it holds is taken apart by nobody."""
    stop = Stop()
    stop.listen()
    watch(lifeline)

    def tell(kind: str, words: str) -> None:
        with suppress(OSError):
            pipe.send(Event(now(), kind, words, app, order.cycle_id))

    requests: list[tuple[str, int]] = []  # to which any thread may append
    listener = Listener(
        lambda words: tell("waiting", words),
        lambda words: tell("note", words),
        lambda words: None,
        lambda method, status: requests.append((method, status)),
    )

    def send(said: Loaded | Standing) -> None:
        with suppress(OSError):
            pipe.send(said)

    held: list[object] = []
    means = Means(
        listener, now, SystemChance(), stop.orderly, lock_timeout=lock_timeout, loaded=lambda: send(Loaded(app)), stands=send,
        held=held.append, sends=lambda message: from_memory(message, order.channels),
    )  # fmt: skip
    end = conducted(desired, app, order, means)
    leave(pipe, replace(end, requests=Counter(requests)) if isinstance(end, CycleResult) else end)


def conducted(desired: Path, app: str, order: Order, means: Means) -> End:
    """One cycle of an app by its name, however it ends: what a person or a service can cause is in the result."""
    end = _conducted(desired, app, order, means)
    if isinstance(end, CycleResult) and end.outbox and not (end.error and end.error.code in RECORD):
        Outbox(Path(end.outbox)).settle()
    return end


def _conducted(desired: Path, app: str, order: Order, means: Means) -> End:
    started = means.clock()
    declarations, problems = checked(desired, (app,))
    # Which is kept: the commit that these come from, whatever is checked out later.
    commit, is_dirty = revision(declarations.folder)
    means.loaded()
    if order.merged is not None and (is_dirty or order.merged not in ("", commit)):
        return Held(app)
    errors, shared = _errors(problems), _errors(of_no_app(problems, declarations))
    if not errors and app not in declarations.apps:
        return Removed(app, tuple(tell_of(app, declarations, means)))
    if errors:
        failed = _failed(app, declarations, order, started, means, _invalid(shared or errors))
        result = _told(replace(failed, is_of_checkout=bool(shared)), declarations, problems, order, means)
        return _wrong_for_all(result, desired, means) if shared else result
    try:
        end = run_cycle(declarations.apps[app], declarations, order, means)
        return _told_beside(end, declarations, order, means) if isinstance(end, CycleResult) else end
    except Locked as error:
        return Busy(app, str(error))
    except RecordError as error:
        return _unrecorded(_failed(app, declarations, order, started, means, app_error(error)), declarations, order, means)


def _told(result: CycleResult, declarations: Declarations, problems: list[Problem], order: Order, means: Means) -> CycleResult:
    """The result of a cycle that could not begin, once the record and people know; made up for where the record is in use.

    Where reconciler.yaml is wrong the record lies where it was said to be last, if anybody knows.
    """
    app, placed = _declared(result.app, declarations), with_last_settings(declarations, problems)
    if app is None or placed is None:
        return result
    try:
        with locked(app, placed, means.listener, Lock(COMMAND, max(means.lock_timeout, SOON))) as store:
            record = store.load() or Record(app.name)
            to = last_valid(app, record.service, problems)
            counts = last_counts(record.service)
            result = replace(result, profile=to.profile, counts=counts, outbox=str(store.outbox()))
            interval = order.interval or record.service.get("interval", result.interval)
            history = in_history(result.commit, result.started, record.service, order.pulled)
            record.keep_service(not_begun(record.service, result, interval, history))
            result = replace(result, is_behind=history.is_behind)
            result = replace(result, standing=standing_of(app, record.service, interval))
            unkept = after_cycle(to, result, record, store, means, order.unkept)
            store.save(record)
            return replace(result, unkept=unkept)
    except RecordError as error:  # Locked is one
        means.listener.says(f"nobody is notified yet: {error}")
        return result


def _wrong_for_all(result: CycleResult, desired: Path, means: Means) -> CycleResult:
    """Once the people of all apps know, who are told by a record; or by this machine, where that has begun to tell it."""
    if result.outbox and is_told_here(Path(result.outbox)):
        return result
    told = tell_all(result.error, desired, result, means)
    return replace(result, is_told_to_all=told.is_told, outboxes=told.outboxes)


def _told_beside(result: CycleResult, declarations: Declarations, order: Order, means: Means) -> CycleResult:
    """What people are told beside this app's own causes: that files of all apps are right again, and of apps that are gone."""
    if result.is_told_to_all or (result.outbox and was_wrong_here(Path(result.outbox))):
        told = tell_all(None, Path(declarations.folder), result, means)
        result = replace(result, is_told_to_all=told.is_told, outboxes=told.outboxes)
    if result.is_of_new and not order.urgent and result.app == min(declarations.names):
        result = replace(result, outboxes=(*result.outboxes, *tell_of_removed(declarations, means)))
    return result


def _unrecorded(result: CycleResult, declarations: Declarations, order: Order, means: Means) -> CycleResult:
    """The result of a cycle whose record could be neither read nor kept, once people know."""
    app = declarations.apps[result.app]
    try:
        outbox = Outbox(store_of(app, declarations).outbox())
    except RecordError:
        return result
    unkept = without_record(recipients_of(app), result, outbox, means, order.unkept)
    return replace(result, outbox=str(outbox.folder), unkept=unkept)


def _declared(name: str, declarations: Declarations) -> App | None:
    """The app, or what can be made out of it."""
    return declarations.apps.get(name) or declarations.partial.get(name)


def _invalid(errors: list[str]) -> AppError:
    words = "; ".join(errors[:MOST_NAMED])
    more = f" and {len(errors) - MOST_NAMED} more" if len(errors) > MOST_NAMED else ""
    return AppError(INVALID, None, words + more, "`reconcile validate` shows every error")


def _failed(app: str, declarations: Declarations, order: Order, started: str, means: Means, error: AppError) -> CycleResult:
    known = _declared(app, declarations)
    profile = known.profile if known is not None else "generic"
    interval = order.interval or (seconds(known.provisioning.interval) if known is not None else 0)
    now = means.clock()
    result = CycleResult(app, profile, order.cycle_id, "incremental", started, now, "failed", error, interval=interval)
    return replace(result, commit=commit_of(declarations.folder))


def _errors(problems: Iterable[Problem]) -> list[str]:
    return [f"{problem.place}: {problem.message}" for problem in problems if problem.severity == "error"]
