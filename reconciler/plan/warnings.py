"""What a plan says once of its service's limits and of roles: desired and live in, warnings out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.declare.names import fold, is_user
from reconciler.declare.warned import Warned
from reconciler.declare.wording import plural
from reconciler.plan.change import Action, Change
from reconciler.plan.context import Context
from reconciler.plan.diff import in_address_space, same
from reconciler.plan.membership import groups_inside, recorded_members
from reconciler.plan.role_names import going
from reconciler.resolve.canonical import key_of
from reconciler.resolve.capabilities import is_confirmed
from reconciler.resolve.expressions.language import IGNORE
from reconciler.resolve.mapping import Slot

NAMED = 10
BY_HAND = "; it is not sent: change it there by hand, and have the person confirm it, without which they cannot sign in"


def of_mappings(context: Context) -> Iterator[Warned]:
    """Of mappings that have no effect on this service, whoever they are for."""
    yield from context.resolution.limited.warnings


def of_declared(context: Context, differ: Mapping[str, list[str]]) -> Iterator[Warned]:
    """Of the users who are desired, which this declaration may have brought; `differ` is what `fixed` found."""
    yield from _fixed(context, differ)
    yield from _known_by_email(context)
    yield from _several_roles(context)


def of_service(context: Context) -> Iterator[Warned]:
    """Of what the service takes, and of what is there: that was so before, whatever is declared now."""
    yield from _refused(context)
    yield from _groups_kept(context)
    yield from _members_unseen(context)


def ignored(context: Context, found: Mapping[str, list[str]]) -> Iterator[Warned]:
    """Of attributes that the service was told and keeps otherwise; `found` are addresses by target."""
    for target, addresses in sorted(found.items()):
        yield Warned(
            "ValueNotKept",
            f"{context.able.service} accepted {target} but stores another value, of {plural(len(addresses), 'object')}: "
            f"{listed(addresses)}; map the value that it keeps, or set `ignoreDrift: true` on the mapping",
        )


def uncleared(context: Context, found: Mapping[str, list[str]]) -> Iterator[Warned]:
    """Of attributes that the service was told to clear, and still shows; `found` are addresses by target."""
    for target, addresses in sorted(found.items()):
        yield Warned(
            "ValueNotCleared",
            f"{context.able.service} still shows {target}, which the declaration clears, of {plural(len(addresses), 'object')}: "
            f"{listed(addresses)}; clear it there by hand, or set `onNull: keep` or `ignoreDrift: true` on the mapping",
        )


def listed(addresses: Iterable[str], most: int = NAMED) -> str:
    """The first few of them, and how many more there are."""
    names = sorted(addresses)
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _fixed(context: Context, differ: Mapping[str, list[str]]) -> Iterator[Warned]:
    for target, found in differ.items():
        yield Warned(
            "CannotChange",
            f"{context.able.service} cannot change {target} once an account is there; it differs for {listed(found)}"
            + (BY_HAND if is_confirmed(context.able, target) else ""),
        )


def to_confirm(context: Context, changes: Iterable[Change]) -> Iterator[Warned]:
    """Of changed values that hold only once the person has confirmed them there."""
    found: dict[str, list[str]] = {}
    for change in changes if context.able.confirmed else ():
        for item in change.attributes if change.action == Action.UPDATE else ():
            if is_user(change.address) and item.after and is_confirmed(context.able, item.path):
                found.setdefault(item.path, []).append(change.address)
    for target, addresses in sorted(found.items()):
        words = f"{context.able.service} asks the person to confirm a new {target} before they can sign in: {listed(addresses)}"
        yield Warned("MustConfirm", words)


def refused(context: Context) -> dict[str, list[str]]:
    """Addresses by attribute that the service takes no change of, as an apply has found, where it has another value."""
    differ: dict[str, list[str]] = {}
    for mapping, desired in (
        (context.resolution.user_mapping, context.resolution.users),
        (context.resolution.group_mapping, context.resolution.groups),
    ):
        for number in mapping.refused:
            slot = mapping.slots[number]
            for address, item in desired.items():
                live = context.matching.live.get(address)
                have = in_address_space(mapping, live.values, context.matching.addresses)[number] if live is not None else None
                if live is not None and _differs(slot, item.values[number], have):
                    differ.setdefault(slot.target, []).append(address)
    return differ


def _refused(context: Context) -> Iterator[Warned]:
    for target, found in sorted(refused(context).items()):
        yield Warned(
            "ChangeRefused",
            f"{target} is ignored by {context.able.service}, which refused every form of a change in an earlier apply; it "
            f"differs for {listed(found)}, and is tried again once the profile or the mapping changes",
        )


def fixed(context: Context) -> dict[str, list[str]]:
    """Addresses by attribute that the service takes at creation alone, where an account has another value now."""
    slots, differ = context.resolution.user_mapping.slots, {}
    for number in [i for i, slot in enumerate(slots) if slot.target in context.resolution.limited.fixed]:
        slot = slots[number]
        found = [
            address
            for address, live in context.matching.live.items()
            if address in context.resolution.users
            and _differs(slot, context.resolution.users[address].values[number], live.values[number])
        ]
        if found:
            differ[slot.target] = found
    return differ


def _differs(slot: Slot, want: Any, have: Any) -> bool:
    return want is not None and want is not IGNORE and not same(slot, want, have)


def _known_by_email(context: Context) -> Iterator[Warned]:
    """Where an e-mail is the identity, userName is what the service makes of it."""
    slots, able = context.resolution.user_mapping.slots, context.able
    if able.identity != "emails":
        return
    names = [i for i, slot in enumerate(slots) if slot.target.lower() == "username"]
    mails = [i for i, slot in enumerate(slots) if slot.path.attribute.lower() == "emails" and slot.path.sub == "value"]
    if names and mails:
        found = [
            user.address
            for user in context.resolution.users.values()
            if isinstance(mail := user.values[mails[0]], str) and fold(mail) != fold(str(user.values[names[0]]))
        ]
        if found:
            yield Warned(
                "KnownByEmail",
                f"{able.service} knows an account by its e-mail, not by userName; they differ for {listed(found)}: "
                "map userName from mail",
            )


def _several_roles(context: Context) -> Iterator[Warned]:
    """SingleAppRoleAssignment gives the first role in the order of roles.yaml, so the others are lost."""
    for slot in context.resolution.user_mapping.slots:
        if slot.expression is not None and "SingleAppRoleAssignment" in slot.expression.functions:
            held = [user for user in context.resolution.users.values() if len(user.roles) > 1]
            names = [f"{user.address} ({user.roles[0].displayName})" for user in held]
            if names:
                yield Warned(
                    "OneRoleOfSeveral",
                    f"{slot.target} takes one role, the first in roles.yaml, but "
                    f"{len(names)} {'user holds' if len(names) == 1 else 'users hold'} several: " + listed(names),
                )


def surplus(want: Any, have: Any) -> list[str]:
    """The values of a live list that we do not want."""
    if want == have or not isinstance(have, list) or want is IGNORE:
        return []
    wanted = {key_of(item) for item in want or ()}
    return sorted({str(item.get("value") if isinstance(item, dict) else item) for item in have if key_of(item) not in wanted})


def roles_removed(slot: Slot, want: Any, have: Any) -> list[str]:
    """The roles that an assertive mapping takes away from an account."""
    return surplus(want, going(have, want)) if slot.assertive else []


def _groups_kept(context: Context) -> Iterator[Warned]:
    """Whoever is in a group inside a group has what it gives, although no declaration says so."""
    for address, group in context.resolution.groups.items() if not context.app.groups.assertive else ():
        live = context.matching.live.get(address)
        inside = groups_inside(context, group, live) if live is not None else {}
        if inside:
            yield Warned(
                "UndeclaredMembers",
                f"{address} holds {'groups' if len(inside) > 1 else 'a group'} on the service that no declaration puts there: "
                f"{listed(inside.values())}; kept, unless the group mapping says `assertive: true`",
                address,
            )


def _members_unseen(context: Context) -> Iterator[Warned]:
    """A service that shows no members at all may have lost them: then only the record speaks."""
    found = context.matching.live
    unseen = [address for address in context.resolution.groups if address in found and found[address].members is None]
    unseen = [address for address in unseen if recorded_members(context, context.entry(address))]
    if unseen and context.able.members == "seen":
        yield Warned(
            "MembersNotShown",
            f"no group shows who is in it, so the members of {listed(unseen)} are taken from the record: set in the profile "
            "whether the service shows members, `groups: {membersReadable: true}`, or never does, `false`",
        )
