"""Declarations, and what a log told, in; whether a role or group was privileged at a time out: yes, no, or nobody knows. Pure.

A role is privileged by its declaration, a group by the roles that are assigned to it. Of an earlier time the declarations of then
say so; where nobody has these, what the log told around that time, as far as nothing changed in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from reconciler.declare.model import App, Assignment, Declarations, Group
from reconciler.declare.names import fold, name_of
from reconciler.declare.table import Table
from reconciler.plan.access.past import Gap
from reconciler.plan.access.role_names import LATEST, name_then, names_of
from reconciler.plan.access.told import Told


class Marks(NamedTuple):
    """By folded names: of each declared role, and of each declared group, whether it is privileged."""

    roles: Mapping[str, bool] = MappingProxyType({})
    groups: Mapping[str, bool] = MappingProxyType({})


def marks_of(app: App, declarations: Declarations, day: str) -> Marks:
    """As the app's roles and assignments say on a day (ISO)."""
    roles = {role.key: role.privileged for role in app.roles.values()}
    return marks(roles, app.assignments, declarations.groups, app.provisioning.nestedGroups == "expand", day)


def marks(
    roles: Mapping[str, bool], assignments: Iterable[Assignment], groups: Table[Group], expands: bool, day: str
) -> Marks:  # fmt: skip
    """`expands` is whether what a group is given reaches those in the groups inside it."""
    held = (item for item in assignments if item.expires is None or item.expires >= day)
    giving = {item.group for item in held if item.group is not None and roles.get(item.role)}
    todo = list(giving) if expands else []
    while todo:
        group = groups.get(todo.pop())
        members = group.row.get("members") if group is not None else None
        inner = {fold(member["group"]) for member in members or () if isinstance(member, dict)} - giving
        giving |= inner
        todo += inner
    return Marks(roles, {name: name in giving for name in groups.index})


NOTHING = Marks()


# By the log


def role_mark(told: Told, gaps: Sequence[Gap], role: str, at: str, today: Marks) -> bool | None:
    """Of a role that was called so at a time (folded)."""
    names = names_of(told.roles.renamed, role, at)
    found = sorted((item.at, name, item) for name in names for item in told.marks.roles.get(name, ()))
    own = [item for when, name, item in found if name_then(told.roles.renamed, role, at, when) == name]
    changes = [*_changes(told, role, at), *((gap.since, gap.until) for gap in gaps)]
    before = next((item for item in reversed(own) if item.at <= at and item.gains), None)
    if before is not None and not any(end >= before.at and begin <= at for begin, end in changes):
        return before.privileged
    now = today.roles.get(name_then(told.roles.renamed, role, at, LATEST))
    after = next((item for item in own if item.at > at), None)
    until, then = (after.at, after.privileged) if after is not None else (LATEST, now)
    if then is not None and not any(end > at and begin <= until for begin, end in changes):
        return then
    return None if now or any(item.privileged for item in own) else False


def _changes(told: Told, role: str, at: str) -> Iterator[tuple[str, str]]:
    for change in told.marks.changed:
        if {name_then(told.roles.renamed, role, at, when) for when in (change.begin, change.end)} & change.names:
            yield change.begin, change.end


def group_mark(told: Told, group: str, at: str, today: Marks) -> bool | None:
    """Of a group by its key. No record tells which assignments there are, so what was so before and after is so in between."""
    own = told.marks.groups.get(group, ())
    name = name_of(told.groups.at(group, LATEST)) or group
    now = today.groups.get(fold(name), False)
    before = next((item.privileged for item in reversed(own) if item.at <= at), None)
    later = [item.privileged for item in own if item.at > at]
    if before is not None and before is (later[0] if later else now):
        return before
    return None if before or now or any(later) else False
