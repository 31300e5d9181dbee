"""lockout: enough active holders of a role are left, and the account that owns the token stays as it is. Pure."""

from __future__ import annotations

from reconciler.declare.names import fold, fold_all, is_user, name_of
from reconciler.declare.settings import Lockout
from reconciler.declare.warned import Warned
from reconciler.declare.wording import plural
from reconciler.plan.change import Action, Change
from reconciler.plan.safeguards.facts import Facts
from reconciler.plan.safeguards.holders import Holders
from reconciler.plan.safeguards.model import Safeguard, verdict
from reconciler.plan.safeguards.protected import known_as
from reconciler.plan.safeguards.redefined import Then


def lockout(facts: Facts, holders: Holders | None) -> Safeguard:
    """Blocks where fewer than `minimumActive` would hold the role, or the token's own account would change.

    Where somebody loses the role, those who are to gain it are no holders yet: the service may refuse them.
    """
    said: list[str] = []
    numbers: dict[str, int] = {}
    counted: frozenset[str] = frozenset()
    blocked = False
    rule = facts.settings.lockout
    if rule is not None and holders is not None:
        numbers = _counted(rule, holders)
        blocked = _relied_on(numbers) < rule.minimumActive
        said.append(_left(facts, rule, numbers))
        counted = facts.taking(holders.losing(rule.role)) if blocked else counted
        then = Then(facts, rule.role)
        of_then = _numbers(rule, *then.standing())
        if then.was and _relied_on(of_then) < rule.minimumActive:
            numbers, counted, blocked = of_then, counted | facts.taking(then.losing), True
            said.append(_left(facts, rule, numbers, f", as it was when last given ({then.words}),"))
    if facts.settings.principal is not None:
        touched = [change.address for change in facts.written if _touches(facts, change, fold(facts.settings.principal))]
        said.append(
            f"{touched[0]} would change {facts.settings.principal}, which owns the token"
            if touched
            else f"{facts.settings.principal}, which owns the token, stays as it is"
        )
        numbers["principal"] = len(touched)
        blocked, counted = blocked or bool(touched), counted.union(touched)
    return Safeguard(
        "lockout",
        verdict(blocked),
        "; ".join(said) or "not set",
        numbers,
        "no approval lifts this: give the role to more people first, in an apply of its own, and leave the token's account alone",
        warnings=_unknown(facts),
        counted=counted,
    )


def _unknown(facts: Facts) -> tuple[Warned, ...]:
    """A name that nobody bears keeps no account as it is: a slip should not go unseen."""
    principal, context = facts.settings.principal, facts.context
    if principal is None or fold(principal) in context.resolution.declarations.users:
        return ()
    there = [account.name for account in context.live.users.values()] + [name_of(address) for address in context.entries]
    if fold(principal) in fold_all(there):
        return ()
    words = f"adminCredentials.principal is {principal}, whom neither declaration nor service knows: no account is kept"
    return (Warned("UnknownPrincipal", words),)


def _counted(rule: Lockout, holders: Holders) -> dict[str, int]:
    """`now` and `holders` are the active holders before and after, `certain` those who are there already and stay."""
    now, certain = holders.standing(rule.role)
    return _numbers(rule, now, certain, holders.left(rule.role))


def _numbers(rule: Lockout, now: int, certain: int, left: int) -> dict[str, int]:
    return {"now": now, "certain": certain, "holders": left, "minimumActive": rule.minimumActive}


def _relied_on(numbers: dict[str, int]) -> int:
    """Gains count as long as nobody loses the role."""
    return numbers["certain"] if numbers["certain"] < numbers["now"] else numbers["holders"]


def _left(facts: Facts, rule: Lockout, numbers: dict[str, int], then: str = "") -> str:
    role, certain, left = facts.context.app.roles.get(rule.role), numbers["certain"], numbers["holders"]
    gaining = f", {certain} of them without what the plan gives" if certain < left else ""
    return (
        f"{plural(left, 'active holder')} of {role.displayName if role else rule.role}{then} would be left{gaining}, "
        f"at least {rule.minimumActive} {'is' if rule.minimumActive == 1 else 'are'} needed"
    )


def _touches(facts: Facts, change: Change, principal: str) -> bool:
    if is_user(change.address):
        return change.action != Action.CREATE and f"user/{principal}" in known_as(facts.context, change.address)
    leaving = facts.leaving(change)[1]
    return any(f"user/{principal}" in known_as(facts.context, member) for member in leaving)
