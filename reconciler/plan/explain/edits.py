"""The fewest edits of the declarations that would bring an object in, each with its place. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.declare.model import App, Assignment, Role
from reconciler.declare.names import name_of
from reconciler.declare.place import Place
from reconciler.declare.yaml.scalars import spelled
from reconciler.plan.explain.filter_edits import fulfil, nearest
from reconciler.plan.explain.model import Edit
from reconciler.plan.explain.scope import rival
from reconciler.plan.explain.subject import Subject, unusable_role
from reconciler.resolve.scope import refusal


def edits(subject: Subject) -> tuple[Edit, ...]:
    """One edit for each thing that keeps the object out; none changes what anybody else has, but for the last resort."""
    return tuple(_edits(subject))


def _edits(subject: Subject) -> Iterator[Edit]:
    if not subject.is_user and not (subject.app.groups.enabled and subject.app.groups.attributes):
        yield Edit("map groups: `enabled: true`, and their attributes", subject.app.groups.place)
    if not subject.enabled:
        yield Edit("set `accountEnabled: true`", subject.place)
    if subject.app.provisioning.scope != "all" and not any(grant.effective for grant in subject.grants()):
        yield from _entitle(subject)
    wanted = nearest(subject)
    yield from fulfil(subject, wanted)
    yield from _identify(subject, frozenset(wanted)) if subject.is_user else ()


def _entitle(subject: Subject) -> Iterator[Edit]:
    """Mend the object's own assignment where one edit is enough, else add one, so that nobody else is touched."""
    own = [item for item in subject.assignments if item.user is not None or not subject.is_user]
    usable = _usable_role(subject, own)
    for item in own:
        lapsed = item.expires is not None and item.expires < subject.context.resolution.today
        wrong = unusable_role(subject.app, item) if subject.is_user else None
        if lapsed and wrong is None:
            yield Edit(f"set a later `expires` than {item.expires}, or remove it", _at(item))
            return
        if not lapsed and usable is not None:
            yield Edit(f"write `role: {spelled(usable.displayName)}`", _at(item))
            return
    yield from _assign(subject, own, usable)


def _assign(subject: Subject, own: list[Assignment], usable: Role | None) -> Iterator[Edit]:
    kind, name = ("user", "User") if subject.is_user else ("group", "Group")
    role = usable
    if role is None:
        # No role can be used: the one that stands in an assignment already needs no other edit.
        current = [item for item in own if item.expires is None or item.expires >= subject.context.resolution.today]
        role = next((subject.app.roles[item.role] for item in current if item.role in subject.app.roles), None)
        assigned, role = role is not None, role or next(iter(subject.app.roles.values()), None)
        if role is None:
            yield Edit("declare a role of the app", Place(_folder(subject.app) + "roles.yaml", 1))
            return
        yield Edit(f"set `enabled: true` and let `allowedMemberTypes` hold {name} for the role {role.displayName}", role.place)
        if assigned:
            return
    who = name_of(subject.address)
    yield Edit(f"add `- {{{kind}: {spelled(who)}, role: {spelled(role.displayName)}}}`", assignments_end(subject.app))


def _usable_role(subject: Subject, own: list[Assignment]) -> Role | None:
    """The first role that may be given and that no assignment of the object names yet; a privileged one at last."""
    kind = "User" if subject.is_user else "Group"
    taken = {item.role for item in own}
    roles = (r for r in subject.app.roles.values() if refusal(r, kind) is None and r.key not in taken)
    return next(iter(sorted(roles, key=lambda role: role.privileged)), None)


def assignments_end(app: App) -> Place:
    """Where the next assignment would go: after the last one."""
    last = app.assignments[-1] if app.assignments else None
    return _at(last) if last is not None else Place(_folder(app) + "assignments.yaml", 1)


def _at(item: Assignment) -> Place:
    return Place(item.file, item.line)


def _folder(app: App) -> str:
    return app.place.file.rpartition("/")[0] + "/"


def _identify(subject: Subject, given: frozenset[str]) -> Iterator[Edit]:
    """`given` are the attributes that a scoping filter asks for: another edit gives them their value."""
    if not subject.matching_values:
        return
    item = subject.mapping.slots[subject.matching_values[0][0]]
    names = item.expression.sources if item.expression is not None else (str(item.mapping.value),)
    what = " or ".join(f"`{name}`" for name in names)
    if all(value is None for _, value in subject.matching_values):
        if item.expression is None and given.intersection(names):
            return
        yield Edit(f"give {what} a value, from which {item.target} comes", subject.place)
        return
    other = rival(subject)
    if other is not None:
        yield Edit(f"give {what} a value of its own: {other} has the same {item.target}", subject.place)
