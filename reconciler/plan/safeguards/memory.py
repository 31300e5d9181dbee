"""What the record remembers of safeguards, put into it: protection, removals, approved plans that are not done. No I/O."""

from __future__ import annotations

from reconciler.declare.names import is_group
from reconciler.plan.change import Action, Change
from reconciler.plan.renamings import renamings
from reconciler.plan.safeguards.facts import RENAMED, Extent, Facts, hours_before, stripped
from reconciler.plan.safeguards.guard import Guarded
from reconciler.plan.safeguards.identity import NAME as IDENTITY
from reconciler.plan.safeguards.model import APPROVED, DAY
from reconciler.plan.safeguards.policies import breaches
from reconciler.plan.safeguards.protected import outliving
from reconciler.plan.safeguards.weakened import limits
from reconciler.plan.unmapped import fresh, kept
from reconciler.record.model import Record
from reconciler.record.unfinished import Unfinished

Removals = dict[str, list[tuple[str, str]]]


def prepare(record: Record, guarded: Guarded, extent: Extent) -> Removals:
    """Put into the record what must be in it before the first write.

    Returns what counts once it is done: address of a change -> (address, kind) of each removal.
    """
    facts = guarded.facts
    record.protect(outliving(facts, extent), _carrying(facts))
    if extent is Extent.WHOLE:
        before, agreed = kept(facts.context), {item.target for item in facts.kept}
        record.leave({item.target for item in before if item.target in agreed | facts.context.unmapped})
        record.limit(limits(facts.context), breaches(facts.context))
    record.forget_removals(hours_before(facts.now, DAY))
    declared = {approval.plan for approval in facts.context.app.approvals}
    Unfinished(record).approve(guarded.approved, facts.written, declared)
    return {change.address: found for change in facts.written if (found := _counted(guarded, change))}


def _carrying(facts: Facts) -> set[str]:
    """Targets that carry roles by today's mapping, and those that a change which is yet to be done still writes.

    Those that nothing carries any more stay until a plan has said who keeps what they gave: that of a part does not.
    """
    context = facts.context
    untold = {item.target for item in fresh(context, kept(context))} - {item.target for item in facts.kept}
    todo = {a.path for change in facts.everything for a in change.attributes}
    return {slot.target for slot in context.resolution.user_mapping.slots if slot.carries_roles} | (
        context.carried & (todo | untold)
    )


def _counted(guarded: Guarded, change: Change) -> list[tuple[str, str]]:
    """What an approval has let through does not count again."""
    taken = _removals(guarded, change) if guarded.counts else []
    lifted = any(item.name == IDENTITY and item.status == APPROVED for item in guarded.verdicts)
    renamed = not lifted and renamings(guarded.facts.context, change)
    return [*taken, (change.address, RENAMED)] if renamed else taken


def _removals(guarded: Guarded, change: Change) -> list[tuple[str, str]]:
    facts = guarded.facts
    own = [(change.address, facts.counted[change.address])] if change.address in facts.counted else []
    if not is_group(change.address):
        return own
    gone = [(change.address, "delete")] if change.action == Action.DELETE else []
    taken = sorted(stripped(facts.context, change))
    return gone + [(address, "roles") for address in taken if facts.counted.get(address) == "roles"]
