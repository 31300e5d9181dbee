"""reconcile explain: one object step by step, and what would bring it in."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from reconciler.cli import candidates
from reconciler.cli.approvers import approvers_of
from reconciler.cli.common import ERROR, chosen, colourer, guarded, load_checked, minimal_option, options, unknown_name, worst
from reconciler.cli.output import PERSON
from reconciler.cli.terminal import echo
from reconciler.cli.wrong_usage import UnknownName
from reconciler.declare.model import App, Declarations
from reconciler.declare.names import fold, name_of
from reconciler.record.open import recovered, store_of

if TYPE_CHECKING:
    from reconciler.plan.access.had import Had
    from reconciler.plan.explain.model import Explanation


@click.command()
@options
@click.argument("user", shell_complete=candidates.users)
@click.option("--offline", is_flag=True, help="Leave the service and GitHub out.")
@minimal_option
@click.option("--all", "every", is_flag=True, help="Show attributes and mappings without a value, too.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print it.")
def explain(
    desired: Path, apps: tuple[str, ...], no_color: bool, user: str, offline: bool, minimal: bool, every: bool, form: str
) -> int:  # fmt: skip
    """Show step by step what becomes of USER, and why. Writes nothing.

    The steps are those of Entra: connection, import, scope, match, action, each with its verdict, and what to edit to bring
    somebody in who is skipped. Below them stands when each role and group came, and with whose approval.

    USER is a userPrincipalName in any case, an address such as User/ada@example.com or Group/Networks, or an earlier name.
    """
    from reconciler.cycle.explain import address_of, explain_offline, explain_online
    from reconciler.cycle.minimal import minimal_read
    from reconciler.report import explain as report
    from reconciler.report.had_text import came

    declarations = load_checked(desired, apps)
    explanations: list[Explanation] = []
    histories: list[list[Had]] = []
    recorded: set[str] = set()

    def work(app: App) -> int:
        store = store_of(app, declarations)
        record = recovered(store)
        recorded.update(record.entries if record else ())
        address = address_of(user, declarations, record)
        if address is None:
            return 0
        if offline:
            explanation = explain_offline(app, declarations, record, address)
        else:
            read = minimal_read((address,)) if minimal else None
            explanation = explain_online(app, declarations, record, address, store, PERSON, read)
        histories.append(_history(app, declarations, address))  # first: an app whose log cannot be read is in neither
        explanations.append(explanation)
        return ERROR if explanation.steps[0].status == "failure" else 0

    code = worst([guarded(lambda app=app: work(app)) for app in chosen(declarations, apps)])  # type: ignore[misc]
    if not offline:
        known = approvers_of((row for rows in histories for row in rows), desired)
        histories = [[row._replace(approvers=known) for row in rows] for rows in histories]
    if not explanations and not code:
        raise _unknown(declarations, recorded, user)
    if form == "json":
        click.echo(report.dumps(explanations, histories), nl=False)
    else:
        shown = explanations if every else map(report.with_values, explanations)
        texts = (report.render(item, colourer(no_color)) + came(rows) for item, rows in zip(shown, histories, strict=True))
        echo("\n".join(texts), nl=False)
    return code


def _history(app: App, declarations: Declarations, address: str) -> list[Had]:
    """When somebody came to what they have, and with whose approval; empty where the log knows nothing of them."""
    from reconciler.cycle.clock import now
    from reconciler.cycle.had import past_of_person

    return [row for row in past_of_person(app, declarations, address).at(now()) if fold(row.address) == fold(address)]


def _unknown(declarations: Declarations, recorded: set[str], user: str) -> UnknownName:
    from reconciler.declare.wording import did_you_mean
    from reconciler.resolve.one_object import called
    from reconciler.resolve.sources import group_addresses, user_addresses

    addresses = [*user_addresses(declarations.users), *group_addresses(declarations.groups), *sorted(recorded)]
    if fold(user).startswith("role/"):
        return UnknownName(
            f"{user!r} is a role, not a user or a group\n    who has it: `reconcile access --role {quote(name_of(user))}`"
        )
    kind = "group" if fold(user).startswith("group/") else "user"
    words = f"nothing that is declared or recorded is called {user!r}"
    return unknown_name(words, user, addresses, str, did_you_mean(called(user, declarations.users), f"declare the {kind} first"))
