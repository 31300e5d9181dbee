"""lockout: enough active holders of a role are left, and the account that owns the token stays as it is. Pure."""

from __future__ import annotations

from reconciler.declare.model import fold
from reconciler.plan.model import Change
from reconciler.plan.safeguards.facts import Facts
from reconciler.plan.safeguards.holders import Holders
from reconciler.plan.safeguards.model import Safeguard, verdict
from reconciler.plan.safeguards.protected import known_as


def lockout(facts: Facts, holders: Holders | None) -> Safeguard:
    """Blocks where fewer than `minimumActive` would hold the role, or the token's own account would change."""
    said: list[str] = []
    numbers: dict[str, int] = {}
    blocked = False
    rule = facts.settings.lockout
    if rule is not None and holders is not None:
        left = sum(1 for roles in holders.after.values() if rule.role in roles)
        role = facts.context.app.roles.get(rule.role)
        said.append(f"{left} active holders of {role.displayName if role else rule.role} would be left, "
                    f"at least {rule.minimumActive} are needed")  # fmt: skip
        numbers |= {"holders": left, "minimumActive": rule.minimumActive}
        blocked = left < rule.minimumActive
    if facts.settings.principal is not None:
        touched = [change.address for change in facts.written if _touches(facts, change, fold(facts.settings.principal))]
        said.append(f"{touched[0]} would change {facts.settings.principal}, which owns the token" if touched
                    else f"{facts.settings.principal}, which owns the token, stays as it is")  # fmt: skip
        numbers["principal"] = len(touched)
        blocked = blocked or bool(touched)
    return Safeguard(
        "lockout", verdict(blocked), "; ".join(said) or "not set", numbers,
        "no approval lifts this: give the role to more people first, and leave the token's account alone",
    )  # fmt: skip


def _touches(facts: Facts, change: Change, principal: str) -> bool:
    if change.address.startswith("User/"):
        return change.action != "create" and f"user/{principal}" in known_as(facts.context, change.address)
    leaving = facts.leaving(change)[1]
    return any(f"user/{principal}" in known_as(facts.context, member) for member in leaving)
