"""What the service was told already and keeps otherwise: it is outstanding or ignored, and not told again. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.plan import membership
from reconciler.plan.context import Context
from reconciler.plan.diff import ignored
from reconciler.plan.findings import Findings
from reconciler.plan.live import LiveObject
from reconciler.plan.outstanding import (
    ABSENT,
    INACTIVE,
    LACKING,
    MEMBER,
    ROLE,
    Outstanding,
    given_and_lacking,
    still_active,
    taken_and_there,
)
from reconciler.plan.roles_staying import staying
from reconciler.record.entries import Entry
from reconciler.resolve.mapping import Slot
from reconciler.resolve.model import Desired, DesiredGroup, DesiredUser

UNREADABLE = (
    "shows nobody although members were put in, so they are taken from the record: set in the profile whether the service shows "
    "members, `groups: {membersReadable: true}`, or never does, `false`"
)


def not_taken(context: Context, item: Desired, live: LiveObject, applied: Entry | None, findings: Findings) -> None:
    """What the service was told already and keeps otherwise; it is not told again."""
    mapping, address = context.resolution.mapping(item.address), item.address
    have = context.have(item.address, live)
    for number in ignored(mapping, item.values, have, applied):
        slot, want, shown = mapping.slots[number], item.values[number], have[number]
        if slot.target == "active" and shown is not None:
            findings.outstanding += still_active(address, applied, live) if want is False else [Outstanding(INACTIVE, address)]
        elif slot.carries_roles and (left := list(_roles_left(context, slot, address, want, shown))):
            findings.outstanding += left
        else:
            (findings.ignored if want is not None else findings.uncleared).setdefault(slot.target, []).append(address)
    if isinstance(item, DesiredUser):
        findings.outstanding += staying(context, item, live)
    if isinstance(item, DesiredGroup):
        entry = context.entry(address)
        still_in = sorted(membership.still_in(context, item, live, entry))
        findings.outstanding += [Outstanding(MEMBER, address, member) for member in still_in]
        _told_to_add(context, item, live, findings)


def _roles_left(context: Context, slot: Slot, address: str, want: Any, shown: Any) -> Iterator[Outstanding]:
    """Roles that were to go and are there, and that were to come and are not, where the service shows roles at all.

    Of the one role that an account has, the one that stayed says as well that the other did not come.
    """
    kept = [] if slot.add_only else taken_and_there(shown, want, shown)
    if kept:
        yield Outstanding(ROLE, address, slot.target, ", ".join(kept))
    lacking = given_and_lacking(want, shown) if isinstance(want, list) or not kept else []
    if lacking and slot.target in context.shown_roles:
        yield Outstanding(LACKING, address, slot.target, ", ".join(lacking))


def _told_to_add(context: Context, group: DesiredGroup, live: LiveObject, findings: Findings) -> None:
    """Whom we put into a group that does not show them. One that shows nobody may never do so, where no other does."""
    missing = sorted(membership.missing(context, group, live, context.entry(group.address)))
    if missing and not live.members and not _shows_members(context):
        findings.left("MembersNotShown", UNREADABLE, group.address)
    else:
        findings.outstanding += [Outstanding(ABSENT, group.address, member) for member in missing]


def _shows_members(context: Context) -> bool:
    """Whether the service shows of any group who is inside, or is said to."""
    return context.able.members is True or any(group.members for group in context.live.groups.values())
