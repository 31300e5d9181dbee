"""protected: accounts that are never disabled, deleted or stripped of a role. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.declare.model import fold
from reconciler.plan.context import Context
from reconciler.plan.safeguards.facts import Facts, losses
from reconciler.plan.safeguards.model import Safeguard, some, verdict


def protected(facts: Facts) -> Safeguard:
    """Blocks where a protected account loses something; by today's declaration, or by that of the last apply."""
    names = {fold(address) for address in [*declared(facts.context), *facts.record.protected]}
    harmed = sorted(a for a in facts.losses if names & known_as(facts.context, a))
    what = {"disable": "disabled", "delete": "deleted", "roles": "stripped of a role"}
    told = some([f"{address} would be {what[facts.losses[address]]}" for address in harmed])
    return Safeguard(
        "protected", verdict(bool(harmed)), told or (f"{len(names)} accounts" if names else "no account is protected"),
        {"protected": len(names), "harmed": len(harmed)} if names else {},
        "no approval lifts this: restore the account's declaration; to end the protection, remove it in a change of its own, "
        "and apply that first",
    )  # fmt: skip


def declared(context: Context) -> list[str]:
    """The addresses that app.yaml protects, today's name where a user was renamed from a protected one."""
    users = context.resolution.declarations.users
    names = {fold(name): name for name in context.app.safeguards.protected}
    found = [f"User/{name}" for name in names.values()]
    if all(name in users for name in names):
        return found
    for row, earlier in enumerate(users.column("previously")):
        if any(fold(str(name)) in names for name in earlier or ()):
            found.append(f"User/{users.columns['userPrincipalName'][row]}")
    return found


def known_as(context: Context, address: str) -> set[str]:
    """Every folded address that an account goes by: today's, the record's, and its name on the service."""
    old = context.matching.recorded.get(address, address)
    live = context.account(address)
    names = {fold(address), fold(old), fold(context.today.get(old, address))}
    return names | ({fold(f"User/{live.name}")} if live else set())


def outliving(facts: Facts, whole: bool) -> list[str]:
    """What the record protects after an apply: the declared, and those whose protection has not outlived its removal yet.

    That is all of them after an apply of a part (`whole` is false), and those that some change still waiting would harm.
    """
    context = facts.context
    today = {fold(old): new for old, new in context.today.items() if old != new}
    waiting = _names(context, losses(context, facts.everything))
    failed = _names(context, context.matching.failed)
    kept = [a for a in facts.record.protected if not whole or fold(a) in waiting or fold(a) in failed]
    return sorted({today.get(fold(address), address) for address in [*declared(context), *kept]})


def _names(context: Context, addresses: Iterable[str]) -> set[str]:
    return {name for address in addresses for name in known_as(context, address)}
