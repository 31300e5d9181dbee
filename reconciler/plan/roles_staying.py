"""Roles that stay on the service since the mapping only adds, and that must not go unseen: a live account in, findings out. Pure.

AppRoleAssignmentsComplex takes nothing away. What it leaves of everyday roles is a warning; a privileged role that nothing
assigns, and one of which the assignment expired, are outstanding until somebody takes them away, and in no warning beside.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.declare.names import fold
from reconciler.declare.warned import Warned
from reconciler.plan.context import Context
from reconciler.plan.live import LiveObject
from reconciler.plan.outstanding import STAYS, Outstanding
from reconciler.plan.role_names import named
from reconciler.plan.warnings import listed, surplus
from reconciler.resolve.expressions.language import IGNORE
from reconciler.resolve.model import DesiredUser


def staying(context: Context, user: DesiredUser, live: LiveObject) -> Iterator[Outstanding]:
    """One an attribute; `ignoreDrift` on its mapping says that it is meant so."""
    slots = context.resolution.user_mapping.slots
    for slot, want, have in zip(slots, user.values, live.values, strict=True):
        if slot.add_only and not slot.mapping.ignoreDrift and want is not IGNORE and have is not want:
            surplus = {key: text for key, text in named(have).items() if key not in named(want)}
            told = [words for key, text in sorted(surplus.items()) if (words := _words(context, user, key, text))]
            if told:
                yield Outstanding(STAYS, user.address, slot.target, ", ".join(told) + _arriving(context, user, live))


def of_everyday(context: Context) -> Iterator[Warned]:
    """A warning for each attribute that keeps roles which nothing assigns, of those that are not outstanding."""
    for number, slot in enumerate(context.resolution.user_mapping.slots):
        kept = []
        for user in context.resolution.users.values() if slot.add_only else ():
            live = context.matching.live.get(user.address)
            left = surplus(user.values[number], live.values[number]) if live is not None else []
            told = [text for text in left if slot.mapping.ignoreDrift or not _words(context, user, fold(text), text)]
            kept += [f"{user.address} ({', '.join(told)})"] if told else []
        if kept:
            yield Warned(
                "RoleStays",
                f"{slot.target}: AppRoleAssignmentsComplex only adds, so undeclared roles are kept: {listed(kept)}; "
                "AssertiveAppRoleAssignmentsComplex removes them",
            )


def _words(context: Context, user: DesiredUser, value: str, text: str) -> str:
    """Of one role; empty where a warning is enough."""
    marks = ["privileged"] if _is_privileged(context, value) else []
    marks += ["its assignment expired"] if any(fold(role.value) == value for role in user.lapsed) else []
    return f"{text}: {', '.join(marks)}" if marks else ""


def _is_privileged(context: Context, value: str) -> bool:
    declared = any(role.key in context.privileged for role in context.app.roles.values() if fold(role.value) == value)
    return declared or value in context.were_privileged


def _arriving(context: Context, user: DesiredUser, live: LiveObject) -> str:
    """By a plan that lets somebody in again, or takes an account over, the role comes back to life, or under our name."""
    if not live.active:
        return "; enabled by this plan"
    return "; adopted by this plan" if user.address in context.matching.how else ""
