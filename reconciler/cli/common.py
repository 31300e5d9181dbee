"""What commands share: options, declarations that are checked, exit codes, errors in words."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from reconciler.cli import candidates
from reconciler.cli.output import say_error, say_warning
from reconciler.cli.terminal import echo
from reconciler.cli.wrong_usage import UnknownName
from reconciler.cycle.declarations import checked
from reconciler.declare.errors import ReconcileError
from reconciler.declare.model import App, Declarations
from reconciler.declare.names import fold
from reconciler.declare.warned import Warned
from reconciler.declare.wording import plural
from reconciler.report.colours import BOLD, Colour, uncoloured

ERROR, CHANGES, BLOCKED, STALE, PARTIAL, LOCKED = 1, 2, 3, 4, 5, 6
MOST_LISTED, MOST_MEANT = 20, 5
FIRST_OF = (130, 6, 1, 4, 3, 5, 2, 0)


def worst(codes: list[int]) -> int:
    """One exit code for several apps."""
    return next((code for code in FIRST_OF if code in codes), 0)


no_color_option = click.option("--no-color", is_flag=True, help="No colours; NO_COLOR in the environment does the same.")


def options(command: Callable[..., Any], app: str = "Only this app; may be repeated.") -> Callable[..., Any]:
    """The options of every command; `app` says what --app is for."""
    command = no_color_option(command)
    command = click.option("--app", "apps", multiple=True, metavar="NAME", help=app, shell_complete=candidates.apps)(command)
    return click.option(
        "--desired",
        type=click.Path(path_type=Path, readable=False),
        default=Path("desired"),
        show_default=True,
        help="The folder of the declarations.",
    )(command)


class Seconds(click.FloatRange):
    """0 or more."""

    name = "number of seconds"


lock_option = click.option(
    "--lock-timeout", type=Seconds(min=0), default=0.0, metavar="SECONDS", help="Wait up to this long for the lock."
)


cause_option = click.option(
    "--cause",
    "causes",
    multiple=True,
    type=click.Choice(["config", "drift", "time"]),
    help="Only changes that have no other cause.",
)


def selection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that select a part of a plan."""
    command = cause_option(command)
    return click.option(
        "--only",
        multiple=True,
        metavar="ADDRESS",
        callback=_addresses,
        shell_complete=candidates.addresses,
        help="Only this object, such as User/ada@example.com; may be repeated.",
    )(command)


minimal_option = click.option(
    "--minimal",
    is_flag=True,
    help="Read of the service only what the declaration's change since the last complete apply can touch, or what --only names.",
)
large_option = click.option(
    "--minimal-if-large",
    "if_large",
    is_flag=True,
    help="The same for apps with more objects in their record than their provisioning.minimalOver, and for no other.",
)


refresh_option = click.option(
    "--refresh",
    type=click.Choice(["roles"]),
    multiple=True,
    help="Of roles that an API beside SCIM holds, read everybody's now: one request each.",
)


