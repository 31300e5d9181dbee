"""A group that is replaced whole, by a service without PATCH: who is known to be inside in, an error for a loss. Pure.

A PUT takes out whoever it does not hold, and a service may show nobody, or only some of those who are in a group.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.apply.model import Failed
from reconciler.plan.live import members_of
from reconciler.plan.warnings import listed

Resource = dict[str, Any]
REMEDY = "change the group there by hand, or let the token see all members"
HIDDEN = f"the service does not support PATCH, and does not show the members that a PUT must hold: {REMEDY}"


def refuse_loss(group: Resource, readable: bool | str, inside: Mapping[str, str], unseen: Mapping[str, str]) -> None:
    """`inside` are those who are known to be in there, id -> address, `unseen` those who were put in and have not been shown.

    Raises Failed.
    """
    members = members_of(group)
    if not readable or (members is None and inside):
        raise Failed("failed", HIDDEN)
    shown = {*members.users, *members.groups} if members is not None else set()
    hidden = {id: address for id, address in {**inside, **unseen}.items() if id not in shown}
    if hidden:
        who = listed(hidden.values())
        raise Failed(
            "failed",
            f"the service does not support PATCH, and does not show {who} in the group, whom a PUT could take out: {REMEDY}",
        )
