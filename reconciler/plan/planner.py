"""Desired, live and record in, plan out. It is handed no client: it cannot write. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.declare.model import App
from reconciler.declare.names import fold
from reconciler.plan.access import access
from reconciler.plan.context import Context
from reconciler.plan.cost import estimate
from reconciler.plan.desired import Findings, plan_desired
from reconciler.plan.digest import plan_digest
from reconciler.plan.live import Live
from reconciler.plan.lookalikes import lookalikes
from reconciler.plan.matching.match import match
from reconciler.plan.matching.model import Matching
from reconciler.plan.model import Cause, Change, Config, ObjectError, Plan, Skip
from reconciler.plan.name_swaps import rotations
from reconciler.plan.outstanding import cautions
from reconciler.plan.removed import plan_removed
from reconciler.plan.reviewed.already_done import is_done
from reconciler.plan.revoked import plan_revoked
from reconciler.plan.selection import Selection, select
from reconciler.plan.undeclared_renames import renames
from reconciler.plan.unmanaged import Directory
from reconciler.plan.warnings import fixed, ignored, notes
from reconciler.record.entries import Entries
from reconciler.record.model import Record, Revocation
from reconciler.resolve.capabilities import Limits
from reconciler.resolve.model import Resolution

NO_CONFIG = Config("")
NO_LIMITS = Limits()
NO_RECORD = "there is no record yet: accounts are matched afresh, and only matched ones are managed"


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
    """The plan of one app (design.md §5 steps 5 to 7), of which what its service would ignore has been left out."""
    app = resolution.limited.app
    entries = record.entries if record is not None else Entries()
    matching = match(resolution, live, entries)
    context = Context(app, resolution, live, entries, record is not None, matching, revoked(record, matching),
                      frozenset(record.carrying if record is not None else ()))  # fmt: skip
    findings = _findings(context)
    everything = tuple(sorted(_without_rotations(context, findings.changes), key=lambda c: (c.address, c.action)))
    context.pending.update({change.address: change for change in everything})
    kept, left_out = select(context, everything, selection)
    unmanaged = sorted(live.users[id] for id in live.users.keys() - context.matching.addresses.keys())
    directory, differ = Directory(app, resolution), fixed(context)
    outstanding = [item for item in findings.outstanding if selection.names(item.address)]
    gained = access(context, kept)
    plan = Plan(
        app.name, app.displayName, base_url, app.profile, kept, gained, _skipped(resolution, selection),
        directory.classed(unmanaged),
        tuple(e for e in (*context.matching.errors, *_faults(resolution)) if selection.names(e.address)),
        tuple([*_of_provisioning(app), *_of_record(record, base_url), *left_out, *notes(context, differ), *renames(context, kept),
               *findings.said(), *ignored(context, findings.ignored), *directory.still_active(unmanaged)]),
        findings.unchanged, findings.adopted, selection.only, tuple(map(Cause, selection.causes)),
        requests=estimate(() if is_closed(app) else kept, limits), config=config,
        digest=plan_digest(app.name, base_url, selection.only, selection.causes, kept),
        ignored=len({address for addresses in findings.ignored.values() for address in addresses}),
        left=len({address for found in (findings.untouched, differ) for some in found.values() for address in some})
        + findings.kept_out,
        outstanding=len({item.address for item in outstanding}), 
        cautions=(*cautions(context, outstanding), *lookalikes(context, gained)),
    )  # fmt: skip
    return Planned(plan, context, everything, findings)


def _findings(context: Context) -> Findings:
    """What is to be changed and what is left, of everybody, in the order in which one thing settles another."""
    findings, resolution, live = Findings(), context.resolution, context.live
    plan_revoked(context, findings)
    plan_desired(context, resolution.users, findings)
    plan_removed(context, "User", live.users, findings)
    if context.app.groups.enabled:
        plan_desired(context, resolution.groups, findings)
        plan_removed(context, "Group", live.groups, findings)
    return findings


def _of_provisioning(app: App) -> list[str]:
    """What becomes of the plan, where that is not what a plan is for."""
    if app.provisioning.mode == "manual":
        return ["provisioning is manual, so apply refuses to write this: set `mode: automatic` under provisioning in app.yaml"]
    if app.provisioning.status == "off":
        return ["provisioning is off, so apply does nothing: set `status: on` under provisioning in app.yaml"]
    return []


def is_closed(app: App) -> bool:
    """Whether apply writes nothing to the app, whatever is planned."""
    return app.provisioning.mode == "manual" or app.provisioning.status == "off"


def _of_record(record: Record | None, base_url: str) -> list[str]:
    if record is None:
        return [NO_RECORD]
    if record.base_url in ("", base_url):
        return []
    return [f"the record was made with {record.base_url}, and tenantUrl is {base_url} now: whoever has no account there, or "
            "another id, reads as deleted or edited by hand"]  # fmt: skip


def revoked(record: Record | None, matching: Matching) -> dict[str, Revocation]:
    """By today's address: a rename lets nobody in again."""
    if record is None or not record.revoked:
        return {}
    today = {fold(old): old for old in record.entries}
    today |= {fold(old): address for address, old in matching.recorded.items()}
    return {today.get(fold(address), address): revocation for address, revocation in record.revoked.items()}


def _without_rotations(context: Context, changes: list[Change]) -> list[Change]:
    """A swap of unique values would fail half-way, so it is refused whole."""
    refused = rotations(changes)
    for circle in refused:
        for address in circle:
            context.matching.error(address, "Rotation", f"{' and '.join(circle)} take unique values from one another",
                                   "do it in two steps: give one of them another value first")  # fmt: skip
    return [change for change in changes if change.address not in {address for circle in refused for address in circle}]


def _faults(resolution: Resolution) -> list[ObjectError]:
    """Values that an expression could not work out: the attribute is left as it is, and somebody should know."""
    return [
        ObjectError(address, "InvalidValue", f"{fault.target}: {fault.reason}", "mend the user's attribute, or the expression")
        for address, faults in sorted(resolution.faults.items())
        for fault in faults
    ]


def _skipped(resolution: Resolution, selection: Selection) -> tuple[Skip, ...]:
    found = (skip for address, skip in sorted(resolution.skipped.items()) if selection.names(address))
    return tuple(Skip(s.address, s.code, s.reason, s.remedy) for s in found)
