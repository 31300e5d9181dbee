"""reconcile access: who has what, on the service and not only declared."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import candidates
from reconciler.cli.common import chosen, load_checked, options
from reconciler.cli.stray import takes_no_words
from reconciler.cli.times import Time
from reconciler.cycle.clock import now
from reconciler.declare.model import App, Declarations
from reconciler.declare.names import fold
from reconciler.record.moments import moved

if TYPE_CHECKING:
    from reconciler.cli.access_evidence import Evidence
    from reconciler.cli.access_past import Asked as AskedPast
    from reconciler.plan.access.had import Had
    from reconciler.plan.access.told import Told

Names = Mapping[str, tuple[str, ...]]  # that are asked for, by `user`, `role` and `group`
FORMATS = ["table", "json", "csv", "html"]


@click.command()
@takes_no_words
@options
@click.option("--user", "people", multiple=True, shell_complete=candidates.users, help="Only of this person; may be repeated.")
@click.option("--role", "roles", multiple=True, help="Only this role, by its displayName; may be repeated.")
@click.option("--group", "groups", multiple=True, help="Only this group; may be repeated.")
@click.option("--privileged", is_flag=True, help="Only what is privileged.")
@click.option("--unmanaged", is_flag=True, help="Only accounts that nobody manages.")
@click.option("--unused", type=Time(), metavar="TIME", help="Only accounts in which nobody signed in for so long: 90d.")
@click.option("--offline", is_flag=True, help="By the record alone: what was last applied, and not what is there.")
@click.option("--at", metavar="TIME", help="Who had what then, by the log: at the end of a day (UTC), or at a time.")
@click.option("--diff", nargs=2, metavar="TIME TIME", help="What was gained, lost and kept between two days or times.")
@click.option(
    "--evidence", type=click.Path(path_type=Path), metavar="FILE", help="Write the answer and what it rests on to a zip."
)
@click.option("--verify", type=click.Path(path_type=Path), metavar="FILE", help="Check such a zip; nothing else is read.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True, help="How to print it.")
def access(
    desired: Path, apps: tuple[str, ...], no_color: bool, people: tuple[str, ...], roles: tuple[str, ...],
    groups: tuple[str, ...], privileged: bool, unmanaged: bool, unused: int | None, offline: bool,
    at: str | None, diff: tuple[str, str] | None,
    evidence: Path | None, verify: Path | None, form: str,
) -> int:  # fmt: skip
    """Show who has which role and group now, accounts that nobody manages included, and what gives it.

    With --at and --diff the log answers, and says of each which change gave it, from which line and commit, and who approved it.
    """
    from reconciler.cli.access_evidence import Evidence, check

    if verify is not None:
        return check(verify)
    _check(at, diff, unmanaged, offline, unused)
    declarations = load_checked(desired, apps)
    picked = chosen(declarations, apps)
    since = None if unused is None else moved(now(), -unused)
    query = {"at": at, "diff": diff, "users": people, "roles": roles, "groups": groups, "privileged": privileged}
    query |= {"unmanaged": unmanaged, "offline": offline, "unusedSince": since}
    kept = None if evidence is None else Evidence(evidence, query, declarations, [app.name for app in picked])
    names = {"user": people, "role": roles, "group": groups}
    if at is not None or diff is not None:
        return _show_past(_past(declarations, picked, names, privileged, desired), at, diff, form, kept)
    from reconciler.cli.access_now import Asked, Only, show_now

    return show_now(Asked(declarations, picked, names, Only(privileged, unmanaged, since), offline), form, kept)


def _check(at: str | None, diff: tuple[str, str] | None, unmanaged: bool, offline: bool, unused: int | None) -> None:
    """Raises UsageError."""
    if at is not None and diff is not None:
        raise click.UsageError("--at and --diff exclude each other")
    if unused is not None and (at is not None or diff is not None or offline):
        raise click.UsageError("--unused is of now, as the service shows it: neither the log nor the record tells of sign-ins")
    if (at is not None or diff is not None) and (unmanaged or offline):
        raise click.UsageError("--unmanaged and --offline are of now: the log tells of accounts that are managed")


def _past(declarations: Declarations, apps: list[App], names: Names, privileged: bool, desired: Path) -> AskedPast:
    from reconciler.cli.access_past import Asked as AskedPast
    from reconciler.cli.known_names import refuse_never_seen
    from reconciler.plan.access.called import Asked

    asked = Asked(*(frozenset(map(fold, names[kind])) for kind in ("user", "role", "group")))
    refuse = partial(refuse_never_seen, declarations, asked=names)

    def pick(row: Had, told: Told, at: str) -> bool:
        return (row.privileged is not False or not privileged) and asked.includes(row, told, at)

    return AskedPast(declarations, apps, pick, desired, refuse, bool(names["user"]))


def _show_past(asked: AskedPast, at: str | None, diff: tuple[str, str] | None, form: str, evidence: Evidence | None) -> int:
    from reconciler.cli.access_past import show_at, show_difference, time_of

    if diff is not None:
        return show_difference(asked, time_of("--diff", diff[0]), time_of("--diff", diff[1]), form, evidence)
    return show_at(asked, time_of("--at", at or ""), form, evidence)
