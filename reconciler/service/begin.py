"""Whether a cycle of an app begins: its declarations, its record and the clock in; the cycle's result, or why none, out.

Reads and writes as the cycle does.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf

from reconciler.cycle.write import Lock, locked
from reconciler.declare.model import App, Declarations
from reconciler.record.service import Service
from reconciler.service import clocks
from reconciler.service.commits import commit_of, in_history
from reconciler.service.cycle import Cycle
from reconciler.service.ends import Behind
from reconciler.service.figures import Frame
from reconciler.service.order import COMMAND, Means, Order, Postponed
from reconciler.service.progress import Progress
from reconciler.service.result import CycleResult, Standing
from reconciler.service.standing import standing_of
from reconciler.service.verdicts import closed


def run_cycle(app: App, declarations: Declarations, order: Order, means: Means) -> CycleResult | Postponed | Behind:
    """One cycle of one app under its lock, where one is due. Raises Locked and RecordError."""
    started = means.clock()
    if (shut := closed(app, declarations)) is not None:
        result = CycleResult(app.name, app.profile, order.cycle_id, "incremental", started, means.clock(), *shut)
        return replace(result, standing=Standing(app.name, app.profile, "incremental")) if result.result == "off" else result
    with locked(app, declarations, means.listener, Lock(COMMAND, means.lock_timeout)) as store:
        stored = store.load()
        service = stored.service if stored is not None else Service()
        interval = order.interval or clocks.seconds(app.provisioning.interval)
        means.stands(standing_of(app, service, interval))
        history = in_history(commit_of(declarations.folder), started, service, order.pulled)
        frame = Frame(interval, declarations.digest, clocks.mapped(app), started[:10], history, order.urgent, order.in_review)
        begins = order.forced or clocks.begins(service, interval, frame.declared, started, frame.in_review)
        if clocks.is_off(service) or not begins:
            due, is_well = clocks.next_cycle(service, interval, started), "quarantine" not in service
            return Postponed(app.name, started, due, clocks.why(service), is_well)
        if history.is_behind and order.asks_first:
            return Behind(app.name)
        refresh = inf if order.urgent else clocks.seconds(app.provisioning.fullRefresh)
        kind = clocks.kind_of(service.get("watermark", {}), frame.mapped, started, refresh)
        progress = Progress(store.outbox().parent, order.cycle_id, means.clock)
        try:
            return Cycle(app, declarations, order, means, store, service, frame, started, kind, progress).run(stored)
        finally:
            progress.end()
