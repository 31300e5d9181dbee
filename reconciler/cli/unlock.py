"""reconcile unlock: break a lock whose holder will never return."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from reconciler.cli.common import ERROR, chosen, guarded, load_checked, logged, options
from reconciler.cli.terminal import echo
from reconciler.declare.model import App, Declarations
from reconciler.record.open import store_of


@click.command()
@options
@click.argument("id")
def unlock(desired: Path, apps: tuple[str, ...], no_color: bool, id: str) -> int:
    """Break the lock ID, as `reconcile lock` shows it.

    A holder that is still alive stops writing when it next looks, within two minutes: what is printed says how long to wait
    before the next apply.
    """
    declarations = load_checked(desired, apps)
    return guarded(lambda: _unlock(chosen(declarations, apps), declarations, id))


def _unlock(apps: list[App], declarations: Declarations, id: str) -> int:
    from reconciler.cycle.audited import tell
    from reconciler.record.log.audit import Kind
    from reconciler.report.safe import plain

    for app in apps:
        store = store_of(app, declarations)
        holder = store.read_lock()
        if holder is not None and holder.id == id:
            quiet = store.break_lock(id)
            words, details = f"`reconcile unlock` broke the lock of {holder}", {"lock": holder.as_json()}
            logged(partial(tell, store, Kind.LOCK_BROKEN, words, details))
            echo(f"{app.name}: the lock is broken; {plain(quiet)}")
            return 0
    echo(f"Error: no lock has the id {id!r}: nothing was done [UnknownLock]", err=True)
    echo("    `reconcile lock` shows the locks that there are", err=True)
    return ERROR
