"""reconcile explain: one object step by step, and what would bring it in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import ERROR, chosen, colourer, guarded, load_checked, options, worst
from reconciler.cli.output import PERSON
from reconciler.cycle.clock import today
from reconciler.declare.model import App, Declarations
from reconciler.declare.names import fold
from reconciler.record.open import recovered, store_of

if TYPE_CHECKING:
    from reconciler.plan.explain.model import Explanation, Step
    from reconciler.record.model import Record
    from reconciler.record.store import Store


@click.command()
@options
@click.argument("user")
@click.option("--offline", is_flag=True, help="Leave the service out.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print it.")
def explain(desired: Path, apps: tuple[str, ...], no_color: bool, user: str, offline: bool, form: str) -> int:
    """Show step by step what becomes of USER, and why. Writes nothing.

    USER is a userPrincipalName in any case, an address such as User/ada@example.com or Group/Networks, or an earlier name.
    """
    from reconciler.report import explain as report

    declarations = load_checked(desired, apps)
    found: list[Explanation] = []
    known: set[str] = set()

    def work(app: App) -> int:
        store = store_of(app, declarations)
        record = recovered(store)
        known.update(record.entries if record else ())
        address = _address(declarations, record, user)
        if address is None:
            return 0
        found.append(
            _offline(app, declarations, record, address, _left_out())
            if offline
            else _online(app, declarations, store, record, address)
        )
        return ERROR if found[-1].steps[0].status == "failure" else 0

    code = worst([guarded(lambda app=app: work(app)) for app in chosen(declarations, apps)])  # type: ignore[misc]
    if form == "json":
        click.echo(report.dumps(found), nl=False)
    else:
        click.echo("\n".join(report.render(item, colourer(no_color)) for item in found), nl=False)
    return code if found or code else _unknown(declarations, known, user)


def _address(declarations: Declarations, record: Record | None, text: str) -> str | None:
    """The declared object that is meant, else the recorded one."""
    from reconciler.resolve.one_object import find

    address = find(declarations, text)
    wanted = {fold(text), fold("User/" + text)}
    return address or next((name for name in record.entries if fold(name) in wanted), None) if record else address


def _left_out() -> Step:
    from reconciler.plan.explain.model import Step

    return Step("connection", "skipped", "--offline leaves the service out")


def _offline(app: App, declarations: Declarations, record: Record | None, address: str, connection: Step) -> Explanation:
    from reconciler.cycle.randomness import SystemChance
    from reconciler.plan.explain.steps import explain as explained
    from reconciler.plan.explain.steps import offline as without_service
    from reconciler.resolve.resolution import resolve

    context = without_service(app, resolve(app, declarations, today()), record)
    return explained(context, address, connection, None, SystemChance())


def _online(app: App, declarations: Declarations, store: Store, record: Record | None, address: str) -> Explanation:
    """As `plan` reads it; where the service cannot be read, that is the first verdict, and the rest goes on without."""
    from reconciler.cycle.randomness import SystemChance
    from reconciler.cycle.session import session
    from reconciler.plan.explain.model import Step
    from reconciler.plan.explain.steps import explain as explained
    from reconciler.scim.errors import CredentialError, ServiceError

    try:
        with session(app, declarations, PERSON, store=store) as now:
            live = now.planned.context.live
            words = f"{len(live.users)} users and {len(live.groups)} groups read from {now.client.shown_url}"
            connection = Step("connection", "success", words)
            return explained(now.planned.context, address, connection, now.planned, SystemChance())
    except (CredentialError, ServiceError) as error:
        failed = Step("connection", "failure", str(error), (), error.remedy or "")
        return _offline(app, declarations, record, address, failed)


def _unknown(declarations: Declarations, recorded: set[str], user: str) -> int:
    from reconciler.report.safe import plain
    from reconciler.resolve.one_object import near
    from reconciler.resolve.sources import group_addresses, user_addresses

    names = [*user_addresses(declarations.users), *group_addresses(declarations.groups), *sorted(recorded)]
    folded = {fold(name): name for name in names}
    hints = [folded[name] for name in near(user, folded)]
    click.echo(f"Error: nothing that is declared or recorded is called {plain(user)!r}", err=True)
    kind = "group" if fold(user).startswith("group/") else "user"
    click.echo(f"    did you mean {plain(', '.join(hints))}?" if hints else f"    declare the {kind} first", err=True)
    return ERROR
