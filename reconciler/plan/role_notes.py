"""What a plan says of roles over an API beside SCIM: unknown, as last seen, those that stay. Context in, words out. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator

from reconciler.declare.model import App
from reconciler.declare.names import fold
from reconciler.declare.place import Place
from reconciler.declare.warned import Warned
from reconciler.declare.wording import plural
from reconciler.plan.context import Context
from reconciler.plan.model import Caution
from reconciler.plan.role_table import RoleTable, read
from reconciler.plan.roles import having
from reconciler.plan.roles_beside import is_beside, staying
from reconciler.plan.warnings import listed
from reconciler.rolesources.model import Edit


def cautions(context: Context) -> Iterator[Caution]:
    """That nobody's roles are known."""
    api = context.app.role_api
    if api is not None and context.live.roles.why:
        words = f"roles are not known, and nothing is planned of them: {context.live.roles.why}"
        yield Caution("RolesUnknown", words, api.place.file, api.place.line)


def warnings(context: Context) -> Iterator[Warned]:
    """Of accounts whose roles are not known, were not read now, or stay although nothing here gave them."""
    if not is_beside(context.resolution.user_mapping):
        return
    yield from _unknown(context)
    yield from _as_last_seen(context)
    if context.live.roles.silent:
        yield Warned("RoleEditsUnknown", f"who edited roles is not known: {context.live.roles.silent}")
    if context.live.roles.partly:
        yield Warned(
            "RoleEditsUnknown",
            f"others' edits of roles are not known, or not all of them: {context.live.roles.partly}; whoever was edited so is as "
            "last seen, until `--refresh roles` reads everybody's or it is their turn",
        )
    yield from (
        Warned("PrivilegeNotDeclared", f"{at.file}:{at.line}: {words}")
        for at, words in undeclared(context.app, context.live.roles.table, context.privileged)
    )
    yield from _redefined(context)
    yield from _staying(context)
    yield from _nothing_there(context)


def _nothing_there(context: Context) -> Iterator[Warned]:
    """Roles that somebody is to have, and that are nothing on the service."""
    given = {role.key for user in context.resolution.users.values() for role in user.roles}
    for role in context.app.roles.values():
        if role.grant is None and role.key in given:
            yield Warned(
                "RoleWithoutGrant",
                f"{role.displayName} is assigned, and gives nothing on the service: it has no `thousandeyes` "
                f"({role.place.file}:{role.place.line})",
            )


def _redefined(context: Context) -> Iterator[Warned]:
    """Of privileged roles, and of the one that lockout counts: whoever was given it loses what it was."""
    rule, table = context.app.safeguards.lockout, context.live.roles.table
    for key in sorted(context.privileged.union([rule.role] if rule is not None else [])):
        was = [item["display"] for item in table.items(table.then([key])) or ()]
        role = context.app.roles.get(key)
        if was and role is not None and role.grant is not None:
            at = f"{role.grant.place.file}:{role.grant.place.line}"
            words = f"{role.displayName} is something else there from now on ({at}): when last given it was {listed(was)}"
            yield Warned("RoleRedefined", words)


def _unknown(context: Context) -> Iterator[Warned]:
    users = context.resolution.users
    unknown = context.live.roles.unknown
    found = [a for a, live in context.matching.live.items() if a in users and live.id in unknown]
    if found:
        why = unknown[context.matching.live[found[0]].id]
        whose = plural(len(found), "account")
        words = f"the roles of {whose} are not known, and nothing is planned of them: {listed(found)}; {why}"
        yield Warned("RolesOfSomeUnknown", words)


def _as_last_seen(context: Context) -> Iterator[Warned]:
    roles = context.live.roles
    if roles.as_of:
        whose = plural(len(roles.as_of), "account")
        times = [at for id, at in roles.as_of.items() if roles.table.is_privileged(read(roles.seen[id]["held"]))]
        held = f", of {len(times)} with a privileged role on {min(times)[:10]} or later" if times else ""
        oldest = min(roles.as_of.values())[:10]
        words = f"the roles of {whose} are as last seen, some on {oldest}{held}; `--refresh roles` reads everybody's now"
        yield Warned("RolesAsLastSeen", words)


def _staying(context: Context) -> Iterator[Warned]:
    held: dict[tuple[str, str], list[str]] = defaultdict(list)
    mapping, users = context.resolution.user_mapping, context.resolution.users
    for address, live in context.matching.live.items():
        if address in users and context.live.roles.knows(live.id):
            want, entry = users[address].values[-1], context.known(address)
            for item in staying(mapping, context.live, live, want, entry):
                held[item["display"], item["value"]].append(address)
    edits = {address: context.live.roles.edits.get(live.id) for address, live in context.matching.live.items()}
    for (text, value), addresses in sorted(held.items()):
        harms = fold(value) in context.privileged_then or not context.privileged.isdisjoint(having(context, {fold(value): value}))
        mark = " (privileged)" if harms else ""
        whose = plural(len(addresses), "account")
        told = listed([_with_author(address, edits[address]) for address in addresses])
        yield Warned(
            "RoleNotGivenHere",
            f"{text}{mark} stays on {whose}, since nothing here gave it: {told}; assign it, "
            "take it away there, or set `assertive: true` in roles.yaml",
        )


def undeclared(app: App, table: RoleTable, privileged: Container[str]) -> Iterator[tuple[Place, str]]:
    """Each role by which others are managed on the service and that is not said to be privileged, at its line."""
    managing = {role.id for role in table.catalog.roles if role.managing}
    for key, role in app.roles.items():
        given = table.given.get(key)
        if (
            role.grant is not None
            and given is not None
            and key not in privileged
            and any(g.role in managing for g in given.grants)
        ):
            words = f"{role.displayName} is {role.grant.role} there, by which others are managed: say `privileged: true` of it"
            yield role.grant.place, words


def _with_author(address: str, edit: Edit | None) -> str:
    return f"{address} ({by_whom(edit)})" if edit is not None else address


def by_whom(edit: Edit) -> str:
    """`edited by Boss (boss@example.net) on 2026-06-01 from 192.0.2.7`, as far as the log says it."""
    return f"edited by {edit.by or 'somebody'} on {edit.at[:10]}" + (f" from {edit.address}" if edit.address else "")
