"""Safeguards that let more through than when we last applied: who weakens one in the change that needs it is seen. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from reconciler.plan.context import Context
from reconciler.plan.safeguards.facts import Facts

LEAST = ("lockout.", "policies.")  # of these a higher number lets less through, of others more


def limits(context: Context) -> dict[str, int]:
    """Each limit by its name, the defaults included; a policy is 1."""
    settings = context.app.safeguards
    found: dict[str, int] = {f"accidentalDeletions.{key}": limit for key, limit in asdict(settings.accidentalDeletions).items()}
    found |= {f"groupMembership.{key}": limit for key, limit in asdict(settings.groupMembership).items()}
    if settings.lockout is not None:
        found[LEAST[0] + settings.lockout.role] = settings.lockout.minimumActive
    policies = context.resolution.declarations.policies
    return found | {LEAST[1] + p.name: 1 for p in policies if p.concerns(context.app.name)}


def weakened(facts: Facts) -> Iterator[str]:
    """In words, each limit that let less through when we last applied."""
    today = limits(facts.context) if facts.record.limits else {}
    for name, last in sorted(facts.record.limits.items()):
        now = today.get(name, 0)
        if name not in today:
            yield f"the safeguard {name} held when last applied, and is gone now"
        elif now < last if name.startswith(LEAST) else now > last:
            yield f"the safeguard {name} was {last} when last applied and is {now} now: it lets more through"
