"""Every safeguard in its order, on the changes that would be written, with the approvals that hold. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from reconciler.declare.model import App
from reconciler.plan.model import Caution, Change, Plan
from reconciler.plan.planner import Planned
from reconciler.plan.safeguards.approvals import NEVER_LIFTED, Approved, entry
from reconciler.plan.safeguards.deletions import NAME as DELETIONS
from reconciler.plan.safeguards.deletions import accidental_deletions
from reconciler.plan.safeguards.empty import empty
from reconciler.plan.safeguards.facts import Facts
from reconciler.plan.safeguards.holders import Holders
from reconciler.plan.safeguards.lockout import lockout
from reconciler.plan.safeguards.membership import group_membership
from reconciler.plan.safeguards.model import APPROVED, BLOCKED, Safeguard
from reconciler.plan.safeguards.policies import policies
from reconciler.plan.safeguards.protected import protected
from reconciler.plan.safeguards.weakened import SEPARATE, weakened
from reconciler.record.model import Record

ALONE = ", in a commit that changes nothing else in the declarations and is not squashed into another (approvals: separate)"
ON_CHANGES: tuple[Callable[[Facts], Safeguard], ...] = (accidental_deletions, group_membership, empty, protected)
ON_STATE: tuple[Callable[[Facts, Holders | None], Safeguard], ...] = (lockout, policies)


@dataclass(frozen=True)
class Guarded:
    """What the safeguards say of some changes, and the facts that they looked at.

    `approved` are digests of plans whose approvals cover the changes; `counts` is false for what an approval lets take
    something away: that does not count again in the next 24 hours. `standing` are those of the warnings that tell of what was
    so before.
    """

    facts: Facts
    verdicts: tuple[Safeguard, ...]
    warnings: tuple[str, ...]
    approved: tuple[str, ...]
    counts: bool
    cautions: tuple[Caution, ...] = ()
    standing: tuple[str, ...] = ()

    @property
    def blocking(self) -> tuple[Safeguard, ...]:
        """Those that block; while there is one, nothing may be written."""
        return tuple(found for found in self.verdicts if found.status == BLOCKED)


def guard(
    planned: Planned, record: Record | None, now: str, written: tuple[Change, ...] | None = None,
    reviewed: Iterable[Plan] = (),
) -> Guarded:  # fmt: skip
    """The verdict on the changes `written`, by default those of the plan; `reviewed` are the plans of saved files.

    `now` is UTC, YYYY-MM-DDTHH:MM:SSZ.
    """
    plan, context = planned.plan, planned.context
    changes = plan.changes if written is None else written
    facts = Facts(context, record or Record(plan.app), changes, planned.everything, plan.only, now)
    plans = [*reviewed] or [plan]
    approvals = Approved(context.app.approvals, now[:10], [*plans, plan], facts.record.approved, _separate(facts))
    found = [safeguard(facts) for safeguard in ON_CHANGES]
    needed = context.app.safeguards.lockout is not None or context.resolution.declarations.policies
    holders = Holders(facts) if needed else None
    found += [safeguard(facts, holders) for safeguard in ON_STATE]
    verdicts = tuple(_lifted(item, approvals, facts, plans[-1].digest) for item in found)
    standing = (*(text for item in found for text in item.standing), *approvals.spent())
    warnings = (*(text for item in found for text in item.warnings), *approvals.warnings(), *standing)
    return Guarded(
        facts,
        verdicts,
        warnings,
        approvals.used(changes),
        not approvals.lifts(DELETIONS, changes),
        (*_lifts(verdicts, approvals), *weakened(facts)),
        standing,
    )


def _lifts(verdicts: Iterable[Safeguard], approvals: Approved) -> Iterator[Caution]:
    """Each approval that lets the plan through, with the place where it stands, and whether it came with what it approves."""
    for found in verdicts:
        for item in approvals.lifting(found.name) if found.status == APPROVED else ():
            same = ", in this same change" if item.came == "mixed" else ""
            yield Caution("ApprovalLifts", f"lifts {found.name} for this plan: {found.detail}{same}", *item.place[:2])


def _lifted(found: Safeguard, approvals: Approved, facts: Facts, digest: str) -> Safeguard:
    if found.status != BLOCKED or found.name in NEVER_LIFTED:
        return found
    if approvals.lifts(found.name, facts.written):
        return replace(found, status=APPROVED, reasons=tuple(a.reason for a in approvals.lifting(found.name)))
    remedy = found.remedy + (ALONE if _separate(facts) else "")
    return replace(
        found, remedy=remedy, approval=entry(digest, found.name, facts.now), approve_in=approvals_file(facts.context.app)
    )


def _separate(facts: Facts) -> bool:
    """Whether approvals count only where they came alone: by today's declaration, or by that of the last apply."""
    return facts.settings.separate or SEPARATE in facts.record.limits


def approvals_file(app: App) -> str:
    """The file in which approvals of an app stand, or would."""
    return next((item.place.file for item in app.approvals), app.place.file.rpartition("/")[0] + "/approvals.yaml")


def shown(planned: Planned, guarded: Guarded) -> Planned:
    """The plan with what its safeguards say."""
    plan = planned.plan
    safeguards = tuple(found.as_json() for found in guarded.verdicts)
    return replace(
        planned,
        plan=replace(
            plan,
            safeguards=safeguards,
            cautions=(*guarded.cautions, *plan.cautions),
            warnings=(*plan.warnings, *guarded.warnings),
            standing=guarded.standing,
        ),
    )
