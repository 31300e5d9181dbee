"""groupMembership: which part of a group's known members leaves it. Pure."""

from __future__ import annotations

from reconciler.declare.names import fold, is_group
from reconciler.declare.wording import plural
from reconciler.plan.change import Action, Change
from reconciler.plan.roles import privileged_groups
from reconciler.plan.safeguards.facts import Facts
from reconciler.plan.safeguards.model import Safeguard, some, verdict


def group_membership(facts: Facts) -> Safeguard:
    """Blocks where more than the percentage leaves one group, or more than half of it where the group is privileged.

    Of few accounts, or few members, a percentage says nothing: one administrator of three may leave.
    """
    limits = facts.settings.groupMembership
    losing = [(change, *facts.leaving(change)) for change in facts.written if _may_lose(change)]
    losing = [row for row in losing if row[2]]
    privileged = privileged_groups(facts.context) if losing else set()
    emptied, counted, worst, small = [], [], 0, ""
    for change, known, leaving in losing:
        halved = 2 if fold(change.address) in privileged else 1
        worst = max(worst, len(leaving) * 100 * halved // len(known))
        counts = min(len(facts.active), len(known)) >= limits.minimumExisting
        exceeding = len(leaving) * 100 * halved > limits.percent * len(known)
        if exceeding and not counts:
            small = f", and none where fewer than {limits.minimumExisting} accounts or members are known"
        if exceeding and counts:
            counted.append(change.address)
            leave = "leaves" if len(leaving) == 1 else "leave"
            of = f"{len(leaving):,} of {plural(len(known), 'member')} {leave} {change.address}"
            emptied.append(of + (", which gives a privileged role" if halved == 2 else ""))
    nobody = "no active member leaves a group" if any(map(_may_lose, facts.written)) else "no member leaves a group"
    fewer = f"members leave {plural(len(losing), 'group')}" if losing else nobody
    return Safeguard(
        "groupMembership",
        verdict(bool(emptied)),
        f"{some(emptied) or fewer}; limit {limits.percent} % of a group, half of that where it gives a privileged role{small}",
        {
            "groups": len(losing),
            "exceeding": len(emptied),
            "highest": worst,
            "percent": limits.percent,
            "existing": len(facts.active),
            "minimumExisting": limits.minimumExisting,
        },
        "put the members back, or approve the plan",
        counted=frozenset(counted),
    )


def _may_lose(change: Change) -> bool:
    return is_group(change.address) and (bool(change.remove) or change.action == Action.DELETE)
