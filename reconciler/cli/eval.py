"""reconcile eval: what an expression, or every mapping, comes to for one user, call by call."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import candidates
from reconciler.cli.common import ERROR, app_folders, chosen, known_apps, load_checked, options, unknown_name
from reconciler.cli.terminal import echo, echo_form
from reconciler.cli.wrong_usage import BadValue
from reconciler.declare.mapping_model import ObjectMapping
from reconciler.declare.model import App, Declarations
from reconciler.declare.names import is_user, name_of
from reconciler.report.safe import plain

if TYPE_CHECKING:
    from reconciler.resolve.derive import Derived
    from reconciler.resolve.expressions.trace import Traced


@click.command()
@options
@click.argument("expression", required=False)
@click.option("--user", metavar="USER", shell_complete=candidates.users, help="Evaluate for this declared user.")
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
    """Show what EXPRESSION gives, or what every mapping of an app gives, with the result of each call inside.

    It is for a declared --user, for values that --set and --unset give, or for both. No service is asked.
    """
    values = _values(pairs, nulls)
    _check_usage(expression, user, file, values)
    if user is None:
        known_apps(apps, app_folders(desired))
    if user is None and expression is not None:
        return _show_expression(expression, values, form)
    _check_names(values)
    if user is None:
        assert file is not None
        return _show_file(file, values, form)
    declarations = load_checked(desired, apps)
    address = _meant(declarations, user)
    picked = chosen(declarations, apps)
    if expression is not None:
        return _show_expression_of(expression, picked, declarations, address, values, form)
    return _show_mappings(picked, declarations, address, values, file, form)


def _check_usage(expression: str | None, user: str | None, file: Path | None, values: dict[str, Any]) -> None:
    """Raises UsageError where it is not said what to evaluate, or for whom."""
    if file is not None and expression is not None:
        raise click.UsageError("--file shows the mappings of a file instead of an expression: leave one of them out")
    if file is not None and user is None and not values:
        raise click.UsageError("--file needs a --user, or values that --set and --unset give")
    if file is None and expression is None and user is None:
        raise click.UsageError("give an expression to evaluate, or --user to see every mapping of a user")


def _values(pairs: tuple[str, ...], nulls: tuple[str, ...]) -> dict[str, Any]:
    """`--set` pairs and `--unset` names; a name that is given twice holds several values."""
    values: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise BadValue(f"--set {pair!r} is not a pair: write --set name=value")
        before = values.get(name)
        values[name] = value if name not in values else (*before, value) if isinstance(before, tuple) else (before, value)
    if both := sorted(values.keys() & set(nulls)):
        raise click.UsageError(f"{both[0]} has a value or none: it is named by --set and by --unset")
    values |= dict.fromkeys(nulls)
    if "appRoleAssignments" in values:
        raise click.UsageError("appRoleAssignments comes from assignments: name a --user instead")
    return values


def _check_names(names: Iterable[str]) -> None:
    """Raises UsageError for what no user has: it would change nothing, which must not read as a result."""
    from reconciler.declare.source_attributes import DEFAULT_DOMAIN, source_problem

    for name in names:
        problem = source_problem(name, "users") if name != DEFAULT_DOMAIN else None
        if problem:
            raise click.UsageError(f"{name}: {problem[0]}\n    {problem[1]}")


def _meant(declarations: Declarations, user: str) -> str:
    """The address of the declared user. Raises UsageError where there is none."""
    from reconciler.resolve.one_object import find
    from reconciler.resolve.sources import user_addresses

    address = find(declarations, user)
    if address is not None and is_user(address):
        return address
    users = user_addresses(declarations.users)
    raise unknown_name(f"no user {user!r} is declared", user, users, name_of, "declare the user first")


def _show_expression(text: str, values: dict[str, Any], form: str) -> int:
    """An expression for nobody in particular: only these values are known."""
    from reconciler.cycle.evaluate import trace_expression, values_alone

    return _print_expression(text, lambda: trace_expression(text, values_alone(values), tuple(values)), None, form)


def _show_expression_of(
    text: str, apps: list[App], declarations: Declarations, address: str, values: dict[str, Any], form: str
) -> int:
    from reconciler.cycle.evaluate import trace_expression, values_of_user

    getters = values_of_user(apps, declarations, address, values)
    return _print_expression(text, lambda: trace_expression(text, getters, None), address, form)


def _print_expression(text: str, work: Callable[[], dict[str | None, Traced]], address: str | None, form: str) -> int:
    """What `work` traces by app; an error of the expression with a caret below its column."""
    from reconciler.report.mapping_trace import expressions_json, expressions_text
    from reconciler.resolve.expressions.language import ExpressionError

    try:
        traces = work()
    except ExpressionError as error:
        return _wrong(text, error.message, error.column, error.remedy)
    echo_form(form, expressions_json(traces, address) if form == "json" else expressions_text(traces))
    return ERROR if any(item.state == "error" for item in traces.values()) else 0


def _wrong(text: str, message: str, column: int, remedy: str) -> int:
    """The message with a caret below the very column."""
    window, column = _window(text, column)
    click.echo(f"Error: {plain(message)} [expression]", err=True)
    click.echo(f"    {plain(window)}\n    {' ' * len(plain(window[: column - 1]))}^", err=True)
    click.echo(f"    {plain(remedy)}", err=True)
    return ERROR


def _window(text: str, column: int) -> tuple[str, int]:
    """A window of a long expression around a column, and where the column is in it."""
    start = max(0, min(column - 60, len(text) - 100))
    return text[start : start + 100], column - start


def _show_mappings(
    apps: list[App], declarations: Declarations, address: str, values: dict[str, Any], file: Path | None, form: str
) -> int:
    """Every mapping of each app for one user, or those of a file."""
    from reconciler.cycle.evaluate import derive_users, values_of_user

    if file is not None:
        apps = [replace(_owner(apps, file), users=_users_mapping(file))]
    return _print_mappings(derive_users(apps, values_of_user(apps, declarations, address, values)), address, form)


def _show_file(file: Path, values: dict[str, Any], form: str) -> int:
    """Every mapping of a file for nobody in particular: what has no value here is null, and is named."""
    from reconciler.cycle.evaluate import derive_alone

    derived, lacking = derive_alone(_users_mapping(file), values)
    if lacking:
        click.echo(f"null here: {plain(', '.join(lacking))}\n    add --set NAME=VALUE, or --user for somebody's", err=True)
    return _print_mappings([(None, derived)], None, form)


def _print_mappings(derived: list[tuple[str | None, list[Derived]]], address: str | None, form: str) -> int:
    """(app, its mappings); without an app no user was named."""
    from reconciler.report.mapping_trace import mappings_json, mappings_text

    echo_form(form, mappings_json(derived, address) if form == "json" else mappings_text(derived, address))
    return ERROR if any(item.state == "error" for _, items in derived for item in items) else 0


def _owner(apps: list[App], file: Path) -> App:
    from reconciler.cycle.evaluate import owner

    app = owner(apps, file)
    if app is None:
        raise click.UsageError("--file belongs to no one app: name the app whose roles count with --app")
    return app


def _users_mapping(file: Path) -> ObjectMapping:
    """The mapping of users in a file. What is wrong in it ends the command."""
    from reconciler.cycle.evaluate import users_mapping
    from reconciler.report.problems import as_text

    mapping, problems = users_mapping(file)
    echo(as_text(problems), err=True, nl=False)
    if mapping is None or any(problem.severity == "error" for problem in problems):
        raise click.exceptions.Exit(ERROR)
    return mapping
