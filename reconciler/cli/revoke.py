"""reconcile revoke: the person who must be out now, in every app."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from reconciler.cli.common import ERROR, chosen, guarded, load_checked, lock_option, options, worst
from reconciler.cli.interrupt import INTERRUPTED, in_turn
from reconciler.cli.output import say, warn
from reconciler.cli.plan import show_plans
from reconciler.cli.write import blocked, vanishing, write
from reconciler.cycle.clock import now
from reconciler.cycle.other_apps import left_in
from reconciler.cycle.session import Session, session
from reconciler.declare.model import App, Declarations
from reconciler.declare.names import fold
from reconciler.plan.model import Change, Plan
from reconciler.record.model import Record
from reconciler.record.open import store_of


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
    from reconciler.plan.safeguards.approvals import NEVER_LIFTED
    from reconciler.plan.safeguards.guard import guard

    if not auto_approve and not sys.stdin.isatty():
        raise click.UsageError("no terminal to ask on: add --auto-approve")
    declarations = _loaded(desired, apps)
    if vanishing(declarations):
        return ERROR
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
        elsewhere = [] if apps else left_in(declarations, address)
        known = any(_known(found, address) for found, _ in ready)
        if not known and elsewhere:
            return worst([*looked, *_out_of_reach(address, elsewhere)])
        if not known and not any(looked):
            names = [name for found, _ in ready for name in found.planned.context.entries]
            raise click.UsageError(f"no user {user!r} is declared or recorded; {_meant(user, declarations, names)}")
        show_plans([_shown(*item) for item in ready], "text", no_color)
        if ready and not auto_approve and not click.confirm(f"Revoke {user} now?", err=True):
            click.echo("Nothing was written.", err=True)
            return ERROR
        works = {item[0].app.name: partial(_put_out, *item, address) for item in ready}
        return worst([*looked, *in_turn(works), *_out_of_reach(address, elsewhere)])


def _out_of_reach(address: str, apps: list[str]) -> Iterator[int]:
    """An error for each app that is not declared here, and has an account of the person by its record."""
    for app in apps:
        say(f"Error: the app {app} is not declared here, and by its record {address} may have an active account there: it was "
            "not revoked")  # fmt: skip
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


def _loaded(desired: Path, apps: tuple[str, ...]) -> Declarations:
    """Whoever is in a hurry needs a way past a declaration that is in error."""
    try:
        return load_checked(desired, apps)
    except click.exceptions.Exit:
        say("Nobody was revoked: mend the declaration, or revoke from its last good commit, or disable the accounts by hand")
        raise


def _put_out(found: Session, changes: tuple[Change, ...], address: str) -> int:
    """Write, and look whether the person is out."""
    assert found.record is not None
    code = write(found, changes, occasion=f"revoke: {found.record.revoked[address]['reason']}", only=(address,))
    return code if code == INTERRUPTED else worst([code, *_still_in(found, address)])


def _still_in(found: Session, address: str) -> Iterator[int]:
    """An error for each account of the person that the service still shows as active."""
    from reconciler.plan.live import project_users
    from reconciler.plan.revoked import accounts_of

    for account in accounts_of(found.planned.context, address):
        shown = found.client.get("Users", account.id)
        if shown is not None and project_users(found.resolution.user_mapping, [shown])[0].active:
            ours = account.id in found.planned.context.matching.addresses
            why = "the service did not disable it" if ours else "it is not managed here, so it was left alone"
            say(f"Error: {account.name} is still active in {found.app.displayName}: {why}")
            say("    disable the account there by hand, now")
            yield ERROR


def _opened(
    stack: ExitStack, app: App, declarations: Declarations, address: str, reason: str | None, lock_timeout: float
) -> tuple[Session, tuple[Change, ...]]:
    """One app under its lock, planned as if the person had been revoked before."""
    from reconciler.plan.outstanding import told_nothing
    from reconciler.plan.selection import Selection, select

    store = store_of(app, declarations)
    notice = stack.enter_context(store.lock("reconcile revoke", now(), lock_timeout))
    if notice:
        say(notice)

    def amend(record: Record) -> None:
        if reason is not None or address not in record.revoked:
            record.revoke(address, now(), reason or "no reason given")
        if (entry := record.entries.get(address)) is not None:
            record.keep(address, told_nothing(entry))

    found = stack.enter_context(session(app, declarations, (), (), store, amend))
    changes, left_out = select(found.planned.context, found.planned.everything, Selection((address,)))
    for text in left_out:
        warn(app, text)
    return found, changes


def _shown(found: Session, changes: tuple[Change, ...]) -> Plan:
    """The plan of these changes alone, with the safeguards that hold for them."""
    from reconciler.plan.access import access
    from reconciler.plan.cost import estimate
    from reconciler.plan.safeguards.approvals import NEVER_LIFTED

    limits = found.client.profile.limits()
    verdicts = tuple(v.as_json() for v in found.guarded.verdicts if v.name in NEVER_LIFTED)
    return replace(found.planned.plan, changes=changes, access=access(found.planned.context, changes), safeguards=verdicts,
                   requests=estimate(changes, limits))  # fmt: skip


def _address(user: str, declarations: Declarations) -> str:
    """The address as it is declared; of somebody who is no longer declared as it was typed."""
    name = user.removeprefix("User/")
    row = declarations.users.index.get(fold(name))
    return "User/" + (name if row is None else str(declarations.users.columns["userPrincipalName"][row]))


def _known(found: Session, address: str) -> bool:
    from reconciler.plan.revoked import accounts_of

    context = found.planned.context
    declared = fold(address.removeprefix("User/")) in context.resolution.declarations.users.index
    return declared or fold(address) in map(fold, context.entries) or bool(accounts_of(context, address))
