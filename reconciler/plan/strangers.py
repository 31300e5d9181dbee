"""Active accounts that nobody manages: live in, what roles and managed groups they hold out, and warnings of it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from reconciler.declare.names import is_group, row_key
from reconciler.plan.change import Change
from reconciler.plan.context import UNKNOWN, Context
from reconciler.plan.roles import keys, of_values, privileged_groups
from reconciler.plan.warnings import listed

Roles = dict[str, frozenset[str]]  # id of an account -> keys of declared roles


def roles_of_strangers(context: Context, leaving: Mapping[str, set[str]]) -> Roles:
    """What they hold, by the service's own word or by a managed group; `leaving` are ids that leave a group, by its address."""
    strangers = _strangers(context)
    roles = {id: keys(context, of_values(context, context.live.users[id].values)) for id in strangers}
    for address, inside in _inside(context, strangers, leaving).items():
        gives = context.giving.get(row_key(address), set()).union((context.known(address) or {}).get("roles", ()))
        for id in inside:
            roles[id] |= gives
    return {id: frozenset(held) for id, held in roles.items() if held}


def of_strangers(context: Context, changes: Iterable[Change]) -> Iterator[str]:
    """A warning for each privileged role that some of them hold, and for each managed group that some of them are in."""
    leaving = {
        change.address: {member.removeprefix(UNKNOWN) for member in change.remove}
        for change in changes
        if is_group(change.address)
    }
    strangers = _strangers(context)
    by_role: dict[str, list[str]] = defaultdict(list)
    for id in strangers:
        for key in keys(context, of_values(context, context.live.users[id].values)):
            by_role[key].append(context.live.users[id].name)
    for key, role in context.app.roles.items():
        if key in context.privileged and by_role.get(key):
            yield (
                f"{_many(by_role[key])} {role.displayName} (privileged) on the service, and nobody manages "
                f"{'it' if len(by_role[key]) == 1 else 'them'}: {listed(by_role[key])}; assign it, or take it away there"
            )
    privileged = privileged_groups(context)
    for address, inside in sorted(_inside(context, strangers, leaving).items()):
        names = [context.live.users[id].name for id in inside]
        mark = " (privileged)" if f"group/{row_key(address)}" in privileged else ""
        yield (
            f"{address}{mark} holds {'an account' if len(names) == 1 else f'{len(names)} accounts'} that nobody manages: "
            f"{listed(names)}; kept, unless the group mapping says `assertive: true`"
        )


def _many(names: list[str]) -> str:
    return "an active account holds" if len(names) == 1 else f"{len(names)} active accounts hold"


def _strangers(context: Context) -> list[str]:
    """Ids of active accounts that are nobody's."""
    users = context.live.users
    return sorted(id for id in users.keys() - context.matching.addresses.keys() if users[id].active)


def _inside(context: Context, strangers: Iterable[str], leaving: Mapping[str, set[str]]) -> dict[str, list[str]]:
    """Address of a managed group -> ids of those of them who are in it, and stay."""
    known = set(strangers)
    groups = context.matching.live if known else {}
    found = {
        address: sorted(known.intersection(group.members or ()) - leaving.get(address, set()))
        for address, group in groups.items()
        if is_group(address)
    }
    return {address: ids for address, ids in found.items() if ids}
