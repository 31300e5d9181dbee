"""Apps that have a record and are not declared any more: nobody plans them, so somebody must be told."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.cli.saying import say
from reconciler.cli.session import recovered, store_named
from reconciler.declare.model import Declarations, fold
from reconciler.declare.plural import plural
from reconciler.record.model import Record
from reconciler.record.store import RecordError


def warn_forgotten(declarations: Declarations) -> None:
    """Say which accounts nobody looks after any more."""
    for app, record in forgotten(declarations):
        if active := len(record.entries.active()):
            say(f"Warning: the app {app} is not declared any more, and its record holds {plural(active, 'account')} that "
                f"{'was' if active == 1 else 'were'} active: nothing is planned or written there")  # fmt: skip
            say("    to take that access away, bring its files back with `assignments: []`, apply, and remove them then; or "
                f"delete the record in {store_named(app, declarations).where()}, and the accounts are nobody's")  # fmt: skip


def left_in(declarations: Declarations, address: str) -> list[str]:
    """The forgotten apps in which a person had an active account."""
    name = fold(address)
    return [app for app, record in forgotten(declarations) if name in map(fold, record.entries.active())]


def forgotten(declarations: Declarations) -> Iterator[tuple[str, Record]]:
    """Each such app, and its record; none where the records cannot be read, since then no app can be planned either."""
    try:
        for name in store_named(next(iter(declarations.apps)), declarations).apps():
            if name not in declarations.apps and (record := recovered(store_named(name, declarations))) is not None:
                yield name, record
    except RecordError:
        return
