"""App roles on the service: which attributes carry them, what a change gives and takes, which groups are privileged. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any

from reconciler.declare.names import fold, name_of
from reconciler.plan.change import Change
from reconciler.plan.context import Context
from reconciler.plan.role_names import Named, going, named


def moved(context: Context, change: Change) -> tuple[Named, Named]:
    """(roles before, roles after) of the attributes that a change writes; both are empty where it writes no role."""
    return written(context.carrying, change)


def written(carrying: Container[str], change: Change) -> tuple[Named, Named]:
    """The same by the targets that carry roles."""
    found = [a for a in change.attributes if a.path in carrying]
    return _all(going(a.replaced, a.after) for a in found), _all(a.after for a in found)


def of_values(context: Context, values: tuple[Any, ...]) -> Named:
    """The roles in the values of a user, by slot."""
    slots = context.resolution.user_mapping.slots
    return _all(value for slot, value in zip(slots, values, strict=True) if slot.carries_roles)


def _all(values: Iterable[Any]) -> Named:
    return {key: text for value in values for key, text in named(value).items()}


def keys(context: Context, names: Named) -> set[str]:
    """The declared roles that names on the service stand for, by their `value`."""
    return {key for key, role in context.app.roles.items() if fold(role.value) in names}


def partly(context: Context, names: Named) -> set[str]:
    """The declared roles that hold in part, on an API beside SCIM, with names that are no role's: in one place of several."""
    table = context.live.roles.table
    if not table.given:
        return set()
    declared = {fold(role.value) for role in context.app.roles.values()}
    return table.touching(table.named(names.keys() - declared)) & context.app.roles.keys()


def having(context: Context, names: Named) -> set[str]:
    """The declared roles that names on the service stand for, wholly or in part: what counts for who could do harm, or help."""
    return keys(context, names) | partly(context, names)


def held(context: Context, address: str, names: Named) -> set[str]:
    """Keys of the roles that a user's names stand for, also in part; those too whose `value` has changed since it was told."""
    entry, declared = context.known(address) or {}, context.app.roles
    told = _all(entry.get("wanted", {}).get(path) for path in context.carrying)
    found = having(context, names)
    if names.keys() & told.keys() - {fold(role.value) for role in declared.values()}:
        found |= {key for key in entry.get("roles", ()) if key in declared and fold(declared[key].value) not in told}
    return found


def privileged_groups(context: Context) -> set[str]:
    """Folded addresses of groups that give a privileged role, gave it when last applied, or lie in one that does."""
    giving = {f"group/{name}" for name, given in context.giving.items() if given & context.privileged}
    for address in context.entries.groups():
        if context.privileged.intersection(context.entries[address].get("roles", ())):
            giving.add(fold(address))
    return _with_inner(context, giving) if context.app.provisioning.nestedGroups == "expand" else giving


def _with_inner(context: Context, giving: set[str]) -> set[str]:
    groups = context.resolution.declarations.groups
    todo, found = list(giving), set(giving)
    while todo:
        group = groups.get(name_of(todo.pop()))
        members = group.row.get("members") if group is not None else None
        inner = {"group/" + fold(m["group"]) for m in members or () if isinstance(m, dict)} - found
        found |= inner
        todo += inner
    return found
