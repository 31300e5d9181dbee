"""reconcile test-connection: does the service answer as provisioning needs it to?"""

from __future__ import annotations

import uuid
from pathlib import Path

import click

from reconciler.cli.common import ERROR, chosen, guarded, load_checked, options, worst
from reconciler.cli.output import waiting
from reconciler.cli.stray import takes_no_words
from reconciler.cli.terminal import echo
from reconciler.cycle.connection import connect
from reconciler.cycle.role_connection import try_roles
from reconciler.declare.model import App, Declarations
from reconciler.record.open import store_of


@click.command("test-connection")
@takes_no_words
@options
def test_connection(desired: Path, apps: tuple[str, ...], no_color: bool) -> int:
    """Ask the service for what provisioning needs, and say what works and what does not. Writes nothing.

    Of what does not work it says why, and what to do.
    """
    declarations = load_checked(desired, apps)
    return worst([guarded(lambda app=app: _test(app, declarations)) for app in chosen(declarations, apps)])  # type: ignore[misc]


def _test(app: App, declarations: Declarations) -> int:
    from reconciler.report.safe import plain
    from reconciler.resolve.capabilities import limit
    from reconciler.scim.connection import run_test

    record = store_of(app, declarations).load()
    with connect(app, record, waiting, but=frozenset({429})) as client:
        steps = run_test(client, limit(app), str(uuid.uuid4())) + try_roles(app, client, record)
    echo(plain(app.displayName))
    for step in steps:
        mark = "ok" if step.ok else "FAILED" if step.needed else "warning" if step.warning else "none"
        code = f" [{plain(step.code)}]" if step.code else ""
        echo(f"  {mark}  {plain(step.name)}: {plain(step.message)}{code}")
        if step.remedy:
            echo(f"      {plain(step.remedy)}")
    return ERROR if any(step.needed and not step.ok for step in steps) else 0