def _addresses(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not fold(value).startswith(("user/", "group/")):
            raise click.BadParameter(f"{value!r} is not an address\n    " + meant_address(value, candidates.declared(context)))
    return values


def meant_address(name: str, known: list[str]) -> str:
    """What to write for a name, or a part of one."""
    from reconciler.declare.wording import did_you_mean
    from reconciler.resolve.one_object import near

    return did_you_mean(near(name, known), f"write User/{name} or Group/{name}")


def colourer(no_color: bool) -> Colour:
    """What colours a text, where a person reads stdout and wants colours."""
    return uncoloured if no_color or os.environ.get("NO_COLOR") or not sys.stdout.isatty() else _coloured


def _coloured(text: str, name: str) -> str:
    return click.style(text, bold=True) if name == BOLD else click.style(text, fg=name)


def load_checked(desired: Path, apps: tuple[str, ...]) -> Declarations:
    """The declarations; problems are printed to stderr, and errors end the command."""
    from reconciler.report.problems import as_text

    declarations, problems = checked(desired, apps)
    echo(as_text(problems), err=True, nl=False)
    if any(problem.severity == "error" for problem in problems):
        raise click.exceptions.Exit(ERROR)
    known_apps(apps, declarations.names)
    return declarations


def load_for_the_record(desired: Path, apps: tuple[str, ...]) -> tuple[Declarations, list[str]]:
    """The declarations and the apps asked for, for who reads nothing but records: only what says where these lie must be right.

    Other errors are counted, to stderr.
    """
    from reconciler.declare.load import load
    from reconciler.report.problems import as_text

    loaded = load(desired, apps)
    declarations = loaded.declarations
    names = sorted({*declarations.apps, *declarations.partial})
    ours = [problem for problem in loaded.errors if Path(problem.place.file).stem == "reconciler"]
    if ours or not (names or declarations.others):
        echo(as_text(ours or loaded.problems), err=True, nl=False)
        raise click.exceptions.Exit(ERROR)
    if loaded.errors:
        words = f"{plural(len(loaded.errors), 'error')} in the declarations: see `reconcile validate`"
        say_warning(Warned("InvalidDeclaration", words))
    known_apps(apps, {*declarations.names, *names})
    return declarations, [name for name in names if not apps or name in apps]


def known_apps(asked: tuple[str, ...], known: Iterable[str], what: str = "app") -> None:
    """Raises UsageError where --app names one that is not there; `what` says of what there is none."""
    names = sorted(known)
    for name in asked:
        if name not in names:
            raise UnknownName(f"no {what} {name!r}\n    " + meant(name, names))


def meant(name: str, names: list[str]) -> str:
    """Of names: those that hold what was typed, else the one that is most like it, else which there are."""
    from reconciler.declare.wording import did_you_mean, likely

    part, near = fold(name), likely(name, names)
    holding = [known for known in names if part in fold(known)][:MOST_MEANT] if len(part) > 1 else []
    listed = f"there are {len(names)}" if len(names) > MOST_LISTED else "there are " + (", ".join(names) or "none")
    return did_you_mean(holding or near, listed)


def unknown_name(words: str, text: str, addresses: Iterable[str], named: Callable[[str], str], otherwise: str) -> UnknownName:
    """That nothing is called `text`, with what was probably meant as it is `named`, else what to do."""
    from reconciler.declare.wording import did_you_mean
    from reconciler.resolve.one_object import near

    return UnknownName(f"{words}\n    {did_you_mean(map(named, near(text, addresses)), otherwise)}")


def app_folders(desired: Path) -> list[str]:
    """The names of the apps that have a folder, whatever is in it."""
    folders = desired / "apps"
    return [entry.name for entry in folders.iterdir()] if os.access(folders, os.R_OK) else []


def chosen(declarations: Declarations, apps: tuple[str, ...]) -> list[App]:
    """The apps that --app names; all of them where it names none."""
    return [app for name, app in declarations.apps.items() if not apps or name in apps]


def logged(work: Callable[[], None]) -> None:
    """Tell the log of what was done; that this failed does not undo it, and is said."""
    from reconciler.record.store import RecordError

    try:
        work()
    except RecordError as error:
        say_warning(Warned(error.code, f"that was done, and the log does not tell of it: {error}"))


def guarded(work: Callable[[], int], ended: Callable[[ReconcileError], object] = lambda error: None) -> int:
    """Run the work on one app; what a person can cause is said in words, with what to do, and `ended` is called with it."""
    from reconciler.record.store import LeaseLost, Locked, RecordError, Unsaved
    from reconciler.report.plan_file import PlanFileError
    from reconciler.scim.errors import CredentialError, ServiceError

    try:
        return work()
    except (CredentialError, RecordError, PlanFileError, ServiceError) as error:
        say_error(error)
        ended(error)
        return LOCKED if isinstance(error, Locked) else PARTIAL if isinstance(error, (LeaseLost, Unsaved)) else ERROR
