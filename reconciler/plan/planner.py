"""Desired, live and record in, plan out. It is handed no client: it cannot write. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reconciler.declare.model import App
from reconciler.plan import undeclared_renames, unmapped
from reconciler.plan.access.rows import access
from reconciler.plan.context import Context, gather
from reconciler.plan.cost import estimate
from reconciler.plan.desired import plan_desired
from reconciler.plan.digest import plan_digest
from reconciler.plan.findings import Findings, joined
from reconciler.plan.live import Live
from reconciler.plan.lookalikes import lookalikes, resemblances
from reconciler.plan.matching.match import match
from reconciler.plan.model import Cause, Change, Config, Plan
from reconciler.plan.name_swaps import without_swaps
from reconciler.plan.notices import faults, of_provisioning, of_record, skips
from reconciler.plan.outstanding import cautions
from reconciler.plan.provisioning import closed_by
from reconciler.plan.reenabled import reenabled
from reconciler.plan.removed import plan_removed
from reconciler.plan.reviewed.already_done import is_done
from reconciler.plan.revoked import plan_revoked
from reconciler.plan.selection import Selection, select
from reconciler.plan.strangers import of_strangers
from reconciler.plan.unmanaged import Directory
from reconciler.plan.warnings import fixed, ignored, of_declared, of_mappings, of_service, refused, uncleared
from reconciler.record.entries import Entries
from reconciler.record.model import Record
from reconciler.resolve.capabilities import Limits
from reconciler.resolve.model import Resolution

NO_CONFIG = Config("")
NO_LIMITS = Limits()
EVERYTHING = Selection()


@dataclass(frozen=True)
class Planned:
    """A plan, what it rests on, every change that there would be without a selection, and what was found on the way."""

    plan: Plan
    context: Context
    everything: tuple[Change, ...]
    findings: Findings

    def part(self, selection: Selection) -> tuple[Change, ...]:
        """The changes that a plan with this selection would hold."""
        return select(self.context, self.everything, selection)[0]

    def is_done(self, change: Change) -> bool:
        """Whether a change that is not planned any more has been done."""
        return is_done(self.context, change)


def make_plan(
    app: App, resolution: Resolution, live: Live, record: Record | None, selection: Selection, base_url: str,
    config: Config = NO_CONFIG, limits: Limits = NO_LIMITS,
) -> Planned:  # fmt: skip
    """The plan of one app, of which what its service would ignore has been left out."""
    app = resolution.limited.app
    matching = match(resolution, live, record.entries if record is not None else Entries())
    undecided = gather(app, resolution, live, record, matching)
    findings = joined(_phases(undecided))
    possible, swaps = without_swaps(findings.changes)
    everything = tuple(sorted(possible, key=lambda change: (change.address, change.action)))
    context = undecided.decided(everything, findings.released, swaps)
    selected, left_out = select(context, everything, selection)
    stays = unmapped.kept(context)
    kept = unmapped.fresh(context, stays) if selection == EVERYTHING else ()
    gained, outstanding = access(context, selected), [o for o in findings.outstanding if selection.names(o.address)]
    unmanaged = sorted(live.users[id] for id in live.users.keys() - context.matching.addresses.keys())
    directory, differ = Directory(app, resolution), fixed(context)
    still_active = directory.still_active(unmanaged)
    standing = (
        *live.notes,
        *of_service(context),
        *ignored(context, findings.ignored),
        *uncleared(context, findings.uncleared),
        *unmapped.warnings(context, stays),
        *(still_active if record is not None else ()),
        *of_strangers(context, selected),
    )
    pairs = undeclared_renames.renames(context, selected)
    plan = Plan(
        app.name,
        app.displayName,
        base_url,
        app.profile,
        selected,
        gained,
        skips(context, selection),
        directory.classed(unmanaged),
        tuple(
            error
            for error in (*context.matching.errors, *faults(resolution), *unmapped.errors(context, stays))
            if selection.names(error.address)
        ),
        (
            *of_provisioning(app),
            *of_record(record, base_url),
            *left_out,
            *of_mappings(context),
            *of_declared(context, differ),
            *resemblances(context, selected),
            *findings.said(),
            *(still_active if record is None else ()),
            *standing,
        ),
        findings.unchanged,
        findings.adopted,
        selection.only,
        tuple(map(Cause, selection.causes)),
        requests=estimate(() if closed_by(app) else selected, limits),
        config=config,
        digest=plan_digest(app.name, base_url, selection.only, selection.causes, selected, kept),
        ignored=_count([*findings.ignored.values(), *findings.uncleared.values(), *refused(context).values()]),
        left=_count([*findings.untouched.values(), *differ.values(), [item.address for item in stays]]) + findings.kept_out,
        outstanding=len({item.address for item in outstanding}),
        cautions=(
            *undeclared_renames.cautions(context, pairs),
            *unmapped.cautions(context, unmapped.fresh(context, stays)),
            *cautions(context, outstanding),
            *reenabled(context, selected),
            *lookalikes(context, gained),
        ),
        looks_renamed=pairs,
        kept=kept,
        standing=standing,
        provisioning=closed_by(app) or "",
    )
    return Planned(plan, context, everything, findings)


def _phases(context: Context) -> Iterator[Findings]:
    """What is to be changed and what is left, of everybody: the revoked, then users, then groups."""
    resolution, live = context.resolution, context.live
    yield plan_revoked(context)
    yield plan_desired(context, resolution.users)
    yield plan_removed(context, "User", live.users)
    if context.app.groups.enabled:
        yield plan_desired(context, resolution.groups)
        yield plan_removed(context, "Group", live.groups)


def _count(lists: Iterable[list[str]]) -> int:
    """How many addresses there are in some lists, each counted once."""
    return len({address for addresses in lists for address in addresses})
