"""What nothing carries any more: app and record in, who keeps which roles and groups unmanaged from now on out. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from reconciler.declare.mapping_model import ObjectMapping
from reconciler.declare.model import App
from reconciler.declare.names import fold, is_user, name_of
from reconciler.declare.place import Problem
from reconciler.declare.wording import plural
from reconciler.plan.context import Context
from reconciler.plan.model import Caution, Kept, ObjectError
from reconciler.plan.role_names import named
from reconciler.plan.roles import privileged_groups
from reconciler.plan.warnings import listed
from reconciler.record.entries import Entries
from reconciler.record.model import Record
from reconciler.resolve.mapping import compile_mapping

MEMBERS = "members"
ANEW = "map {target} again, or take it away first, in a change of its own"
BY_HAND = "map {target} again, or take it from them on the service, and run `reconcile record forget` on them"


def unmapped(app: App, carried: Iterable[str], entries: Entries) -> list[str]:
    """The targets that carried roles, and `members`, of which the mappings say nothing any more."""
    managed = {_root(target) for target in _managed(app.users)}
    gone = sorted(target for target in carried if target != MEMBERS and _root(target) not in managed)
    lost = MEMBERS not in _managed(app.groups) and any(entries[group].get("members") for group in entries.groups())
    return [*gone, MEMBERS] if lost else gone


def unmapped_since(app: App, before: App) -> list[str]:
    """The same by what the mappings said before. Raises ExpressionError or PathError where that cannot be compiled."""
    carried = compile_mapping(before.users)
    roles = {carried.slots[number].target for number in carried.updates if carried.slots[number].carries_roles}
    lost = MEMBERS in _managed(before.groups) - _managed(app.groups)
    return [*unmapped(app, roles, Entries()), *([MEMBERS] if lost else [])]


def _managed(mapping: ObjectMapping) -> set[str]:
    """The targets that an update writes."""
    written = (item for item in mapping.attributes if item.apply == "always" and item.kind != "none")
    return {item.target.lower() for item in written} if mapping.enabled else set()


def _root(target: str) -> str:
    """The attribute of a path, with its schema: another filter or sub-attribute still carries it."""
    schema, colon, name = target.lower().partition("[")[0].rpartition(":")
    return schema + colon + name.partition(".")[0]


def kept(context: Context) -> tuple[Kept, ...]:
    """Who has what from a target that nothing carries any more, privileged things first; people who are out have nothing."""
    targets = unmapped(context.app, context.carried | context.unmapped, context.entries)
    found = [*_roles(context, [target for target in targets if target != MEMBERS])]
    found += _members(context) if MEMBERS in targets else []
    return tuple(sorted(found, key=lambda item: (not item.privileged, item.address, item.target, item.what)))


def _roles(context: Context, targets: list[str]) -> Iterator[Kept]:
    privileged = {fold(role.value) for role in context.app.roles.values() if role.key in context.privileged}
    privileged.update(context.were_privileged)
    for old, id in context.entries.ids().items() if targets else ():
        account = context.live.users.get(id) if is_user(old) else None
        if account is not None and account.active and old not in context.unwanted:
            wanted = context.entries[old].get("wanted", {})
            for target in targets:
                for key, text in named(wanted.get(target)).items():
                    yield Kept(context.today.get(old, old), target, text, key in privileged)


def _members(context: Context) -> Iterator[Kept]:
    privileged = privileged_groups(context)
    for group in context.entries.groups():
        for old in context.entries[group].get("members", ()):
            member = context.today.get(old, old)
            account = context.account(member)
            if account is not None and account.active and old not in context.unwanted:
                yield Kept(member, MEMBERS, name_of(group), fold(group) in privileged)


def fresh(context: Context, found: Iterable[Kept]) -> tuple[Kept, ...]:
    """Those of targets that the last apply still carried."""
    return tuple(item for item in found if item.target not in context.unmapped)


def cautions(context: Context, found: Iterable[Kept]) -> Iterator[Caution]:
    """What this change no longer carries, each with who keeps what from now on."""
    for target, items in _by_target(found):
        mapping = context.app.groups if target == MEMBERS else context.app.users
        text = f"{target} is no longer mapped: {who(items)}; from now on nothing takes it away: {ANEW.format(target=target)}"
        yield Caution("NoLongerMapped", text, mapping.place.file, mapping.place.line)


def warnings(context: Context, found: Iterable[Kept]) -> Iterator[str]:
    """What stays so since an earlier apply."""
    for target, items in _by_target(item for item in found if item.target in context.unmapped):
        yield f"{target} is no longer mapped: {who(items)}; {BY_HAND.format(target=target)}"


def errors(context: Context, found: Iterable[Kept]) -> Iterator[ObjectError]:
    """Roles that the declaration gives no more, since an assignment expired or went, and that no mapping can take."""
    roles = {fold(role.value): role for role in context.app.roles.values()}
    for item in found:
        user, role = context.resolution.users.get(item.address), roles.get(fold(item.what))
        if item.target == MEMBERS or role is None or user is None or role in user.roles:
            continue
        why = "its assignment expired" if role in user.lapsed else "nothing assigns it now"
        yield ObjectError(
            item.address,
            "RoleNotMapped",
            f"{role.displayName} stays although {why}: {item.target} is no longer mapped",
            f"map {item.target} again; or take it away on the service by hand, and run `reconcile record forget {item.address}`",
        )


def problems(app: App, record: Record) -> Iterator[Problem]:
    """What validate warns of, where the mapping's line went; the record says what it carried when last applied."""
    yield from _problems(app, unmapped(app, {*record.carrying, *record.unmapped}, record.entries), "when last applied")


def problems_since(app: App, before: App, when: str) -> Iterator[Problem]:
    """The same by what the mappings said before, where no record is at hand; `when` says when that was."""
    yield from _problems(app, unmapped_since(app, before), when)


def _problems(app: App, targets: Iterable[str], when: str) -> Iterator[Problem]:
    for target in targets:
        mapping = app.groups if target == MEMBERS else app.users
        yield Problem(
            mapping.place,
            "warning",
            "no-longer-mapped",
            f"{target} was mapped {when}, and no longer is: people keep on the service what it gave them",
            ANEW.format(target=target),
        )


def _by_target(found: Iterable[Kept]) -> list[tuple[str, list[Kept]]]:
    targets: dict[str, list[Kept]] = defaultdict(list)
    for item in found:
        targets[item.target].append(item)
    return sorted(targets.items())


def who(items: list[Kept]) -> str:
    """How many people keep something, privileged things by name."""
    people = len({item.address for item in items})
    named_ = [f"{item.address} ({item.what}, privileged)" for item in items if item.privileged]
    others = [f"{item.address} ({item.what})" for item in items if not item.privileged]
    told = "; ".join(listed(part) for part in (named_, others) if part)
    return f"{plural(people, 'account')} {'keeps' if people == 1 else 'keep'} what it gave: {told}"
