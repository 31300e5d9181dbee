"""reconcile revoke: the person who must be out now, in every app."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import ERROR, chosen, guarded, load_checked, lock_option, options, worst
from reconciler.cli.interrupt import INTERRUPTED, in_turn
from reconciler.cli.output import PERSON, say, warn
from reconciler.cli.plan import show_plans
from reconciler.cli.write import blocked, vanishing, write
from reconciler.cycle.clock import now
from reconciler.cycle.other_apps import left_in
from reconciler.declare.model import App, Declarations
from reconciler.declare.names import fold
from reconciler.plan.model import Change

if TYPE_CHECKING:
    from reconciler.cycle.session import Session


@click.command()
@options
@click.argument("user")
@click.option("--reason", help="Why; it stands in the record, the log and plans.")
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
@lock_option
def revoke(
    desired: Path, apps: tuple[str, ...], no_color: bool, user: str, reason: str | None, auto_approve: bool, lock_timeout: float
) -> int:
    """Disable a person's account in every app at once, and keep it so until the declaration agrees.

    It goes past every safeguard but protected and lockout.
    """
    from reconciler.cycle import revoke as revoking

    if not auto_approve and not sys.stdin.isatty():
        raise click.UsageError("no terminal to ask on: add --auto-approve")
    declarations = _loaded(desired, apps)
    if vanishing(declarations):
        return ERROR
    address = revoking.address_of(user, declarations)
    with ExitStack() as stack:
        ready: list[tuple[Session, tuple[Change, ...]]] = []
        advised: set[str] = set()  # apps of which it was said what else to do

        def look(app: App) -> int:
            opened = revoking.opened_without(app, declarations, PERSON, lock_timeout, address, reason)
            found, changes, left_out = stack.enter_context(opened)
            for text in left_out:
                warn(app, text)
            if (name := revoking.name_in_use(found, address)) is not None:
                advised.add(app.name)
                return _waits(app, address, name)
            if (why := revoking.unanswered(found, address)) is not None:
                return _unanswered(app, address, why)
            found = found.guard(changes, now())
            if forbidding := revoking.forbidding(found):
                return blocked(found, forbidding)
            ready.append((found, changes))
            return 0

        looked = [
            _or_by_hand(app, address, guarded(lambda app=app: look(app)), advised)  # type: ignore[misc]
            for app in chosen(declarations, apps)
        ]
        elsewhere = [] if apps else left_in(declarations, address)
        known = any(revoking.is_known(found, address) for found, _ in ready)
        if not known and elsewhere:
            return worst([*looked, *_out_of_reach(address, elsewhere)])
        if not known and not any(looked):
            names = [name for found, _ in ready for name in found.planned.context.entries]
            raise click.UsageError(f"no user {user!r} is declared or recorded; {_meant(user, declarations, names)}")
        show_plans([revoking.plan_of(*item) for item in ready], "text", no_color)
        if ready and not auto_approve and not click.confirm(f"Revoke {user} now?", err=True):
            click.echo("Nothing was written.", err=True)
            return ERROR
        works = {found.app.name: partial(_put_out, found, changes, address) for found, changes in ready}
        return worst([*looked, *in_turn(works), *_out_of_reach(address, elsewhere)])


def _out_of_reach(address: str, apps: list[str]) -> Iterator[int]:
    """An error for each app that is not declared here, and has an account of the person by its record."""
    for app in apps:
        say(
            f"Error: the app {app} is not declared here, and by its record {address} may have an active account there: it was "
            "not revoked"
        )
        say("    revoke it from where the app is declared; else disable the account there by hand")
        yield ERROR


def _meant(user: str, declarations: Declarations, recorded: list[str]) -> str:
    """Only a slip of the keyboard away: whoever is named here is about to be locked out."""
    from reconciler.report.safe import plain
    from reconciler.resolve.one_object import near
    from reconciler.resolve.sources import user_addresses

    names = [*user_addresses(declarations.users), *(name for name in recorded if name.startswith("User/"))]
    folded = {fold(name): name.partition("/")[2] for name in names}
    hints = [repr(folded[name]) for name in near(user, folded)]
    return f"did you mean {plain(' or '.join(hints))}?" if hints else "give the userPrincipalName as it is declared, or was"


def _waits(app: App, address: str, still: str) -> int:
    """Two people bear the name for now: the wrong one must not be taken for the other."""
    say(f"Error: {app.displayName}: the account of {address} is still called {still}, since another one has the name")
    say(f"    `reconcile revoke {still}` disables it; whoever had the name before goes with the next apply")
    return ERROR


def _unanswered(app: App, address: str, why: str) -> int:
    say(f"Error: {app.displayName}: nobody knows whether {address} has an account: {why}")
    return ERROR


def _or_by_hand(app: App, address: str, code: int, advised: Collection[str]) -> int:
    """Where nothing worked the account is to be disabled there."""
    if code == ERROR and app.name not in advised:
        say(f"    {address} was not revoked in {app.displayName}: disable the account there by hand, now")
    return code


def _loaded(desired: Path, apps: tuple[str, ...]) -> Declarations:
    """Whoever is in a hurry needs a way past a declaration that is in error."""
    try:
        return load_checked(desired, apps)
    except click.exceptions.Exit:
        say("Nobody was revoked: mend the declaration, or revoke from its last good commit, or disable the accounts by hand")
        raise


def _put_out(found: Session, changes: tuple[Change, ...], address: str) -> int:
    """Write, and look whether the person is out."""
    from reconciler.cycle.revoke import request_of

    code = write(found, changes, request_of(found, address))
    return code if code == INTERRUPTED else worst([code, *_still_in(found, address)])


def _still_in(found: Session, address: str) -> Iterator[int]:
    """An error for each account of the person that the service still shows as active."""
    from reconciler.cycle.revoke import still_active

    for account, is_managed in still_active(found, address):
        why = "the service did not disable it" if is_managed else "it is not managed here, so it was left alone"
        say(f"Error: {account.name} is still active in {found.app.displayName}: {why}")
        say("    disable the account there by hand, now")
        yield ERROR
