"""Roles that are privileged, or were before this change, which may be the one that hides it: who holds one out. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.declare.model import Role
from reconciler.declare.names import fold, is_user
from reconciler.declare.place import Place
from reconciler.declare.wording import plural
from reconciler.plan.context import PRIVILEGED, Context
from reconciler.plan.earlier import Before
from reconciler.plan.model import Caution
from reconciler.plan.roles import of_values
from reconciler.plan.warnings import listed


def limits(context: Context) -> dict[str, int]:
    """As the record keeps them, by `value`."""
    return {PRIVILEGED + fold(role.value): 1 for role in context.app.roles.values() if role.privileged}


def ended(context: Context) -> Iterator[Caution]:
    """Each role that was privileged and is not, with its line and who holds it."""
    today: Mapping[str, Role] = {fold(role.value): role for role in context.app.roles.values()}
    for value, before in context.were_privileged.items():
        role = today.get(value)
        if role is None or not role.privileged:
            place = role.place if role is not None else Place("", 0)
            yield Caution("PrivilegeEnds", _words(context, value, before, role), place.file, place.line)


def _words(context: Context, value: str, before: Before, role: Role | None) -> str:
    name = before.name or (role.displayName if role is not None else value)
    how = "no longer is: from the next apply on nobody who gains it is marked" if role else "is no longer declared"
    holders = sorted(_holders(context, value, role))
    hold = "holds" if len(holders) == 1 else "hold"
    held = f"; {plural(len(holders), 'account')} {hold} it: {listed(holders)}" if holders else "; nobody holds it"
    return f"the role {name} was privileged {before.when}, and {how}{held}"


def _holders(context: Context, value: str, role: Role | None) -> Iterator[str]:
    """By the service's own word, else by the record's, while the account is active."""
    for old, id in context.entries.ids().items():
        live = context.live.users.get(id) if is_user(old) else None
        if live is not None and live.active:
            recorded = role is not None and role.key in context.entries[old].get("roles", ())
            if recorded or value in of_values(context, live.values):
                yield context.today.get(old, old)
