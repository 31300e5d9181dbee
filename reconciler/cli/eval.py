"""reconcile eval: what an expression, or every mapping, comes to for one user, call by call."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.common import ERROR, chosen, load_checked, options
from reconciler.cycle.clock import today
from reconciler.declare.model import App, Declarations, ObjectMapping

if TYPE_CHECKING:
    from reconciler.resolve.derive import Derived

Get = Callable[[str], Any]


@click.command()
@options
@click.argument("expression", required=False)
@click.option("--user", metavar="USER", help="Evaluate for this declared user.")
@click.option(
    "--set",
    "pairs",
    multiple=True,
    metavar="NAME=VALUE",
    help="Give a source attribute this value, `NAME=` an empty text; named twice, it is multi-valued.",
)
@click.option("--unset", "nulls", multiple=True, metavar="NAME", help="Give a source attribute no value at all: null.")
@click.option(
    "--file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="All mappings of this file, instead of an expression.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print it.")
def eval(
    desired: Path, apps: tuple[str, ...], no_color: bool, expression: str | None, user: str | None, pairs: tuple[str, ...],
    nulls: tuple[str, ...], file: Path | None, form: str,
) -> int:  # fmt: skip
    """Show what EXPRESSION gives, or what every mapping of an app gives, with the result of each call inside."""
    values = _values(pairs, nulls)
    _check_usage(expression, user, file, bool(values))
    if user is None and expression is not None:
        return _show_expression(expression, {None: _given(values)}, None, form, tuple(values))
    _check_names(values)
    if user is None:
        assert file is not None
        return _show_file(file, values, form)
    declarations = load_checked(desired, apps)
    address = _meant(declarations, user)
    if address is None:
        return ERROR
    picked = chosen(declarations, apps)
    if expression is not None:
        return _show_expression(expression, _getters(picked, declarations, address, values), address, form)
    return _show_mappings(picked, declarations, address, values, file, form)


def _check_usage(expression: str | None, user: str | None, file: Path | None, given: bool) -> None:
    """Raises UsageError where it is not said what to evaluate, or for whom; `given` says that there are values."""
    if file is not None and expression is not None:
        raise click.UsageError("--file shows the mappings of a file in place of an expression: leave one of them out")
    if file is not None and user is None and not given:
        raise click.UsageError("--file needs a --user, or values that --set and --unset give")
    if file is None and expression is None and user is None:
        raise click.UsageError("give an expression to evaluate, or --user to see every mapping of a user")


def _values(pairs: tuple[str, ...], nulls: tuple[str, ...]) -> dict[str, Any]:
    """`--set` pairs and `--unset` names; a name that is given twice holds several values."""
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise click.UsageError(f"--set {pair!r} is no pair: write --set name=value")
        known = found.get(name)
        found[name] = value if name not in found else (*known, value) if isinstance(known, tuple) else (known, value)
    if both := sorted(found.keys() & set(nulls)):
        raise click.UsageError(f"{both[0]} has a value or none: it is named by --set and by --unset")
    found |= dict.fromkeys(nulls)
    if "appRoleAssignments" in found:
        raise click.UsageError("appRoleAssignments comes from assignments: name a --user instead")
    return found


def _check_names(names: Iterable[str]) -> None:
    """Raises UsageError for what no user has: it would change nothing, which must not read as a result."""
    from reconciler.declare.source_attributes import DEFAULT_DOMAIN, source_problem

    for name in names:
        problem = source_problem(name, "users") if name != DEFAULT_DOMAIN else None
        if problem:
            raise click.UsageError(f"{name}: {problem[0]}; {problem[1]}")


def _given(values: dict[str, Any], get: Get | None = None) -> Get:
    return lambda name: values[name] if name in values else get(name) if get is not None else None


def _meant(declarations: Declarations, user: str) -> str | None:
    from reconciler.report.safe import plain
    from reconciler.resolve.one_object import find, near

    address = find(declarations, user)
    if address is not None and address.startswith("User/"):
        return address
    click.echo(f"Error: no user {plain(user)!r} is declared", err=True)
    hints = [
        declarations.users[name[5:]].row["userPrincipalName"]
        for name in near(user, dict.fromkeys("user/" + name for name in declarations.users))
    ]
    click.echo(f"    did you mean {', '.join(map(plain, hints))}?" if hints else "    declare the user first", err=True)
    return None


def _getters(apps: list[App], declarations: Declarations, address: str, values: dict[str, Any]) -> dict[str | None, Get]:
    """The user's attributes by app, since roles and IsSoftDeleted differ from app to app."""
    from reconciler.resolve.one_object import sources
    from reconciler.resolve.resolution import resolve

    return {app.name: _given(values, sources(app, resolve(app, declarations, today()), address)) for app in apps}


