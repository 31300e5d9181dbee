"""Safeguards that let more through than when we last applied: who weakens one in the change that needs it is seen. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from reconciler.declare.model import Policy
from reconciler.declare.names import fold, is_user
from reconciler.declare.place import Place
from reconciler.declare.settings import Budget
from reconciler.plan import privileged
from reconciler.plan.context import PRIVILEGED, Context
from reconciler.plan.model import Caution
from reconciler.plan.safeguards.facts import Facts
from reconciler.plan.safeguards.loosened import ACTIVE, PREFIX, loosened
from reconciler.plan.safeguards.protected import declared
from reconciler.resolve.canonical import sha256

RULE, SEPARATE = "rules.", "approvals.separate"
LEAST = ("lockout.", "policies.")  # of these a higher number lets less through, of others more


def limits(context: Context) -> dict[str, int]:
    """Each limit by its name, the defaults included; a policy, and a setting that lets access outlive its declaration, is 1."""
    settings = context.app.safeguards
    found: dict[str, int] = {f"accidentalDeletions.{key}": limit for key, limit in asdict(settings.accidentalDeletions).items()}
    found |= {f"groupMembership.{key}": limit for key, limit in asdict(settings.groupMembership).items()}
    found |= {f"identity.{key}": limit for key, limit in asdict(settings.identity).items()}
    if settings.lockout is not None:
        found[LEAST[0] + settings.lockout.role] = settings.lockout.minimumActive
    if settings.budget is not None:
        found |= _of_budget(settings.budget)
    if settings.separate:
        found[SEPARATE] = 1
    policies = context.resolution.declarations.policies
    rules = [p for p in policies if p.concerns(context.app.name)]
    found |= {item.name: 1 for item in loosened(context.app)}
    found |= privileged.limits(context)
    return found | {LEAST[1] + p.name: 1 for p in rules} | {RULE + p.name: _rule(p) for p in rules}


def _of_budget(budget: Budget) -> dict[str, int]:
    """The cost in thousandths."""
    cost = None if budget.cost is None else round(budget.cost.most * 1000)
    limits = {"requests": budget.requests, "minutes": budget.minutes, "cost": cost}
    return {f"budget.{name}": limit for name, limit in limits.items() if limit is not None}


def _rule(policy: Policy) -> int:
    """A number of what a policy asks for: another rule has another one. Its apps, its remedy and its place are none of it."""
    rule = [policy.kind, sorted(policy.roles), policy.minimum, policy.maximum, policy.days, policy.reason, sorted(policy.domains)]
    return int(sha256(rule).removeprefix("sha256:")[:12], 16)


def weakened(facts: Facts) -> Iterator[Caution]:
    """Each limit that let less through when we last applied, each rule that was another one, each protection that ends."""
    today, safeguards = limits(facts.context) if facts.record.limits else {}, facts.settings
    for name, last in sorted(facts.record.limits.items()):
        place, now = safeguards.places.get(name if name in safeguards.places else name.partition(".")[0]), today.get(name, 0)
        if name.startswith((PREFIX, PRIVILEGED)):
            continue
        if name.startswith(RULE):
            if name in today and now != last:
                policy = next(p for p in facts.context.resolution.declarations.policies if RULE + p.name == name)
                yield _caution(
                    "PolicyChanged", f"the policy {policy.name} asks for something else than when last applied", policy.place
                )
        elif name not in today:
            yield _caution("SafeguardEnds", f"the safeguard {name} held when last applied, and is gone now", place)
        elif now < last if name.startswith(LEAST) else now > last:
            words = f"the safeguard {name} was {last} when last applied and is {now} now: it lets more through"
            yield _caution("SafeguardWeakened", words, place)
    for item in loosened(facts.context.app) if facts.record.limits else ():
        if item.name not in facts.record.limits and (item.name != ACTIVE or _was_told_active(facts)):
            yield _caution("SafeguardWeakened", f"{item.words}; it was not like this when last applied", item.place)
    kept = {fold(address) for address in declared(facts.context)}
    for address in facts.record.protected:
        if fold(facts.context.today.get(address, address)) not in kept:
            yield _caution(
                "ProtectionEnds",
                f"{address} was protected when last applied, and no longer is",
                safeguards.places.get("protected"),
            )


def _was_told_active(facts: Facts) -> bool:
    """A record from before this was looked at says it by what an account was told."""
    entries = facts.record.entries
    if facts.context.able.inactive == "ignored":  # the profile says so, and that is told elsewhere
        return False
    first = next((address for address in entries if is_user(address)), None)
    return first is not None and "active" in entries[first].get("wanted", {})


def _caution(code: str, text: str, place: Place | None) -> Caution:
    return Caution(code, text, place.file, place.line) if place is not None else Caution(code, text)
