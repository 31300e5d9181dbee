"""One app in, what its log and its record tell of the past out. Reads the record."""

from __future__ import annotations

from reconciler.declare.model import App, Declarations
from reconciler.plan.access.had import Past, past
from reconciler.record.log.read import records_of
from reconciler.record.open import recovered, store_of


def past_of(app: App, declarations: Declarations) -> Past:
    """Raises RecordError."""
    store = store_of(app, declarations)
    names = {key: role.displayName for key, role in app.roles.items()}
    found = past(records_of(store.log_blocks()), recovered(store), names)
    found.told.privileged |= {role.key for role in app.roles.values() if role.privileged}
    return found
