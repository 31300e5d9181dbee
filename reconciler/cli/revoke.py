"""reconcile revoke: the person who must be out now, in every app."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from reconciler.cli import candidates
from reconciler.cli.common import ERROR, chosen, load_checked, lock_option, options, worst
from reconciler.cli.interrupt import INTERRUPTED
from reconciler.cli.jobs import jobs_option, under_locks
from reconciler.cli.only import no_account
from reconciler.cli.output import say
from reconciler.cli.plan import show_plans
from reconciler.cli.revoke_found import Found
from reconciler.cli.terminal import echo
from reconciler.cli.write import vanishing, write
from reconciler.cli.wrong_usage import UnknownName
from reconciler.cycle.other_apps import left_in
from reconciler.declare.model import Declarations
from reconciler.declare.names import is_user, name_of
from reconciler.plan.change import Change

if TYPE_CHECKING:
    from reconciler.cli.revoke_found import Part
    from reconciler.cycle.session import Session
    from reconciler.plan.live import LiveObject


@click.command()
@options
@click.argument("user", required=False, shell_complete=candidates.users)
@click.option("--id", "id", metavar="ID", help="An account that nobody declared, by its id on the service of one app.")
@click.option("--reason", help="Why; it is shown in the record, the log and plans.")
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
@lock_option
@jobs_option("Apps at a time.")
def revoke(
    desired: Path, apps: tuple[str, ...], no_color: bool, user: str | None, id: str | None, reason: str | None,
    auto_approve: bool, lock_timeout: float, jobs: int,
) -> int:  # fmt: skip
    """Disable a person's account in every app at once, and keep it so until the declaration agrees.

    With --id it is one account of one app that nobody declared, kept so until `reconcile record forget 'User/#ID'`.

    It goes past every safeguard but protected and lockout.
    """
    _check(user, id, auto_approve)
    declarations = _loaded(desired, apps)
    if vanishing(declarations):
        return ERROR
    picked = chosen(declarations, apps)
    if user is None and len(picked) != 1:
        raise click.UsageError("an id means one service: name its app with --app")
    address = _address(user, id, declarations)
    with ExitStack() as stack:
        found = Found(declarations, address, reason, lock_timeout, stack)
        looked = under_locks([(app, partial(found.look, app)) for app in picked], jobs)
        if INTERRUPTED in looked:
            return INTERRUPTED
        elsewhere = [] if apps or user is None else left_in(declarations, address)
        parts = [found.ready[app.name] for app in picked if app.name in found.ready]
        if not _is_known(address, parts):
            if elsewhere:
                return worst([*looked, *_out_of_reach(address, elsewhere)])
            if not any(looked):
                raise _nobody(user, declarations, parts) if user is not None else no_account(str(id))
        if not _agreed(user or f"the account {id}", parts, auto_approve, no_color):
            return ERROR
        works = [(session.app, partial(_put_out, session, changes, address)) for session, changes in parts]
        return worst([*looked, *under_locks(works, jobs), *_out_of_reach(address, elsewhere)])


def _check(user: str | None, id: str | None, auto_approve: bool) -> None:
    """Raises UsageError."""
    if (user is None) == (id is None):
        raise click.UsageError("name a person, or with --id one account that nobody declared")
    if not auto_approve and not sys.stdin.isatty():
        raise click.UsageError("no terminal to ask on: add --auto-approve")


def _address(user: str | None, id: str | None, declarations: Declarations) -> str:
    from reconciler.cycle.revoke import address_by_id, address_of

    return address_of(user, declarations) if user is not None else address_by_id(str(id))


def _is_known(address: str, parts: Iterable[Part]) -> bool:
    from reconciler.cycle.revoke import is_known

    return any(is_known(session, address) for session, _ in parts)


def _agreed(user: str, ready: list[Part], auto_approve: bool, no_color: bool) -> bool:
    """Show what is to be written, and ask."""
    from reconciler.cycle.revoke import plan_of

    show_plans([plan_of(session, changes) for session, changes in ready], "text", no_color)
    if ready and not auto_approve and not click.confirm(f"Revoke {user} now?", err=True):
        echo("Nothing was written.", err=True)
        return False
    return True


def _out_of_reach(address: str, apps: list[str]) -> Iterator[int]:
    """An error for each app that is not declared here, and has an account of the person by its record."""
    for app in apps:
        say(
            f"Error: the app {app} is not declared here, and by its record {address} may have an active account there: it was "
            "not revoked [AppNotDeclared]"
        )
        say("    revoke it from where the app is declared; else disable the account there by hand")
        yield ERROR


def _nobody(user: str, declarations: Declarations, parts: Iterable[Part]) -> UnknownName:
    recorded = [name for session, _ in parts for name in session.planned.context.entries]
    return UnknownName(f"no user {user!r} is declared or recorded\n    {_meant(user, declarations, recorded)}")


def _meant(user: str, declarations: Declarations, recorded: list[str]) -> str:
    """Only a slip of the keyboard away: whoever is named here is about to be locked out."""
    from reconciler.declare.wording import did_you_mean
    from reconciler.report.safe import plain
    from reconciler.resolve.one_object import called, near
    from reconciler.resolve.sources import user_addresses

    people = [*user_addresses(declarations.users), *(address for address in recorded if is_user(address))]
    names = [name_of(address) for address in near(user, people) or called(user, declarations.users)]
    return plain(did_you_mean(names, "give the userPrincipalName as it is declared, or was"))


def _loaded(desired: Path, apps: tuple[str, ...]) -> Declarations:
    """Whoever is in a hurry needs a way past a declaration that is in error."""
    try:
        return load_checked(desired, apps)
    except click.exceptions.Exit:
        say("Nobody was revoked: fix the declaration, or revoke from its last good commit, or disable the accounts by hand")
        raise


def _put_out(session: Session, changes: tuple[Change, ...], address: str) -> int:
    """Write, and look whether the person is out."""
    from reconciler.cycle.revoke import accounts_before, request_of

    accounts = accounts_before(session, address)
    code = write(session, changes, request_of(session, address))
    return code if code == INTERRUPTED else worst([code, *_still_in(session, accounts)])


def _still_in(session: Session, accounts: list[LiveObject]) -> Iterator[int]:
    """An error for each account of the person that the service still shows as active."""
    from reconciler.cycle.revoke import still_active

    for account, is_managed in still_active(session, accounts):
        why = "the service did not disable it" if is_managed else "it is not managed here, so it was left alone"
        say(f"Error: {account.name} is still active in {session.app.displayName}: {why} [StillActive]")
        other = f"`reconcile revoke --app {session.app.name} --id {quote(account.id)}` disables it too, or "
        say(f"    {'' if is_managed else other}disable the account there by hand, now")
        yield ERROR
