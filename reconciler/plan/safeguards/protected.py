"""protected: accounts that are never disabled, deleted, stripped of a role or given to somebody else. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.declare.names import fold, is_user, user_address
from reconciler.declare.wording import plural
from reconciler.plan.context import Context
from reconciler.plan.safeguards.facts import Extent, Facts, losses
from reconciler.plan.safeguards.model import Safeguard, some, verdict


def protected(facts: Facts) -> Safeguard:
    """Blocks where a protected account loses something or its name; by today's declaration, or by that of the last apply."""
    names = {fold(address) for address in [*declared(facts.context), *facts.record.protected]}
    harmed = sorted(a for a in facts.losses if names & known_as(facts.context, a))
    what = {"disable": "disabled", "delete": "deleted", "roles": "stripped of a role"}
    taken = sorted(_taken(facts))
    told = some(
        [
            *(f"{address} would be {what[facts.losses[address]]}" for address in harmed),
            *(f"{old} would become {new}, which is not listed" for old, new in taken),
        ]
    )
    return Safeguard(
        "protected",
        verdict(bool(harmed or taken)),
        told or _how_many(names),
        {"protected": len(names), "harmed": len(harmed) + len(taken)} if names else {},
        "no approval lifts this: restore the account's declaration; to rename it, list its new name in `protected` in the same "
        "change; to end the protection, remove it in a change of its own, and apply that first",
        counted=None if taken else facts.taking(set(harmed)),
    )


def _how_many(names: set[str]) -> str:
    return plural(len(names), "account") if names else "no account is protected"


def _taken(facts: Facts) -> Iterator[tuple[str, str]]:
    """(protected name, today's address) of each account that goes to a name that is not listed: a rename, or somebody else.

    Who may edit the directory alone decides over no protected account: its new name has to be listed too.
    """
    context = facts.context
    listed = {fold(user_address(name)) for name in context.app.safeguards.protected}
    names = listed.union(map(fold, facts.record.protected))
    written = {change.address for change in facts.written}
    chosen = {fold(address) for address in facts.only}
    for old, new in (*context.today.items(), *_adopted(facts)) if names else ():
        settles = new not in context.pending and (not chosen or fold(new) in chosen)
        if fold(old) in names and fold(new) not in listed and (new in written or settles):
            yield old, new


def _adopted(facts: Facts) -> Iterator[tuple[str, str]]:
    """Accounts that the record does not know, and that an earlier name has found: (their name, today's address)."""
    users = facts.context.resolution.declarations.users
    for change in facts.written:
        live = facts.context.matching.live.get(change.address) if change.adopts else None
        if live is not None and is_user(change.address):
            earlier = users.column("previously")[facts.context.resolution.users[change.address].row] or ()
            if fold(live.name) in {fold(str(name)) for name in earlier}:
                yield user_address(live.name), change.address


def declared(context: Context) -> list[str]:
    """The addresses that app.yaml protects, today's name where a user was renamed from a protected one."""
    users = context.resolution.declarations.users
    names = {fold(name): name for name in context.app.safeguards.protected}
    found = [user_address(name) for name in names.values()]
    if all(name in users for name in names):
        return found
    for row, earlier in enumerate(users.column("previously")):
        if any(fold(str(name)) in names for name in earlier or ()):
            found.append(user_address(users.columns["userPrincipalName"][row]))
    return found


def known_as(context: Context, address: str) -> set[str]:
    """Every folded address that an account goes by: today's, the record's, and its name on the service."""
    old = context.matching.recorded.get(address, address)
    live = context.account(address)
    names = {fold(address), fold(old), fold(context.today.get(old, address))}
    return names | ({fold(user_address(live.name))} if live else set())


def outliving(facts: Facts, extent: Extent) -> list[str]:
    """What the record protects after an apply: the declared, and those whose protection has not outlived its removal yet.

    That is all of them after an apply of a part, and those that some change still waiting would harm.
    """
    context = facts.context
    today = {fold(old): new for old, new in context.today.items() if old != new}
    waiting = _names(context, losses(context, facts.everything))
    failed = _names(context, context.matching.failed)
    kept = [a for a in facts.record.protected if extent is Extent.PART or fold(a) in waiting or fold(a) in failed]
    return sorted({today.get(fold(address), address) for address in [*declared(context), *kept]})


def _names(context: Context, addresses: Iterable[str]) -> set[str]:
    return {name for address in addresses for name in known_as(context, address)}
