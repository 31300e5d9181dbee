"""What cycles come to as metrics of Prometheus: results in, text of its exposition format out. Keeps numbers, does no I/O.

Every label's value comes from a closed set, so that no name, no text of a service and no person becomes a series.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder

from reconciler.declare.folders import APP_NAME
from reconciler.declare.profiles import names as profiles
from reconciler.notify.target import CHANNELS
from reconciler.plan.change import Action
from reconciler.plan.safeguards.deletions import NAME as DELETIONS
from reconciler.plan.safeguards.identity import NAME as IDENTITY
from reconciler.record.moments import moment_of
from reconciler.service.clocks import between
from reconciler.service.commit_age import seconds_until_out
from reconciler.service.numbers import KINDS
from reconciler.service.observer import Observer
from reconciler.service.quarantine import REASONS
from reconciler.service.result import CycleResult, Standing
from reconciler.service.standing import HEALTHS, NOT_RUN, after
from reconciler.service.trouble import PULLS

OTHER, NO_ANSWER = "other", "none"
PHASES = ("initial", "incremental")
RESULTS = ("success", "partial", "failed", "blocked", "off")
HEALTH = {*HEALTHS.values(), "quarantined", NOT_RUN}
STATES = ("in_scope", "provisioned", "skipped", "failed", "escrowed", "unmanaged", "drifted")
SAFEGUARDS = (DELETIONS, IDENTITY, "budget", "empty", "groupMembership", "lockout", "policies", "protected")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
WRITTEN = ("done", "failed", "skipped")
ACTIONS = tuple(map(str, Action))
LONGEST_NAME = 64  # of an app, as its schema has it
CYCLE = (0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200)  # seconds
DEPROVISION = (15, 30, 60, 90, 120, 180, 240, 300, 450, 600, 1_200, 3_600)  # seconds; the promise is 300


# Name (a counter's is followed by _total), what it says, labels.
INFO = ("reconcile_app_info", "An app, 1 for the phase and the health that it is in.", ("app", "profile", "phase", "health"))
CYCLES = ("reconcile_cycles", "Cycles that ended.", ("app", "kind", "result"))
DURATION = ("reconcile_cycle_duration_seconds", "How long a cycle took.", ("app",))
OBJECTS = ("reconcile_objects", "Users and groups after the last cycle that was planned.", ("app", "type", "state"))
WRITES = ("reconcile_writes", "Objects that were to be written.", ("app", "type", "action", "result"))
REQUESTS = ("reconcile_requests", "Requests to the service, by the status of the answer.", ("app", "method", "code"))
WAITS = ("reconcile_rate_wait_seconds", "Time that requests waited for the service's rate.", ("app",))
ESCROW = ("reconcile_escrow_oldest_seconds", "For how long the oldest failed object waits; 0 where none does.", ("app",))
INTERVAL = ("reconcile_interval_seconds", "Time between two cycles; nothing of an app that is off.", ("app",))
BEGUN = ("reconcile_first_cycle_timestamp_seconds", "When the first cycle of an app began, however it ended.", ("app",))
QUARANTINED = ("reconcile_quarantined", "1 for an app in quarantine.", ("app", "reason"))
SUCCESS = (
    "reconcile_last_success_timestamp_seconds",
    "When a cycle last went through all that there was.",
    ("app",),
)
BLOCKED = ("reconcile_safeguard_blocked", "1 for a safeguard that holds changes back.", ("app", "safeguard"))
OUT = ("reconcile_deprovision_seconds", "From the commit until the service showed the last leaver out.", ("app",))
PULL = ("reconcile_pull_failing", "1 while nothing comes from the remote, 0 while it is followed.", ("reason",))
NOTIFICATIONS = ("reconcile_notifications", "Tries to tell somebody.", ("channel", "succeeded"))


class Metrics(Observer):
    """`clock` is the time in seconds since 1970. Safe to use from several threads."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._registry = registry = CollectorRegistry()
        self._standings: dict[str, Standing] = {}
        self._info = Gauge(*INFO, registry=registry)
        self._cycles = Counter(*CYCLES, registry=registry)
        self._duration = Histogram(*DURATION, buckets=CYCLE, registry=registry)
        self._objects = Gauge(*OBJECTS, registry=registry)
        self._writes = Counter(*WRITES, registry=registry)
        self._requests = Counter(*REQUESTS, registry=registry)
        self._waits = Counter(*WAITS, registry=registry)
        self._escrow = Gauge(*ESCROW, registry=registry)
        self._interval = Gauge(*INTERVAL, registry=registry)
        self._begun = Gauge(*BEGUN, registry=registry)
        self._quarantined = Gauge(*QUARANTINED, registry=registry)
        self._success = Gauge(*SUCCESS, registry=registry)
        self._blocked = Gauge(*BLOCKED, registry=registry)
        self._out = Histogram(*OUT, buckets=DEPROVISION, registry=registry)
        self._pull = Gauge(*PULL, registry=registry)
        self._notifications = Counter(*NOTIFICATIONS, registry=registry)
        self._states = (
            self._info, self._escrow, self._interval, self._begun, self._quarantined, self._success, self._blocked,
        )  # fmt: skip
        self._numbers = (self._cycles, self._duration, self._objects, self._writes, self._requests, self._waits, self._out)
        for channel in CHANNELS:
            for succeeded in ("true", "false"):
                self._notifications.labels(channel, succeeded)

    def result(self, result: CycleResult) -> None:
        """A cycle has ended."""
        name = _name(result.app)
        with self._lock:
            self._count(name, result)
            self._state(name, after(result, self._standings.get(name)))

    def stands(self, standing: Standing) -> None:
        """What the record says, before a cycle or in place of one."""
        with self._lock:
            self._state(_name(standing.app), standing)

    def gone(self, app: str) -> None:
        """Nothing is told any more of an app that is not declared."""
        with self._lock:
            self._standings.pop(_name(app), None)
            for metric in (*self._states, *self._numbers):
                metric.remove_by_labels({"app": _name(app)})

    def pulled(self, trouble: str) -> None:
        """The remote was looked at."""
        for reason in PULLS:
            self._pull.labels(reason).set(reason == trouble)

    def notified(self, channel: str, succeeded: bool) -> None:
        """Somebody was told, or could not be."""
        self._notifications.labels(_of(channel, CHANNELS), "true" if succeeded else "false").inc()

    def text(self, accept: str) -> tuple[bytes, str]:
        """All of it, and its content type; `accept` is the header of whoever asks."""
        encode, kind = choose_encoder(accept)
        with self._lock:
            now = self._clock()
            for name, standing in self._standings.items():
                since = standing.escrowed_since
                self._escrow.labels(name).set(max(now - _seconds(since), 0.0) if since else 0.0)
            return encode(self._registry), kind

    def _count(self, name: str, result: CycleResult) -> None:
        """What grows, and the objects after it."""
        self._cycles.labels(name, _of(result.kind, PHASES), _of(result.result, RESULTS)).inc()
        self._duration.labels(name).observe(max(between(result.started, result.ended), 0.0))
        self._waits.labels(name).inc(max(result.rate_wait, 0.0))
        for (kind, action, ended), number in result.writes.items():
            self._writes.labels(name, _of(kind, KINDS), _of(action, ACTIONS), _of(ended, WRITTEN)).inc(number)
        for (method, status), number in result.requests.items():
            self._requests.labels(name, _of(method, METHODS), _code(status)).inc(number)
        for kind, numbers in result.objects.items():
            for state, number in numbers.items():
                self._objects.labels(name, _of(kind, KINDS), _of(state, STATES)).set(number)
        if (took := seconds_until_out(result)) is not None:
            self._out.labels(name).observe(took)

    def _state(self, name: str, now: Standing) -> None:
        """What is so, in place of what was."""
        self._standings[name] = now
        self._out.labels(name)  # at 0 before anybody leaves: `rate` does not see the one with whom a series begins
        for gauge in self._states:
            gauge.remove_by_labels({"app": name})
        self._info.labels(name, _of(now.profile, profiles()), _of(now.phase, PHASES), _of(now.health, HEALTH)).set(1)
        if now.quarantine:
            self._quarantined.labels(name, _of(now.quarantine, REASONS)).set(1)
        for safeguard in {_of(safeguard, SAFEGUARDS) for safeguard in now.safeguards}:
            self._blocked.labels(name, safeguard).set(1)
        if now.interval:
            self._interval.labels(name).set(now.interval)
        if now.begun:
            self._begun.labels(name).set(_seconds(now.begun))
        if now.last_success:
            self._success.labels(name).set(_seconds(now.last_success))


def _name(app: str) -> str:
    return app if APP_NAME.fullmatch(app) and len(app) <= LONGEST_NAME else OTHER


def _seconds(moment: str) -> float:
    return moment_of(moment).timestamp()


def _of(value: str, known: Collection[str]) -> str:
    return value if value in known else OTHER


def _code(status: Any) -> str:
    if status == 0:
        return NO_ANSWER
    return str(status) if isinstance(status, int) and 100 <= status <= 599 else OTHER
