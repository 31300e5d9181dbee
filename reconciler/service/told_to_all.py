"""Errors in files that all apps share, told once whichever machine finds them: an error in, messages to all apps' people out.

That they know is in one record: the first app's, or another one's where it is there already. Reads and writes that record, and
outboxes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from reconciler.cycle.declarations import checked
from reconciler.cycle.last_settings import with_last_settings
from reconciler.cycle.write import Lock, locked
from reconciler.declare.model import Declarations
from reconciler.declare.place import Problem
from reconciler.declare.settings import Notification
from reconciler.notify.causes import RECOVERY, Cause, Moment, news, seconds_of
from reconciler.notify.outbox import Outbox
from reconciler.record.model import Record
from reconciler.record.open import store_of
from reconciler.record.service import Service
from reconciler.record.store import Locked, RecordError
from reconciler.record.told import Told
from reconciler.report.event.model import Event
from reconciler.service import figures
from reconciler.service.commits import InHistory, in_history
from reconciler.service.order import COMMAND, Means
from reconciler.service.recipients import recipients_of
from reconciler.service.result import AppError, CycleResult
from reconciler.service.shared_events import Near, Post, posts

ALL = "*"  # stands for the address of a service in what ids are made of: no app's own message has it
FAILURE = "failure"


class ToAll(NamedTuple):
    """Whether a record holds what people know now, and the outboxes in which messages wait."""

    is_told: bool
    outboxes: tuple[str, ...] = ()


def of_no_app(problems: Iterable[Problem], declarations: Declarations) -> list[Problem]:
    """Those in files that all apps share: the directory, policies, the settings."""
    apps = Path(declarations.folder) / "apps"
    return [problem for problem in problems if apps not in Path(problem.place.file).parents]


def near_of(declarations: Declarations) -> Iterator[tuple[str, Near]]:
    """Who is told of each app that is declared without an error."""
    for app in declarations.apps.values():
        with suppress(RecordError):
            yield app.name, Near(recipients_of(app), str(store_of(app, declarations).outbox()))


def tell_all(error: AppError | None, desired: Path, result: CycleResult, means: Means) -> ToAll:
    """What is wrong, or with None that it is over, told where no machine has. No record is locked meanwhile by who calls this.

    Where another run holds that record it tells it, or a later cycle does.
    """
    everything, problems = checked(desired)
    if error is None and any(problem.severity == "error" for problem in of_no_app(problems, everything)):
        return ToAll(True)  # it concerns other apps than the one whose cycle found nothing wrong
    placed = with_last_settings(everything, problems)
    if placed is None:
        return ToAll(False)
    try:
        return _tell(error, placed, result, means)
    except Locked:
        return ToAll(True)
    except RecordError as why:
        means.listener.says(f"no record can hold what is notified of files that all apps share: {why}")
        return ToAll(False)


def _tell(error: AppError | None, everything: Declarations, result: CycleResult, means: Means) -> ToAll:
    near = dict(near_of(everything))
    if not any(one.to.target.channels for one in near.values()):
        return ToAll(error is not None)
    name, known = _held(everything)
    if not _news(error, known, near, name, result)[0]:
        return ToAll(error is not None)
    with locked(everything.apps[name], everything, means.listener, Lock(COMMAND, means.lock_timeout)) as store:
        record = store.load() or Record(name)
        events, told = _news(error, record.service, near, name, result)
        waiting = _put(posts((one, _to(one, events)) for one in near.values()), result.ended)
        service: Service = {**record.service}
        figures.put(service, "toldToAll", told)
        figures.put(service, "sighting", _history(result, service).newest)
        record.keep_service(service)
        store.save(record)
    return ToAll(error is not None, waiting)


def _held(everything: Declarations) -> tuple[str, Service]:
    """The app in whose record it is, or has to be, and the service's part of that. Raises RecordError."""
    found = {}
    for name in sorted(everything.apps):
        record = store_of(everything.apps[name], everything).load()
        found[name] = record.service if record is not None else Service()
        if found[name].get("toldToAll", Told()).get("causes"):
            return name, found[name]
    return next(iter(found.items()))


def _history(result: CycleResult, service: Service) -> InHistory:
    return in_history(result.commit, result.started, service)


def _news(
    error: AppError | None, service: Service, near: Mapping[str, Near], name: str, result: CycleResult
) -> tuple[list[Event], Told]:
    """Nothing where the record knows of a newer commit than this machine has."""
    told = service.get("toldToAll", Told())
    if _history(result, service).is_behind:
        return [], told
    causes = [Cause(FAILURE, error.code, error.message, error.remedy)] if error is not None else []
    often = [one.to.wanted.remindAfter for one in near.values() if one.to.wanted.remindAfter is not None]
    wanted = Notification(on=(FAILURE, RECOVERY), remindAfter=min(often, key=seconds_of, default=None))
    return news(causes, told, wanted, Moment(name, name, ALL, result.ended, result.cycle_id))


def _to(near: Near, events: Iterable[Event]) -> Iterator[Event]:
    """As the people of one app are told."""
    to = near.to
    for event in events:
        if to.target.channels and event.kind in to.wanted.on:
            check = ("reconcile validate",) if event.kind == FAILURE else ()
            commands = (*check, f"reconcile status --app {to.name}")
            yield replace(event, app=to.name, display_name=to.display_name, commands=commands)


def _put(told: Iterable[Post], at: str) -> tuple[str, ...]:
    """Raises RecordError."""
    waiting = []
    for post in told:
        Outbox(Path(post.outbox)).put([post.event], post.target, at)
        waiting.append(post.outbox)
    return tuple(waiting)
