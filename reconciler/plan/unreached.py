"""What nothing takes away since a setting forbids it: context in, who keeps which account, role or group out. Pure.

Mappings that stop carrying something are in `unmapped`. Here are `active` that is mapped no more, `targetObjectActions` that lack
`update` or `delete`, and scoping filters that leave out a group which stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from reconciler.declare.names import fold, is_group, is_user, name_of
from reconciler.declare.place import Place
from reconciler.plan.change import Action
from reconciler.plan.context import Context
from reconciler.plan.membership import known_members, members
from reconciler.plan.model import Caution, Kept
from reconciler.plan.removed import KEPT as NEVER_TAKEN
from reconciler.plan.removed_groups import keeps
from reconciler.plan.roles import privileged_groups
from reconciler.plan.safeguards.facts import lost_roles
from reconciler.plan.safeguards.loosened import ACTIVE, PREFIX, loosened
from reconciler.plan.unmapped import MEMBERS, who

ACCOUNT, ROLES = "account", "roles"
UPDATES, DELETES = f"{PREFIX}users.update", f"{PREFIX}users.delete"
GROUP_UPDATES, GROUP_DELETES = f"{PREFIX}groups.update", f"{PREFIX}groups.delete"
REMEDY = "from now on nothing takes it away: say it as before, or take it away first, in a change of its own"


class Unreached(NamedTuple):
    """What somebody keeps, and the setting by which that is so."""

    setting: str
    place: Place | None
    kept: Kept


def unreached(context: Context) -> tuple[Unreached, ...]:
    """Of settings that did not hold when last applied; privileged things first."""
    fresh = {item.name: item for item in loosened(context.app) if item.name not in context.limits} if context.limits else {}
    if context.able.inactive == "ignored":  # the profile says so, and that is told elsewhere
        fresh.pop(ACTIVE, None)
    found = [*_of_filter(context)]
    for name, whom in ((ACTIVE, _leavers), (UPDATES, _leavers), (UPDATES, _losers), (DELETES, _leavers)):
        if name in fresh:
            found += [Unreached(fresh[name].words, fresh[name].place, kept) for kept in whom(context, name)]
    for name, inside in ((GROUP_UPDATES, _leaving), (GROUP_DELETES, _of_removed)):
        if name in fresh:
            found += [Unreached(fresh[name].words, fresh[name].place, kept) for kept in inside(context)]
    return tuple(sorted(dict.fromkeys(found), key=lambda item: (not item.kept.privileged, item.kept, item.setting)))


def cautions(context: Context, found: tuple[Unreached, ...]) -> Iterator[Caution]:
    """One a setting."""
    by_setting: dict[tuple[str, Place | None], list[Kept]] = defaultdict(list)
    for item in found:
        by_setting[item.setting, item.place].append(item.kept)
    for (words, place), items in by_setting.items():
        at = (place.file, place.line) if place is not None else ()
        yield Caution("NoLongerTaken", f"{words}; {who(items)}; {REMEDY}", *at)


def _leavers(context: Context, setting: str) -> Iterator[Kept]:
    """Accounts out of scope that stay active, and would go without that setting."""
    rules = context.app.deprovisioning
    for old, skip in context.unwanted.items():
        account = context.account(old) if is_user(old) and old not in context.pending else None
        if account is None or not account.active or (skip is not None and skip.code in NEVER_TAKEN):
            continue
        rule = rules.outOfScope if skip else rules.removedFromDirectory
        if rule != "retain" and (rule == "delete") == (setting == DELETES):
            roles = context.entries[old].get("roles", ())
            privileged = not context.privileged.isdisjoint(roles)
            yield Kept(context.today.get(old, old), ACCOUNT, "an account", privileged)


def _losers(context: Context, setting: str) -> Iterator[Kept]:
    """People in scope with roles that nothing gives any more."""
    for address in context.resolution.users if context.carrying else ():
        live = context.matching.live.get(address)
        for key in sorted(lost_roles(context, address)) if live is not None and live.active else ():
            role = context.app.roles.get(key)
            yield Kept(address, ROLES, role.value if role else key, key in context.privileged)


def _leaving(context: Context) -> Iterator[Kept]:
    """Members whom nothing puts into a group any more."""
    for address, group in context.resolution.groups.items():
        live = context.matching.live.get(address)
        if live is not None:
            yield from _inside(context, address, members(context, group, live, context.entry(address))[1])


def _of_removed(context: Context) -> Iterator[Kept]:
    """Members of groups that were ours to delete, and stay."""
    rules = context.app.deprovisioning
    for old, skip in context.unwanted.items():
        rule = rules.outOfScope if skip else rules.removedFromDirectory
        expired = skip is not None and skip.code == "AssignmentExpired"
        if is_group(old) and rule in ("disable", "delete") and context.entries[old].get("created") and not expired:
            yield from _stay(context, old)


def _of_filter(context: Context) -> Iterator[Unreached]:
    """Members of groups that a scoping filter leaves out, and that stay: told once, until an apply has left them so."""
    filters = context.app.groups.scopingFilters
    place = next((clause.place for item in filters for clause in item.clauses), context.app.groups.place)
    for old, skip in context.unwanted.items():
        if is_group(old) and skip is not None and skip.code == "OutOfScopingFilter" and "retained" not in context.entries[old]:
            words = f"the scoping filter leaves out {old}, which stays on the service"
            yield from (Unreached(words, place, kept) for kept in _stay(context, old))


def _stay(context: Context, old: str) -> Iterator[Kept]:
    """Who is in a group of the record that this plan neither deletes nor empties."""
    entry, change = context.entries[old], context.pending.get(old)
    live = context.live.groups.get(entry["id"])
    if live is None or (change is not None and (change.action == Action.DELETE or change.remove)):
        return
    yield from _inside(context, old, known_members(context, live, entry))


def _inside(context: Context, group: str, people: tuple[str, ...] | set[str]) -> Iterator[Kept]:
    privileged = fold(group) in privileged_groups(context)
    for member in sorted(people):
        if is_user(member) and keeps(context, member):
            yield Kept(member, MEMBERS, name_of(group), privileged)
