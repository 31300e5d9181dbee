"""reconcile revoke: the person who must be out now, in every app."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from reconciler.cli.apply import blocked, write
from reconciler.cli.common import (
    ERROR,
    Session,
    chosen,
    guarded,
    load_checked,
    meant,
    now,
    options,
    session,
    store_of,
    worst,
)
from reconciler.cli.interrupt import in_turn
from reconciler.cli.plan import show_plans
from reconciler.cli.saying import say
from reconciler.declare.model import App, Declarations, fold
from reconciler.plan.model import Change, Plan
from reconciler.record.model import Record


@click.command()
@options
@click.argument("user")
@click.option("--reason", default="no reason given", show_default=True, help="Why; it stands in the record, the log and plans.")
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
@click.option("--lock-timeout", type=click.FloatRange(min=0), default=0.0, metavar="SECONDS", help="Wait so long for a lock.")
def revoke(
    desired: Path, apps: tuple[str, ...], no_color: bool, user: str, reason: str, auto_approve: bool, lock_timeout: float
) -> int:
    """Disable a person's account in every app at once, and keep it so until the declaration agrees.

    It goes past every safeguard but protected and lockout.
    """
    from reconciler.plan.safeguards.approvals import NEVER_LIFTED
    from reconciler.plan.safeguards.guard import guard

    if not auto_approve and not sys.stdin.isatty():
        raise click.UsageError("no terminal to ask on: add --auto-approve")
    declarations = load_checked(desired, apps)
    address = _address(user, declarations)
    with ExitStack() as stack:
        ready: list[tuple[Session, tuple[Change, ...]]] = []

        def look(app: App) -> int:
            found, changes = _opened(stack, app, declarations, address, reason, lock_timeout)
            if (still := found.planned.context.matching.refused.get(address)) is not None:
                return _waits(app, address, still.removeprefix("User/"))
            found.guarded = guard(found.planned, found.record, now(), changes)
            refused = [verdict for verdict in found.guarded.blocking if verdict.name in NEVER_LIFTED]
            if refused:
                return blocked(found, refused)
            ready.append((found, changes))
            return 0

        looked = [guarded(lambda app=app: look(app)) for app in chosen(declarations, apps)]  # type: ignore[misc]
        if not any(_known(found, address) for found, _ in ready) and not any(looked):
            names = [str(name) for name in declarations.users.column("userPrincipalName")]
            raise click.UsageError(f"no user {user!r} is declared or recorded; {meant(user, names)}")
        show_plans([_shown(*item) for item in ready], "text", no_color)
        if ready and not auto_approve and not click.confirm(f"Revoke {user} now?", err=True):
            click.echo("Nothing was written.", err=True)
            return ERROR
        works = {item[0].app.name: partial(write, *item, occasion=f"revoke: {reason}", only=(address,)) for item in ready}
        return worst([*looked, *in_turn(works)])


def _waits(app: App, address: str, still: str) -> int:
    """Two people bear the name for now: the wrong one must not be taken for the other."""
    say(f"Error: {app.displayName}: the account of {address} is still called {still}, since another one has the name")
    say(f"    `reconcile revoke {still}` disables it; whoever had the name before goes with the next apply")
    return ERROR


def _opened(
    stack: ExitStack, app: App, declarations: Declarations, address: str, reason: str, lock_timeout: float
) -> tuple[Session, tuple[Change, ...]]:
    """One app under its lock, planned as if the person had been revoked before."""
    from reconciler.plan.selection import Selection, select

    store = store_of(app, declarations)
    notice = stack.enter_context(store.lock("reconcile revoke", now(), lock_timeout))
    if notice:
        click.echo(notice, err=True)

    def amend(record: Record) -> None:
        record.revoked[address] = {"at": now(), "reason": reason}

    found = stack.enter_context(session(app, declarations, (), (), store, amend))
    changes, left_out = select(found.planned.context, found.planned.everything, Selection((address,)))
    for text in left_out:
        say(f"Warning: {text}")
    return found, changes


def _shown(found: Session, changes: tuple[Change, ...]) -> Plan:
    """The plan of these changes alone, with the safeguards that hold for them."""
    from reconciler.plan.safeguards.approvals import NEVER_LIFTED

    verdicts = tuple(v.as_json() for v in found.guarded.verdicts if v.name in NEVER_LIFTED)
    return replace(found.planned.plan, changes=changes, access=(), safeguards=verdicts)


def _address(user: str, declarations: Declarations) -> str:
    """The address as it is declared; of somebody who is no longer declared as it was typed."""
    name = user.removeprefix("User/")
    row = declarations.users.index.get(fold(name))
    return "User/" + (name if row is None else str(declarations.users.columns["userPrincipalName"][row]))


def _known(found: Session, address: str) -> bool:
    context = found.planned.context
    declared = fold(address.removeprefix("User/")) in context.resolution.declarations.users.index
    return declared or fold(address) in map(fold, context.entries)
