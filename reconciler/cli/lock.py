"""reconcile lock: who holds the lock of each app."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.common import chosen, guarded, load_checked, options, worst
from reconciler.cli.terminal import echo
from reconciler.declare.model import App, Declarations
from reconciler.record.open import store_of


@click.command()
@options
def lock(desired: Path, apps: tuple[str, ...], no_color: bool) -> int:
    """Show who holds the lock."""
    declarations = load_checked(desired, apps)
    return worst([guarded(lambda app=app: _show(app, declarations)) for app in chosen(declarations, apps)])  # type: ignore[misc]


def _show(app: App, declarations: Declarations) -> int:
    from reconciler.record.store import NEVER
    from reconciler.report.safe import plain

    holder = store_of(app, declarations).read_lock()
    if holder is None:
        echo(f"{app.name}: not locked")
        return 0
    until = f", until {holder.expires} by its own clock if it is not renewed" if holder.expires != NEVER else ""
    echo(f"{app.name}: locked by {plain(str(holder))}{plain(until)}, id {plain(holder.id)}")
    return 0
