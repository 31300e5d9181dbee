"""What must be edited for a scoping filter to let an object through: one edit an attribute, all its clauses together. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.declare.mapping_model import Clause, ScopingFilter
from reconciler.declare.names import name_of
from reconciler.declare.yaml.scalars import spelled
from reconciler.plan.explain.model import Edit
from reconciler.plan.explain.subject import Subject
from reconciler.resolve.filters import holds
from reconciler.resolve.sources import EXTENSION

Wanted = dict[str, list[Clause]]
KEYS = {True: "userPrincipalName", False: "displayName"}  # by whether the object is a user
CERTAIN = frozenset({"EQUALS", "IS NULL"})  # where their own value fails another clause, any value does


def nearest(subject: Subject) -> Wanted:
    """By attribute the clauses of the filter that asks for the fewest edits; nothing where one lets the object through."""
    wanted = [_wanted(subject, item) for item in subject.mapping.mapping.scopingFilters]
    return min(wanted, key=lambda item: (sum(not possible(subject, found) for found in item.values()), len(item)), default={})


def _wanted(subject: Subject, item: ScopingFilter) -> Wanted:
    """The clauses on each attribute of which one fails, for an account that is enabled."""
    found: Wanted = {}
    for clause in item.clauses:
        found.setdefault(clause.attribute, []).append(clause)
    seen = {name: True if name == "accountEnabled" else subject.get_for_filters(name) for name in found}
    return {name: clauses for name, clauses in found.items() if not _all_hold(clauses, seen[name])}


def _all_hold(clauses: list[Clause], value: Any) -> bool:
    return all(holds(clause, value) for clause in clauses)


def possible(subject: Subject, clauses: list[Clause]) -> bool:
    """Whether an edit of the object can make these clauses hold, as far as that is evident."""
    name, operators = clauses[0].attribute, {clause.operator for clause in clauses}
    if name in ("accountEnabled", "IsSoftDeleted") or (name == KEYS[subject.is_user] and "IS NULL" in operators):
        return False
    return not operators & CERTAIN or any(_all_hold(clauses, value) for value in _evident(clauses))


def _evident(clauses: list[Clause]) -> Iterator[str | None]:
    """The values that some clause asks for by itself."""
    for clause in clauses:
        match clause.operator:
            case "EQUALS":
                yield str(clause.value)
            case "IS NULL":
                yield None
            case "IS TRUE" | "IS FALSE":
                word = clause.operator.removeprefix("IS ")
                yield from (word.capitalize(), word.lower())


def fulfil(subject: Subject, wanted: Wanted) -> Iterator[Edit]:
    """One edit for each attribute; of the filter where none of the object would do."""
    lone = _lone(subject, wanted)
    for name, clauses in wanted.items():
        if possible(subject, clauses):
            yield Edit(_edit(name, clauses, lone) + _renamed(subject, name), subject.place)
        else:
            yield Edit(
                f"change the scoping filter: nobody in scope may have a `{name}` for which {_words(clauses)}", clauses[0].place
            )


def _lone(subject: Subject, wanted: Wanted) -> str:
    """The extension attribute that would be the first and only one of a user; empty where none would."""
    names = [name for name in wanted if name.startswith(EXTENSION)]
    has_any = not subject.is_user or subject.declarations.users.column("extensionAttributes")[subject.row]
    return names[0] if len(names) == 1 and not has_any else ""


def _edit(name: str, clauses: list[Clause], lone: str) -> str:
    """`lone` is the name of an extension attribute that needs a mapping around it."""
    key, inside = (spelled(name.removeprefix(EXTENSION)), True) if name.startswith(EXTENSION) else (name, False)
    for value in _evident(clauses):
        if _all_hold(clauses, value):
            if value is None:
                return f"remove `{key}`" + (" from `extensionAttributes`" if inside else "")
            written = f"{key}: {spelled(value)}"
            if name == lone:
                return f"set `extensionAttributes: {{{written}}}`"
            return f"set `{written}`" + (" in `extensionAttributes`" if inside else "")
    where = f"`{key}`" + (" in `extensionAttributes`" if inside else "")
    return f"give {where} a value" + ("" if {c.operator for c in clauses} == {"IS NOT NULL"} else f" for which {_words(clauses)}")


def _words(clauses: list[Clause]) -> str:
    telling = [clause for clause in clauses if clause.operator != "IS NOT NULL"] or clauses
    values = [() if clause.value is None else (clause.value,) for clause in telling]
    said = dict.fromkeys(" ".join(map(str, (c.attribute, c.operator, *value))) for c, value in zip(telling, values, strict=True))
    return " and ".join(f"`{text}`" for text in said) + (" holds" if len(said) == 1 else " hold")


def _renamed(subject: Subject, name: str) -> str:
    if name != KEYS[subject.is_user]:
        return ""
    return f", let `previously` hold {spelled(name_of(subject.address))}, and rename it wherever it is named"
