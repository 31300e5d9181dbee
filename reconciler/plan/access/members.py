"""Who comes into a group and who leaves it: a change of a group in, one row a member out. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.declare.names import fold, group_address, is_user, name_of, row_key, user_address
from reconciler.declare.place import Place
from reconciler.plan.access.given import Given
from reconciler.plan.access.lasting import group_end
from reconciler.plan.access.lost import Gave, Lost
from reconciler.plan.change import Action, Change
from reconciler.plan.context import UNKNOWN, UNKNOWN_GROUP, Context
from reconciler.plan.membership import group_members, recorded_members
from reconciler.plan.model import Access


def members(given: Given, lost: Lost, change: Change, privileged: bool) -> Iterator[Access]:
    """Nobody's accounts are told by their names on the service."""
    group, context = name_of(change.address), given.context
    gave = context.giving.get(fold(group), set()).union((context.known(change.address) or {}).get("roles", ()))
    ends = group_end(given, group)
    why = _why(given, group)
    ended = lost.of_group(group) or Gave("", Place(change.file, change.line))
    recorded = recorded_members(context, context.known(change.address))
    leaving = sorted(group_members(context, change)[1]) if change.action == Action.DELETE else change.remove
    for member, gains in (*((m, True) for m in change.add), *((m, False) for m in leaving)):
        through = given.through(member, fold(group)) if gains and fold(group) in given.groups else ""
        inner = through.partition(" > ")[2]
        person = _called(context, member)
        keeps = "" if gains else lost.kept(person, gave) or lost.kept(person)
        name = _name(context, person)
        if gains:
            until, then = ends
            yield Access(person, name, True, "group", group, privileged, inner, change.file, change.line, until, why, keeps, then)
        else:
            at = (ended.place.file, ended.place.line)
            row = Access(person, name, False, "group", group, privileged, inner, *at, None, ended.reason, keeps, "", ended.commit)
            yield row._replace(gave=person in recorded)


def everybody(given: Given, address: str, place: Place, privileged: bool) -> Access:
    """The membership of everybody in a group that is declared at a place."""
    group = name_of(address)
    until, then = group_end(given, group)
    at = (place.file, place.line)
    return Access(address, "", True, "group", group, privileged, "", *at, until, _why(given, group), "", then)


def _why(given: Given, group: str) -> str:
    """The reason of the group's assignment, the first where several have one."""
    return next((item.reason for item in given.of_groups if item.group == fold(group) and item.reason), "") or ""


def _called(context: Context, member: str) -> str:
    """Who is nobody's stands in a change by id, which tells a reader nothing."""
    if not member.startswith(UNKNOWN):
        return member
    inside = context.live.groups.get(member.removeprefix(UNKNOWN_GROUP)) if member.startswith(UNKNOWN_GROUP) else None
    account = context.account(member)
    return group_address(inside.name) if inside is not None else user_address(account.name) if account is not None else member


def _name(context: Context, address: str) -> str:
    row = context.resolution.declarations.users.index.get(row_key(address))
    return context.called(address, row, context.account(address)) if is_user(address) else ""
