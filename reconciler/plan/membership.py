"""Members of a group in address space: who would be added and removed, and by whose doing. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.declare.names import fold, group_address, is_user
from reconciler.plan.before_expiry import is_expired
from reconciler.plan.change import Action, Cause, Change
from reconciler.plan.context import UNKNOWN, UNKNOWN_GROUP, Context
from reconciler.plan.live import LiveObject
from reconciler.record.entries import Entry
from reconciler.resolve.model import DesiredGroup


def possible(context: Context, members: frozenset[str]) -> set[str]:
    """Members whose account exists or will."""
    wanted = set(members) - context.revoked.keys()
    if "create" in context.app.users.targetObjectActions:
        return wanted - context.matching.failed
    return {member for member in wanted if member in context.matching.live or context.as_recorded(member)}


def members(
    context: Context, group: DesiredGroup, live: LiveObject, entry: Entry | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(to add, to remove); without a word from the service the record is all that we know.

    Who was to go before, and is still there, is not told to go again: see `still_in`.
    """
    if not any(mapping.target == "members" for mapping in context.app.groups.attributes):
        return (), ()
    have = known_members(context, live, entry)
    wanted = possible(context, group.members)
    unknown = {context.today.get(address, address) for address in context.live.unknown}
    kept = (set(context.matching.refused.values()) | unknown) - context.revoked.keys()
    surplus = {member for member in have - wanted - kept if _to_go(context, group, live, member)} - stayed(context, entry)
    return tuple(sorted(wanted - have)), tuple(sorted(surplus))


def known_members(context: Context, live: LiveObject, entry: Entry | None) -> set[str]:
    """The addresses that are in a live group, as far as anybody knows, `#id` for accounts that are nobody's."""
    if live.members is None:
        return recorded_members(context, entry)
    return shown_members(context, live) | unseen(context, live, entry)


def shown_members(context: Context, live: LiveObject) -> set[str]:
    """The addresses that the service shows in a group, `#id` for accounts that are nobody's, `#Group/id` for such groups."""
    users, groups = _apart(context, live)
    return {context.matching.addresses.get(id, UNKNOWN + id) for id in users}.union(_group(context, id) for id in groups)


def _apart(context: Context, live: LiveObject) -> tuple[Sequence[str], Sequence[str]]:
    """Ids of the users and of the groups in a group; of whom a service does not say it, whoever is no user is a group."""
    members, groups, users = live.members or (), context.live.groups, context.live.users
    untold = [id for id in members if id in groups and id not in users and id not in context.matching.addresses]
    return [id for id in members if id not in untold] if untold else members, [*live.inside, *untold]


def _group(context: Context, id: str) -> str:
    return context.matching.groups.get(id, UNKNOWN_GROUP + id)


def unseen(context: Context, live: LiveObject, entry: Entry | None) -> set[str]:
    """Whom we put into a group that does not show them, of those with an account: a group may show nobody, or only some."""
    told = {context.today.get(member, member) for member in (entry or {}).get("unseen", ())}
    there = {member for member in told if context.account(member) is not None or context.as_recorded(member)}
    return there - shown_members(context, live) if told else told


def missing(context: Context, group: DesiredGroup, live: LiveObject, entry: Entry | None) -> set[str]:
    """Those of them who are wanted in there."""
    return unseen(context, live, entry) & (group.members - context.revoked.keys()) if live.members is not None else set()


def recorded_members(context: Context, entry: Entry | None) -> set[str]:
    """The members that we last wanted, by the names that they bear today."""
    return {context.today.get(member, member) for member in (entry or {}).get("members", ())}


def stayed(context: Context, entry: Entry | None) -> set[str]:
    """Whom the group did not let go when it was told to, by the names that they bear today."""
    return {context.today.get(member, member) for member in (entry or {}).get("kept", ())}


def still_in(context: Context, group: DesiredGroup, live: LiveObject, entry: Entry | None) -> set[str]:
    """Those of them who are still there, and are not wanted."""
    return stayed(context, entry) & known_members(context, live, entry) - (group.members - context.revoked.keys())


def _to_go(context: Context, group: DesiredGroup, live: LiveObject, member: str) -> bool:
    """People whom we know go; who is nobody's, and groups inside the group, only where the mapping is assertive."""
    if is_user(member):
        return True
    there = member.removeprefix(UNKNOWN) in context.live.users or member in groups_inside(context, group, live)
    return context.app.groups.assertive and there


def group_members(context: Context, change: Change) -> tuple[set[str], set[str]]:
    """(known, leaving) of a change to a live group, all of them where it is deleted.

    Members who are nobody's count only where they leave: those who stay are no measure of what is ours.
    """
    live = context.live.groups.get(change.precondition.id) if change.precondition else None
    if live is None:
        return set(), set()
    entry = context.known(change.address)
    have = known_members(context, live, entry)
    leaving = have if change.action == Action.DELETE else have & set(change.remove)
    return {member for member in have if not member.startswith(UNKNOWN)} | leaving, leaving


def groups_inside(context: Context, group: DesiredGroup, live: LiveObject) -> dict[str, str]:
    """Address -> name of the groups in a live group that no declaration puts there: members are compared as users."""
    inside = [id for id in _apart(context, live)[1] if id in context.live.groups]
    if not inside:
        return {}
    row = context.resolution.declarations.groups.column("members")[group.row] or ()
    declared = {fold(group_address(member["group"])) for member in row if not isinstance(member, str)}
    found = {_group(context, id): context.live.groups[id].name for id in inside}
    return {address: name for address, name in found.items() if fold(address) not in declared}


def causes(context: Context, add: tuple[str, ...], remove: tuple[str, ...], entry: Entry | None) -> dict[str, Cause]:
    """By member: `drift` where the record says that it was otherwise, `time` where an assignment expired, else `config`."""
    before = recorded_members(context, entry)
    why = {member: Cause.DRIFT if member in before else Cause.CONFIG for member in add}
    for member in remove:
        gone = is_expired(context.resolution.skipped.get(member), context.entry(member))
        if member not in before:
            why[member] = Cause.DRIFT if entry is not None else Cause.CONFIG
        else:
            why[member] = Cause.TIME if gone else Cause.CONFIG
    return why
