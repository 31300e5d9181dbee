"""reconcile import: what a service, or Entra, has already, as declarations."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import candidates
from reconciler.cli.common import ERROR, chosen, guarded, load_checked, meant_address, options
from reconciler.cli.only import known_addresses, no_account
from reconciler.cli.output import PERSON, say_warning, waiting
from reconciler.cli.terminal import echo
from reconciler.cli.wrong_usage import BadValue
from reconciler.declare.folders import APP_NAME
from reconciler.declare.warned import Warned

if TYPE_CHECKING:
    from reconciler.adopt.service import Outcome
    from reconciler.declare.model import App, Declarations
    from reconciler.plan.change import Change


@click.command("import")
@partial(options, app="The app to import, declared or new; with --only one that is declared.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="The folder to write to; that of the declarations if left out.",
)
@click.option(
    "--split",
    type=click.Choice(["none", "department"]),
    default="none",
    show_default=True,
    help="One file of users, or one for each department.",
)
@click.option("--force", is_flag=True, help="Replace what an earlier import wrote, and was changed since.")
@click.option(
    "--only",
    metavar="ADDRESS",
    shell_complete=candidates.addresses,
    help="Import the live values of this one object into the file that declares it; declare the account '#ID'.",
)
@click.option(
    "--entra-schema",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, readable=False),
    metavar="FILE",
    help="Mappings and scoping filters from the synchronization schema that Entra lets you download.",
)
@click.option(
    "--entra-directory",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Users, groups, assignments from a folder of Graph's JSON pages or the portal's CSV files.",
)
def import_(
    desired: Path, apps: tuple[str, ...], no_color: bool, out: Path | None, split: str, force: bool, only: str | None,
    entra_schema: Path | None, entra_directory: Path | None,
) -> int:  # fmt: skip
    """Write live accounts, groups and roles as declarations, so that the next plan is empty. Changes nothing on the service.

    --only User/ada@example.com takes what was edited on the service into the file that declares her, comments kept;
    --only '#ID' declares one account that nobody has. --entra-schema and --entra-directory read what Entra exports.
    """
    if entra_directory is not None:
        if only is not None or split != "none" or entra_schema is not None or len(apps) > 1 or force:
            raise click.UsageError("--entra-directory takes --out and one --app, and edits in place")
        return _told(lambda: _directory(entra_directory, out or desired, apps[0] if apps else None))
    target = out or desired
    if only is not None and entra_schema is None:
        if force or split != "none":
            raise click.UsageError("--only edits a file in place: leave --force and --split out")
        return _told(lambda: _one(target, apps, only))
    if len(apps) != 1 or not APP_NAME.fullmatch(apps[0]):
        raise click.UsageError("name one app with --app, in letters, digits, - and _")
    if entra_schema is not None:
        if only is not None or split != "none":
            raise click.UsageError("--entra-schema is used alone: leave --only and --split out")
        return _told(lambda: _schema(entra_schema, target, apps[0], force))
    from reconciler.adopt.service import take_over
    from reconciler.adopt.stage import Request
    from reconciler.cycle.connection import connect

    request = Request(target, desired, apps[0], split, force)
    return _told(lambda: _show(take_over(request, partial(connect, tell=waiting), heard=PERSON), target))


def _schema(file: Path, out: Path, app: str, force: bool) -> int:
    from reconciler.adopt.entra.directory import take_schema
    from reconciler.report.safe import plain

    written, left = take_schema(file, out, app, force)
    for path in written:
        echo(f"wrote {plain(str(out / path))}")
    echo(f"Translated all but {len(left)}." if left else "Translated everything.")
    for line in left:
        say_warning(Warned("NotTranslated", f"not translated: {line}"))
    return 0


def _directory(folder: Path, out: Path, app: str | None) -> int:
    from reconciler.adopt.entra.directory import take_directory
    from reconciler.report.safe import plain

    if app is not None and not APP_NAME.fullmatch(app):
        raise click.UsageError("name the app in letters, digits, - and _")
    written, left = take_directory(folder, out, app)
    for path in written:
        echo(f"wrote {plain(str(out / path))}")
    echo("Everything is as the export says." if not written else f"Brought {plain(str(out))} to what the export says.")
    for line in left:
        say_warning(Warned("NotImported", line))
    return 0


def _one(desired: Path, apps: tuple[str, ...], address: str) -> int:
    from reconciler.adopt.one_object import take_one
    from reconciler.cycle.session import read_and_plan
    from reconciler.plan.selection import Selection
    from reconciler.report.safe import plain
    from reconciler.report.text import last_line

    id = _id_in(address)
    if id is None and not address.lower().startswith(("user/", "group/")):
        known = candidates.declared(click.get_current_context())
        raise BadValue(f"{address!r} is not an address\n    {meant_address(address, known)}")
    declarations = load_checked(desired, apps)
    picked = chosen(declarations, apps)
    if len(picked) != 1:
        raise click.UsageError(f"{address} may be in several apps: name one with --app")
    if id is not None:
        return _account(desired, picked[0], declarations, id)
    known_addresses((address,), declarations, picked)
    with read_and_plan(picked[0], declarations, PERSON, Selection((address,))) as session:
        taken = take_one(desired, session.planned, session.record, address)
    if taken is None:
        echo(plain(f"{address} matches its declaration: nothing to import."))
    else:
        echo(plain(f"Imported {address} in {desired / taken.path}; review it with `git diff`."))
        echo("The plan that follows: " + last_line(taken.plan))
    return 0


def _id_in(address: str) -> str | None:
    """The id of an account that nobody declared, as `access` and plans write it."""
    short = address if address.startswith("#") else address.removeprefix("User/")
    return short.removeprefix("#") if short.startswith("#") else None


def _account(desired: Path, app: App, declarations: Declarations, id: str) -> int:
    from reconciler.adopt.one_account import take_account
    from reconciler.cycle.session import read_and_plan
    from reconciler.report.safe import plain
    from reconciler.report.text import last_line

    with read_and_plan(app, declarations, PERSON) as session:
        if id not in session.planned.context.live.users:
            raise no_account(id)
        taken = take_account(desired, session.planned, session.record, id)
    echo(plain(f"Declared {taken.address} in {', '.join(taken.paths)}; review it with `git diff`."))
    for line in taken.notes:
        say_warning(Warned("NotImported", line))
    echo("The plan that follows: " + last_line(taken.after.plan))
    for change in taken.after.everything:
        if change.address == taken.address:
            say_warning(_still(change))
    return 0


def _told(work: Callable[[], int]) -> int:
    """Run it; a refusal is said in words."""
    from reconciler.adopt.model import ImportRefused
    from reconciler.report.safe import plain

    try:
        return guarded(work)
    except ImportRefused as error:
        words = f"Error: {error.message} [{error.code}]\n    {error.remedy}"
        echo("\n".join(map(plain, words.split("\n"))), err=True)
        return ERROR


def _show(outcome: Outcome, out: Path) -> int:
    from reconciler.cli.workflow_lines import complete_workflows
    from reconciler.cycle.declarations import checked
    from reconciler.declare.wording import plural
    from reconciler.report.safe import plain
    from reconciler.report.text import last_line

    counts = ", ".join(plural(number, kind.removesuffix("s")) for kind, number in outcome.counts.items())
    for path in outcome.written:
        echo(f"wrote {plain(str(out / path))}")
    for path in outcome.removed:
        echo(f"removed {plain(str(out / path))}")
    echo(f"Imported {counts} into {plain(str(out))}.")
    for line in outcome.notes:
        say_warning(Warned("NotImported", line))
    complete_workflows(out, list(checked(out)[0].apps.values()))
    echo("The plan that follows: " + last_line(outcome.plan))
    for change in outcome.plan.changes[:10]:
        say_warning(_still(change))
    return 0


def _still(change: Change) -> Warned:
    """A change that is left although everything was imported."""
    paths = ", ".join(a.path for a in change.attributes)
    return Warned("StillPlanned", f"{change.address} would still {change.action} ({paths}): {change.reason}")
