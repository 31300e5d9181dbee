"""Desired, live and record in, plan out. It is handed no client: it cannot write. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.declare.model import App
from reconciler.plan.change import Cause, Change
from reconciler.plan.context import Context, gather
from reconciler.plan.cost import estimate
from reconciler.plan.desired import plan_desired
from reconciler.plan.digest import plan_digest
from reconciler.plan.earlier import NOTHING, Earlier
from reconciler.plan.findings import Findings, joined
from reconciler.plan.live import Live
from reconciler.plan.matching.match import match
from reconciler.plan.model import NO_CONFIG, Config, Plan
from reconciler.plan.name_swaps import without_swaps
from reconciler.plan.notices import skips
from reconciler.plan.provisioning import closed_by
from reconciler.plan.removed import plan_removed
from reconciler.plan.reviewed.already_done import is_done
from reconciler.plan.revoked import plan_revoked
from reconciler.plan.roles_beside import with_roles_there
from reconciler.plan.selection import Selection, part_read, select
from reconciler.plan.told import Told
from reconciler.record.entries import Entries
from reconciler.record.model import Record
from reconciler.resolve.capabilities import NO_LIMITS, Limits
from reconciler.resolve.model import Resolution


@dataclass(frozen=True)
class Planned:
    """A plan, what it rests on, every change that there would be without a selection, and what was found on the way."""

    plan: Plan
    context: Context
    everything: tuple[Change, ...]
    findings: Findings
    limits: Limits = NO_LIMITS

    def part(self, selection: Selection) -> tuple[Change, ...]:
        """The changes that a plan with this selection would hold."""
        return select(self.context, self.everything, selection)[0]

    def is_done(self, change: Change) -> bool:
        """Whether a change that is not planned any more has been done."""
        return is_done(self.context, change)


def make_plan(
    app: App, resolution: Resolution, live: Live, record: Record | None, selection: Selection, base_url: str,
    config: Config = NO_CONFIG, limits: Limits = NO_LIMITS, earlier: Earlier = NOTHING,
) -> Planned:  # fmt: skip
    """The plan of one app, of which what its service would ignore has been left out."""
    app = resolution.limited.app
    # 1. Who belongs to whom, and all that would be changed.
    matching = match(resolution, live, record.entries if record is not None else Entries())
    resolution = with_roles_there(resolution, matching, live)
    context, everything, findings = _decided(gather(app, resolution, live, record, matching, earlier))
    # 2. What is asked for of that.
    selected, left_out = select(context, everything, selection)
    # 3. What is said of it.
    told, part = Told(context, findings, selection, selected, left_out, record, base_url), part_read(context)
    plan = Plan(
        app.name,
        app.displayName,
        base_url,
        app.profile,
        selected,
        told.access,
        skips(context, selection),
        told.unmanaged,
        told.errors(),
        told.warnings(),
        findings.unchanged,
        findings.adopted,
        selection.only,
        tuple(map(Cause, selection.causes)),
        part,
        requests=estimate(() if closed_by(app) else selected, limits),
        config=config,
        digest=plan_digest(app.name, base_url, selection.only, selection.causes, selected, told.kept, part),
        ignored=told.ignored(),
        left=told.left(),
        outstanding=told.outstanding(),
        cautions=told.cautions(),
        ends=told.ends(),
        looks_renamed=told.looks_renamed,
        kept=told.kept,
        standing=told.standing,
        provisioning=closed_by(app) or "",
    )
    return Planned(plan, context, everything, findings, limits)


def _decided(undecided: Context) -> tuple[Context, tuple[Change, ...], Findings]:
    """What there would be to do without a selection, with what was found on the way."""
    findings = joined(_phases(undecided))
    possible, swaps = without_swaps(findings.changes)
    everything = tuple(sorted(possible, key=lambda change: (change.address, change.action)))
    return undecided.decided(everything, findings.released, swaps), everything, findings


def _phases(context: Context) -> Iterator[Findings]:
    """What is to be changed and what is left, of everybody: the revoked, then users, then groups."""
    resolution, live = context.resolution, context.live
    yield plan_revoked(context)
    yield plan_desired(context, resolution.users)
    yield plan_removed(context, "User", live.users)
    if context.app.groups.enabled:
        yield plan_desired(context, resolution.groups)
        yield plan_removed(context, "Group", live.groups)
