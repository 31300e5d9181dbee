"""Active accounts that nobody manages: live in, what roles and managed groups they hold out, and warnings of it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from reconciler.declare.names import fold, is_group, name_of, row_key
from reconciler.declare.warned import Warned
from reconciler.plan.change import Change
from reconciler.plan.context import UNKNOWN, Context
from reconciler.plan.live import ALONE
from reconciler.plan.role_names import named
from reconciler.plan.role_table import read
from reconciler.plan.roles import having, of_values, privileged_groups
from reconciler.plan.warnings import listed

PRIVILEGED = "UnmanagedPrivileged"
TO_DO = (
    "adopt it (`import --only '#ID'`), put it out (`revoke --id ID`; `access --unmanaged` shows the id), or take it away there"
)
Roles = dict[str, frozenset[str]]  # id of an account -> keys of declared roles


def roles_of_strangers(context: Context, leaving: Mapping[str, set[str]]) -> Roles:
    """What they hold, by the service's own word or by a managed group; `leaving` are ids that leave a group, by its address.

    People whom an API of roles lists alone are among them, by their key there.
    """
    strangers = _strangers(context)
    roles = {id: having(context, of_values(context, context.live.users[id].values)) for id in strangers}
    for address, inside in _inside(context, strangers, leaving).items():
        gives = context.giving.get(row_key(address), set()).union((context.known(address) or {}).get("roles", ()))
        for id in inside:
            roles[id] |= gives
    roles |= {key: held for key, _, held in of_people_alone(context)}
    return {id: frozenset(held) for id, held in roles.items() if held}


def of_people_alone(context: Context) -> Iterator[tuple[str, str, set[str]]]:
    """(key, e-mail address, keys of declared roles) of registered people whom an API of roles lists, and SCIM does not.

    Where SCIM was not read whole, of whom the record knows an account nobody can say that.
    """
    roles = context.live.roles
    known = set() if context.live.whole else {fold(name_of(address)) for address in context.entries}
    for key, person in roles.people.items():
        if key.startswith(ALONE) and key in roles.seen and person.registered and fold(person.email) not in known:
            yield key, person.email, having(context, named(roles.table.items(read(roles.seen[key]["held"]))))


def of_strangers(context: Context, changes: Iterable[Change]) -> Iterator[Warned]:
    """A warning for each privileged role that some of them hold, and for each managed group that some of them are in."""
    leaving = {
        change.address: {member.removeprefix(UNKNOWN) for member in change.remove}
        for change in changes
        if is_group(change.address)
    }
    strangers = _strangers(context)
    by_role: dict[str, list[str]] = defaultdict(list)
    for id in strangers:
        for key in having(context, of_values(context, context.live.users[id].values)):
            by_role[key].append(context.live.users[id].name)
    for key, role in context.app.roles.items():
        if key in context.privileged and by_role.get(key):
            yield Warned(
                "UnmanagedPrivileged",
                f"{_many(by_role[key])} {role.displayName} (privileged) on the service, and nobody manages "
                f"{'it' if len(by_role[key]) == 1 else 'them'}: {listed(by_role[key])}; {TO_DO}",
            )
    yield from _alone(context)
    privileged = privileged_groups(context)
    for address, inside in sorted(_inside(context, strangers, leaving).items()):
        names = [context.live.users[id].name for id in inside]
        mark = " (privileged)" if f"group/{row_key(address)}" in privileged else ""
        yield Warned(
            "UndeclaredMembers",
            f"{address}{mark} holds {'an account' if len(names) == 1 else f'{len(names)} accounts'} that nobody manages: "
            f"{listed(names)}; kept, unless the group mapping says `assertive: true`",
            address,
        )


def _alone(context: Context) -> Iterator[Warned]:
    """Of those who hold a privileged role and whom SCIM does not list, all of it; whose token it is, is known to be so."""
    if not context.live.whole:
        return
    owner = f"({context.live.roles.owner})"
    people = [(email, held) for _, email, held in of_people_alone(context) if f"({email})" not in owner]
    for key, role in context.app.roles.items():
        names = [email for email, held in people if key in held and key in context.privileged]
        if names:
            many = (
                "1 person whom SCIM does not list holds"
                if len(names) == 1
                else f"{len(names)} people whom SCIM does not list hold"
            )
            words = f"{many} {role.displayName} (privileged): {listed(sorted(names))}; take it away there if it is not meant"
            yield Warned("UnmanagedPrivileged", words)


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
