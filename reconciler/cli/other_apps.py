"""Apps that have a record beside those that are declared: nobody plans them here, so somebody must be told."""

from __future__ import annotations

from reconciler.cli.output import say, say_warning
from reconciler.cycle.other_apps import forgotten
from reconciler.declare.model import Declarations
from reconciler.declare.warned import Warned
from reconciler.declare.wording import plural
from reconciler.record.open import store_named
from reconciler.record.store import RecordError


def warn_forgotten(declarations: Declarations) -> None:
    """Say which accounts nobody looks after here."""
    for app, record in forgotten(declarations):
        if isinstance(record, RecordError):
            words = f"the app {app} is not declared in {declarations.folder}, and its record cannot be read: {record}"
            say_warning(Warned(record.code, words))
        elif active := len(record.entries.active()):
            where = store_named(app, declarations).where()
            holds = f"{plural(active, 'account')} that {'was' if active == 1 else 'were'} active"
            words = (
                f"the app {app} is not declared in {declarations.folder}, and its record, {where}, holds {holds}: "
                "nothing is planned or written there"
            )
            say_warning(Warned("AppNotDeclared", words))
            say(
                "    if it is declared nowhere else: to end that access, restore its files with `assignments: []`, "
                "apply, and remove them then"
            )
