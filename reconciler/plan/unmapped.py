"""What nothing carries any more: app and record in, who keeps which roles and groups unmanaged from now on out. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from reconciler.declare.mapping_model import ROLES, ObjectMapping
from reconciler.declare.model import App
from reconciler.declare.names import fold, is_user, name_of
from reconciler.declare.place import Problem
from reconciler.declare.warned import Warned
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
FIRST = "or take it away first, in a change of its own"
BY_HAND = "or take it from them on the service, and run `reconcile record forget` on them"


def unmapped(app: App, carried: Iterable[str], entries: Entries) -> list[str]:
    """The targets that carried roles, and `members`, of which the mappings say nothing any more."""
    managed = {_root(target) for target in _managed(app.users)} | ({ROLES} if app.role_api is not None else set())
    gone = sorted(target for target in carried if target != MEMBERS and _root(target) not in managed)
    lost = MEMBERS not in _managed(app.groups) and any(entries[group].get("members") for group in entries.groups())
    return [*gone, MEMBERS] if lost else gone


def unmapped_since(app: App, before: App) -> list[str]:
    """The same by what the mappings said before. Raises ExpressionError or PathError where that cannot be compiled."""
    carried = compile_mapping(before.users)
    roles = {carried.slots[number].target for number in carried.updates if carried.slots[number].carries_roles}
    roles |= {ROLES} if before.role_api is not None else set()
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
        anew = _anew(context.app, target)
        text = f"{_gone(context.app, target)}: {who(items)}; from now on nothing takes it away: {anew}, {FIRST}"
        yield Caution("NoLongerMapped", text, mapping.place.file, mapping.place.line)


def warnings(context: Context, found: Iterable[Kept]) -> Iterator[Warned]:
    """What stays so since an earlier apply."""
    for target, items in _by_target(item for item in found if item.target in context.unmapped):
        yield Warned("KeptUnmapped", f"{_gone(context.app, target)}: {who(items)}; {_anew(context.app, target)}, {BY_HAND}")


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
            f"{role.displayName} stays although {why}: {_gone(context.app, item.target)}",
            f"{_anew(context.app, item.target)}; or take it away on the service by hand, and run "
            f"`reconcile record forget {item.address}`",
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
        was = "roles were given over the API beside SCIM" if _beside(app, target) else f"{target} was mapped"
        now = "no longer are" if _beside(app, target) else "no longer is"
        words = f"{was} {when}, and {now}: people keep on the service what it gave them"
        yield Problem(mapping.place, "warning", "no-longer-mapped", words, f"{_anew(app, target)}, {FIRST}")


def _beside(app: App, target: str) -> bool:
    """Whether roles of an API beside SCIM were carried: the app or its profile names one, or roles say what they are there."""
    return target == ROLES and (app.role_source is not None or any(role.grant for role in app.roles.values()))


def _gone(app: App, target: str) -> str:
    return "roles are no longer given over the API beside SCIM" if _beside(app, target) else f"{target} is no longer mapped"


def _anew(app: App, target: str) -> str:
    """What to do so that it is carried again."""
    if not _beside(app, target):
        return f"map {target} again"
    if app.role_source is None:
        return "take `driver: none` out of `roles` in app.yaml"
    return "say in roles.yaml again what each role is there"


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
