"""Every safeguard in its order, on the changes that would be written, with the approvals that hold. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from reconciler.declare.model import App, Approval
from reconciler.declare.warned import Warned
from reconciler.plan.change import Cause, Change
from reconciler.plan.digest import plan_digest
from reconciler.plan.model import Caution, Plan
from reconciler.plan.planner import Planned
from reconciler.plan.safeguards.approvals import Approved, entry
from reconciler.plan.safeguards.budget import budget
from reconciler.plan.safeguards.deletions import NAME as DELETIONS
from reconciler.plan.safeguards.deletions import accidental_deletions
from reconciler.plan.safeguards.empty import empty
from reconciler.plan.safeguards.facts import Facts
from reconciler.plan.safeguards.holders import Holders
from reconciler.plan.safeguards.identity import NAME as IDENTITY
from reconciler.plan.safeguards.identity import identity, renames
from reconciler.plan.safeguards.lockout import lockout
from reconciler.plan.safeguards.membership import group_membership
from reconciler.plan.safeguards.model import APPROVED, BLOCKED, NEVER_LIFTED, OK, Safeguard
from reconciler.plan.safeguards.policies import policies
from reconciler.plan.safeguards.protected import protected
from reconciler.plan.safeguards.weakened import SEPARATE, weakened
from reconciler.plan.selection import possible
from reconciler.record.model import Record

ALONE = ", in a commit that changes nothing else in the declarations and is not squashed into another (approvals: separate)"
ON_CHANGES: tuple[Callable[[Facts], Safeguard], ...] = (
    accidental_deletions,
    group_membership,
    identity,
    empty,
    protected,
)
ON_STATE: tuple[Callable[[Facts, Holders | None], Safeguard], ...] = (lockout, policies)


@dataclass(frozen=True)
class Guarded:
    """What the safeguards say of some changes, and the facts that they looked at.

    `approved` are digests of plans whose approvals cover the changes; `counts` is false for what an approval lets take
    something away: that does not count again in the next 24 hours. `standing` are those of the warnings that tell of what was
    so before. `passing` are those of the changes that nothing would block alone, where something blocks them together;
    `lifting` are names of safeguards with the approvals that lift them.
    """

    facts: Facts
    verdicts: tuple[Safeguard, ...]
    warnings: tuple[Warned, ...]
    approved: tuple[str, ...]
    counts: bool
    cautions: tuple[Caution, ...] = ()
    standing: tuple[Warned, ...] = ()
    passing: tuple[Change, ...] = ()
    lifting: tuple[tuple[str, Approval], ...] = ()

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
    plans = [*reviewed] or [plan]
    kept = plan.kept if any(item.kept == plan.kept for item in plans) else ()  # what no reviewed plan said is left as it was
    facts = Facts(context, record or Record(plan.app), changes, planned.everything, plan.only, now, kept, planned.limits)
    found = _judged(facts)
    approvals = _approvals(facts, [*plans, plan])
    passing = _passing(facts, found, approvals)
    parts, digest = [changes], plans[-1].digest
    if passing and written is None and plan.selected_causes == (Cause.TIME,):
        held = left_after(plan, passing)
        approvals = _approvals(facts, [plan, held])
        parts, digest = [changes, held.changes], held.digest
    verdicts = tuple(_lifted(item, approvals, facts, parts, digest) for item in found)
    standing = (*(said for item in found for said in item.standing), *approvals.spent())
    warnings = (*(said for item in found for said in item.warnings), *approvals.warnings(), *standing)
    return Guarded(
        facts,
        _with_passing(verdicts, passing),
        warnings,
        tuple(sorted({plan for part in parts for plan in approvals.used(part)})),
        not any(approvals.lifts(DELETIONS, part) for part in parts),
        (*_lifts(verdicts, approvals), *_renames(facts, verdicts), *weakened(facts)),
        standing,
        passing,
        tuple((item.name, entry) for item in verdicts if item.status == APPROVED for entry in approvals.lifting(item.name)),
    )


def _renames(facts: Facts, verdicts: Iterable[Safeguard]) -> Iterator[Caution]:
    """Where so many are renamed that an approval is needed."""
    if any(item.name == IDENTITY and item.status != OK for item in verdicts):
        yield from renames(facts)


def _judged(facts: Facts) -> list[Safeguard]:
    """What each says, before any approval."""
    found = [safeguard(facts) for safeguard in ON_CHANGES]
    if facts.settings.budget is not None:
        found.append(budget(facts, facts.settings.budget))
    needed = facts.settings.lockout is not None or facts.context.resolution.declarations.policies
    holders = Holders(facts) if needed else None
    return found + [safeguard(facts, holders) for safeguard in ON_STATE]


def _approvals(facts: Facts, plans: Iterable[Plan]) -> Approved:
    return Approved(facts.context.app.approvals, facts.now[:10], plans, facts.record.approved, _separate(facts))


def _passing(facts: Facts, found: Iterable[Safeguard], approvals: Approved) -> tuple[Change, ...]:
    """The changes that no safeguard counts of those that block, if nothing blocks them alone.

    They are without what would need an account that is held back with the others.
    """
    blocking = [item for item in found if item.status == BLOCKED and not approvals.lifts(item.name, facts.written)]
    counted = [item.counted for item in blocking]
    if not blocking or None in counted:
        return ()
    held = frozenset[str]().union(*(addresses for addresses in counted if addresses is not None))
    rest = possible(facts.context, [change for change in facts.written if change.address not in held], [])
    alone = _judged(replace(facts, written=rest, kept=())) if rest else []
    stops = [item for item in alone if item.status == BLOCKED and not approvals.lifts(item.name, rest)]
    return () if stops else rest


def left_after(plan: Plan, changes: Iterable[Change]) -> Plan:
    """The plan that is left once these changes are done: by its digest the others are approved."""
    done = {change.digest for change in changes}
    left = tuple(change for change in plan.changes if change.digest not in done)
    digest = plan_digest(plan.app, plan.base_url, plan.only, plan.selected_causes, left, plan.kept, plan.part)
    return replace(plan, changes=left, digest=digest)


def asking_for(guarded: Guarded, digest: str) -> Guarded:
    """The same verdicts, where the plan to approve has another digest."""
    asking = (replace(v, approval={**v.approval, "plan": digest}) if v.approval else v for v in guarded.verdicts)
    return replace(guarded, verdicts=tuple(asking))


def _with_passing(verdicts: tuple[Safeguard, ...], passing: Iterable[Change]) -> tuple[Safeguard, ...]:
    """Said once, by the last one that blocks."""
    last = next((number for number, item in reversed([*enumerate(verdicts)]) if item.status == BLOCKED), None)
    addresses = tuple(change.address for change in passing)
    return tuple(replace(item, passing=addresses) if number == last else item for number, item in enumerate(verdicts))


def _lifts(verdicts: Iterable[Safeguard], approvals: Approved) -> Iterator[Caution]:
    """Each approval that lets the plan through, with the place where it stands, and whether it came with what it approves."""
    for found in verdicts:
        for item in approvals.lifting(found.name) if found.status == APPROVED else ():
            same = ", in this same change" if item.came == "mixed" else ""
            yield Caution("ApprovalLifts", f"lifts {found.name} for this plan: {found.detail}{same}", *item.place[:2])


def _lifted(found: Safeguard, approvals: Approved, facts: Facts, parts: Iterable[tuple[Change, ...]], digest: str) -> Safeguard:
    """Approved where an approval holds for all changes, or for all that those safeguards count which block."""
    if found.status != BLOCKED or found.name in NEVER_LIFTED:
        return found
    approved = any(approvals.lifts(found.name, part) for part in parts)
    if approved and (found.name != DELETIONS or approvals.agrees(found.name, facts.kept)):
        return replace(found, status=APPROVED, reasons=tuple(item.reason for item in approvals.lifting(found.name)))
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


def with_verdicts(planned: Planned, guarded: Guarded) -> Planned:
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
            standing=(*plan.standing, *guarded.standing),
        ),
    )