def _show_expression(
    text: str, getters: dict[str | None, Get], address: str | None, form: str, given: tuple[str, ...] | None = None
) -> int:
    """`given` are the only attributes that have a value, where no user was named."""
    from reconciler.cycle.randomness import SystemChance
    from reconciler.declare.source_attributes import COMPUTED
    from reconciler.report.mapping_trace import trace_json, trace_lines
    from reconciler.resolve.expressions.language import ExpressionError, compile_expression
    from reconciler.resolve.expressions.trace import trace

    try:
        expression = compile_expression(text)
        _check_sources(text, expression.sources, given)
    except ExpressionError as error:
        return _wrong(text, error.message, error.column, error.remedy)
    if not set(COMPUTED) & set(expression.sources):
        getters = {None: next(iter(getters.values()))} if getters else {}
    found = {app: trace(text, get, SystemChance()) for app, get in getters.items()}
    if form == "json":
        rows = [{"app": app, "address": address, "trace": trace_json(item)} for app, item in found.items()]
        click.echo(_dumps({"format_version": "1.0", "expressions": rows}))
    else:
        for app, item in found.items():
            click.echo("\n".join([*([f"{app}:"] if app else []), *trace_lines(item)]))
    return ERROR if any(item.state == "error" for item in found.values()) else 0


def _check_sources(text: str, names: tuple[str, ...], given: tuple[str, ...] | None) -> None:
    """Raises ExpressionError at an attribute that has no value, or does not exist."""
    from reconciler.declare.source_attributes import DEFAULT_DOMAIN, source_problem
    from reconciler.resolve.expressions.language import ExpressionError

    for name in names:
        written, offset = (name, 1) if name == DEFAULT_DOMAIN else (f"[{name}]", 2)
        column = max(1, text.find(written) + offset)
        if given is not None and name not in given:
            raise ExpressionError(
                f"{written} has no value here", column, f"add --set {name}=..., --unset {name} for null, or --user for somebody's"
            )
        problem = source_problem(name, "users") if given is None and name != DEFAULT_DOMAIN else None
        if problem:
            raise ExpressionError(problem[0], column, problem[1])


def _wrong(text: str, message: str, column: int, remedy: str) -> int:
    """The message with a caret below the very column."""
    from reconciler.report.safe import plain

    shown, column = _line(text, column)
    click.echo(f"Error: {plain(message)}", err=True)
    click.echo(f"    {plain(shown)}\n    {' ' * len(plain(shown[: column - 1]))}^", err=True)
    click.echo(f"    {plain(remedy)}", err=True)
    return ERROR


def _line(text: str, column: int) -> tuple[str, int]:
    """A window of a long expression around a column, and where the column is in it."""
    start = max(0, min(column - 60, len(text) - 100))
    return text[start : start + 100], column - start


def _show_mappings(
    apps: list[App], declarations: Declarations, address: str, values: dict[str, Any], file: Path | None, form: str
) -> int:
    from reconciler.cycle.randomness import SystemChance
    from reconciler.resolve.derive import derive
    from reconciler.resolve.mapping import compile_mapping

    if file is not None:
        apps = [replace(_owner(apps, file), users=_users_mapping(file))]
    getters = _getters(apps, declarations, address, values)
    found = [(app.name, derive(compile_mapping(app.users), getters[app.name], SystemChance())) for app in apps]
    return _print_mappings(found, address, form)


def _show_file(file: Path, values: dict[str, Any], form: str) -> int:
    """Every mapping of a file for nobody in particular: what has no value here is null, and is named."""
    from reconciler.cycle.randomness import SystemChance
    from reconciler.report.safe import plain
    from reconciler.resolve.derive import derive
    from reconciler.resolve.mapping import compile_mapping

    found = derive(compile_mapping(_users_mapping(file)), _given(values), SystemChance())
    lacking = dict.fromkeys(name for item in found for name, _ in item.inputs if name not in values)
    if lacking:
        click.echo(f"null here: {plain(', '.join(lacking))}\n    add --set NAME=VALUE, or --user for somebody's", err=True)
    return _print_mappings([(None, found)], None, form)


def _print_mappings(found: Sequence[tuple[str | None, list[Derived]]], address: str | None, form: str) -> int:
    """`found` is by app; without one no user was named."""
    from reconciler.report.mapping_trace import mapping_json, mapping_lines
    from reconciler.report.safe import plain

    if form == "json":
        rows = [{"app": app, "address": address, "mappings": list(map(mapping_json, items))} for app, items in found]
        click.echo(_dumps({"format_version": "1.0", "mappings": rows}))
    else:
        for app, items in found:
            lines = ["  " * (app is not None) + line for item in items for line in mapping_lines(item)]
            click.echo("\n".join([*([plain(f"{app}: {address}")] if app else []), *lines, *([""] if app else [])]))
    return ERROR if any(item.state == "error" for _, items in found for item in items) else 0


def _owner(apps: list[App], file: Path) -> App:
    """The app whose roles and scope count: the one in whose folder the file lies, else the only one."""
    inside = [app for app in apps if Path(app.place.file).resolve().parent == file.resolve().parent]
    if len(inside or apps) != 1:
        raise click.UsageError("--file belongs to no one app: name the app whose roles count with --app")
    return (inside or apps)[0]


def _users_mapping(file: Path) -> ObjectMapping:
    """The users' mapping of a file that need not lie in an app. What is wrong in it ends the command."""
    from reconciler.declare.load import load_mappings
    from reconciler.report.problems import as_text
    from reconciler.resolve.check import check_mapping

    mapping, problems = load_mappings(file)
    problems = [*problems, *(check_mapping(mapping, "users") if mapping is not None else [])]
    click.echo(as_text(problems), err=True, nl=False)
    if mapping is None or any(problem.severity == "error" for problem in problems):
        raise click.exceptions.Exit(ERROR)
    return mapping


def _dumps(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)
