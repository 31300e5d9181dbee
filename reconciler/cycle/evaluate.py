"""Source attributes of one user, or values alone, in; what an expression or mappings come to by app out. Reads a mapping file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.cycle.clock import today
from reconciler.cycle.randomness import SystemChance
from reconciler.declare.load import load_mappings
from reconciler.declare.mapping_model import ObjectMapping
from reconciler.declare.model import App, Declarations
from reconciler.declare.place import Problem
from reconciler.declare.source_attributes import COMPUTED, DEFAULT_DOMAIN, source_problem
from reconciler.resolve.check import check_mapping
from reconciler.resolve.derive import Derived, derive
from reconciler.resolve.expressions.language import ExpressionError, compile_expression
from reconciler.resolve.expressions.trace import Traced, trace
from reconciler.resolve.filters import Get
from reconciler.resolve.mapping import compile_mapping
from reconciler.resolve.one_object import sources
from reconciler.resolve.resolution import resolve

Getters = Mapping[str | None, Get]  # by app, since roles and IsSoftDeleted differ from app to app; None stands for no app


def values_alone(values: Mapping[str, Any]) -> Getters:
    """The source attributes of nobody in particular: these values, every other one null."""
    return {None: values.get}


def values_of_user(apps: list[App], declarations: Declarations, address: str, instead: Mapping[str, Any]) -> Getters:
    """The source attributes of a declared user in each app; what is named in `instead` has that value in place of its own."""

    def getter(app: App) -> Get:
        declared = sources(app, resolve(app, declarations, today()), address)
        return lambda name: instead[name] if name in instead else declared(name)

    return {app.name: getter(app) for app in apps}


def trace_expression(text: str, getters: Getters, known: tuple[str, ...] | None) -> dict[str | None, Traced]:
    """What an expression comes to by app, once where no app makes a difference.

    `known` are the only attributes that have a value, None where those of a user do. Raises ExpressionError.
    """
    expression = compile_expression(text)
    _check_sources(text, expression.sources, known)
    if not set(COMPUTED) & set(expression.sources):
        getters = {None: next(iter(getters.values()))} if getters else {}
    return {app: trace(text, get, SystemChance()) for app, get in getters.items()}


def _check_sources(text: str, names: tuple[str, ...], known: tuple[str, ...] | None) -> None:
    """Raises ExpressionError at an attribute that has no value, or does not exist."""
    for name in names:
        written, offset = (name, 1) if name == DEFAULT_DOMAIN else (f"[{name}]", 2)
        column = max(1, text.find(written) + offset)
        if known is not None and name not in known:
            raise ExpressionError(
                f"{written} has no value here", column, f"add --set {name}=..., --unset {name} for null, or --user for somebody's"
            )
        problem = source_problem(name, "users") if known is None and name != DEFAULT_DOMAIN else None
        if problem:
            raise ExpressionError(problem[0], column, problem[1])


def derive_users(apps: list[App], getters: Getters) -> list[tuple[str | None, list[Derived]]]:
    """(app, what each of its mappings of users comes to)."""
    return [(app.name, derive(compile_mapping(app.users), getters[app.name], SystemChance())) for app in apps]


def derive_alone(mapping: ObjectMapping, values: Mapping[str, Any]) -> tuple[list[Derived], list[str]]:
    """(what each mapping comes to for these values alone, the attributes that have none and so are null)."""
    derived = derive(compile_mapping(mapping), values.get, SystemChance())
    return derived, list(dict.fromkeys(name for item in derived for name, _ in item.inputs if name not in values))


def owner(apps: list[App], file: Path) -> App | None:
    """The app whose roles and scope count: the one in whose folder the file lies, else the only one; None where it is no one."""
    beside = [app for app in apps if Path(app.place.file).resolve().parent == file.resolve().parent]
    return (beside or apps)[0] if len(beside or apps) == 1 else None


def users_mapping(file: Path) -> tuple[ObjectMapping | None, list[Problem]]:
    """The users' mapping of a file that need not lie in an app, with what is wrong in it."""
    mapping, problems = load_mappings(file)
    return mapping, [*problems, *(check_mapping(mapping, "users") if mapping is not None else [])]
