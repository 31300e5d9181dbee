"""Apps that have a record beside those that are declared: nobody plans them here, so somebody must be told."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.cli.saying import say
from reconciler.cli.session import recovered, store_named
from reconciler.declare.model import Declarations, fold
from reconciler.declare.plural import plural
from reconciler.record.model import Record
from reconciler.record.store import RecordError


def warn_forgotten(declarations: Declarations) -> None:
    """Say which accounts nobody looks after here."""
    for app, record in forgotten(declarations):
        if isinstance(record, RecordError):
            say(f"Warning: the app {app} is not declared in {declarations.folder}, and its record cannot be read: {record}")
        elif active := len(record.entries.active()):
            where = store_named(app, declarations).where()
            holds = f"{plural(active, 'account')} that {'was' if active == 1 else 'were'} active"
            say(f"Warning: the app {app} is not declared in {declarations.folder}, and its record, {where}, holds {holds}: "
                "nothing is planned or written there")  # fmt: skip
            say("    if it is declared nowhere else, and that access is to end: bring its files back with `assignments: []`, "
                "apply, and remove them then")  # fmt: skip


def left_in(declarations: Declarations, address: str) -> list[str]:
    """Those apps in which a person had an active account, as far as is known."""
    name = fold(address)
    return [app for app, record in forgotten(declarations)
            if isinstance(record, RecordError) or name in map(fold, record.entries.active())]  # fmt: skip


def forgotten(declarations: Declarations) -> Iterator[tuple[str, Record | RecordError]]:
    """Each such app, and its record or why that cannot be read; none where records cannot be looked for at all."""
    try:
        found = store_named(next(iter(declarations.apps)), declarations).apps()
    except RecordError:
        return
    for app in found:
        try:
            if app not in declarations.apps and (record := recovered(store_named(app, declarations))) is not None:
                yield app, record
        except RecordError as error:
            yield app, error
