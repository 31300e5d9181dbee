"""accidentalDeletions: how many users and groups go, within 24 hours together. Pure."""

from __future__ import annotations

from collections.abc import Collection

from reconciler.declare.names import fold, is_group
from reconciler.declare.settings import AccidentalDeletions, Identity
from reconciler.declare.wording import plural
from reconciler.plan.change import Action
from reconciler.plan.safeguards.facts import Facts
from reconciler.plan.safeguards.model import Safeguard, verdict

NAME = "accidentalDeletions"


def accidental_deletions(facts: Facts) -> Safeguard:
    """Blocks where the count or the percentage of active accounts in the record is exceeded, users and groups apart.

    What went in the last 24 hours is still in the base: many small runs, or one that was killed and goes on, are one large one.
    A plan that adds nothing to it is not blocked by what went before.
    """
    limits = facts.settings.accidentalDeletions
    gone, closed = _recent(facts, "user/"), _recent(facts, "group/")
    keeping = {fold(item.address) for item in facts.kept}
    losing = {fold(address) for address in facts.counted} | gone
    users = losing | keeping
    deleted = {change.address for change in facts.written if is_group(change.address) and change.action == Action.DELETE}
    groups = {fold(address) for address in deleted} | closed
    entries = facts.record.entries
    existing = _together(facts.active, gone)
    known = _together([a for a in entries.groups() if "retained" not in entries[a]], closed)
    blocked = users != gone and exceeds(limits, len(users), existing)
    blocked = blocked or (groups != closed and exceeds(limits, len(groups), known))
    earlier = len(facts.recent)
    stays = (
        f"; {plural(len(keeping), 'user')} {'keeps' if len(keeping) == 1 else 'keep'} what is no longer mapped" if keeping else ""
    )
    before = f"; with the last 24 hours {_both(len(users), len(groups))}" if earlier else ""
    return Safeguard(
        NAME,
        verdict(blocked),
        f"{_now(len(facts.counted), existing, len(deleted), known)}{_revoked(facts)}{stays}{before}; "
        f"limit {_limit(limits, min([*([existing] if users else []), *([known] if groups else [])], default=existing))}",
        {
            "users": len(users),
            "existingUsers": existing,
            "groups": len(groups),
            "existingGroups": known,
            "earlier": earlier,
            "count": limits.count,
            "percent": limits.percent,
            "minimumExisting": limits.minimumExisting,
        },
        "if this many removals are intended, approve the plan",
        counted=facts.taking(facts.counted) | deleted if blocked and not keeping else None,
    )


def _now(users: int, existing: int, groups: int, known: int) -> str:
    """What this plan takes; what nobody loses is not counted."""
    told = [share(users, existing, "user", "loses", "lose") + " access"] if users else []
    told += [f"{groups} of {plural(known, 'group')} {'is' if groups == 1 else 'are'} deleted"] if groups else []
    return ", ".join(told) or "nobody loses access, and no group is deleted"


def _revoked(facts: Facts) -> str:
    """Who loses access too, and is not counted."""
    number = len(facts.losses) - len(facts.counted)
    return f" (and {number} who {'was' if number == 1 else 'were'} revoked by hand)" if number else ""


def _both(users: int, groups: int) -> str:
    return " and ".join(plural(number, noun) for number, noun in ((users, "user"), (groups, "group")) if number)


def _limit(limits: AccidentalDeletions, existing: int) -> str:
    if existing >= limits.minimumExisting:
        return f"{limits.count} or {limits.percent} %"
    return f"{limits.count} ({limits.percent} % from {plural(limits.minimumExisting, 'account')} on)"


def share(number: int, recorded: int, noun: str, one: str, several: str) -> str:
    """`1 of 18 users loses`; who loses a role by a change that adopts the account is not in the record yet."""
    who = f"{number} of {plural(recorded, noun)}" if number <= recorded else f"{plural(number, noun)} ({recorded} in the record)"
    return f"{who} {one if number == 1 else several}"


def _together(recorded: Collection[str], gone: set[str]) -> int:
    """How many there are with those who went, counted once; folding 100,000 names is left out where nobody did."""
    return len(gone.union(map(fold, recorded))) if gone else len(recorded)


def _recent(facts: Facts, kind: str) -> set[str]:
    return {address for address in facts.recent if address.startswith(kind)}


def exceeds(limits: AccidentalDeletions | Identity, number: int, existing: int) -> bool:
    """Below `minimumExisting` the count alone holds; of nobody there is no percentage."""
    if number > limits.count:
        return True
    return 0 < existing >= limits.minimumExisting and number * 100 > limits.percent * existing
