"""An app under a new name: its record, with what it protects and who is in it, stays under the old one until it is moved."""

from __future__ import annotations

from reconciler.cycle.other_apps import forgotten
from reconciler.declare.model import App, Declarations
from reconciler.record.model import Record
from reconciler.record.store import RecordError
from reconciler.scim.origins import origin, origin_of


def refuse_renamed(app: App, declarations: Declarations, base_url: str) -> None:
    """Raises RecordError where an app without a record is at a service for which an app that is gone has one.

    Without that record no account would be protected, no limit remembered, and no leaver known.
    """
    for old, record in forgotten(declarations):
        if isinstance(record, Record) and origin_of(record.base_url) == origin(base_url) and _holds(record):
            raise RecordError(
                f"{app.name} has no record, and the app {old}, which is no longer declared, has one of {origin(base_url)}: "
                "under a new name an app would lose its protections, its limits and its leavers",
                f"give the app its old name back, displayName is what people see; or move the record: `reconcile record migrate "
                f"--from-app {old} --app {app.name}`",
            )


def _holds(record: Record) -> bool:
    return bool(record.entries or record.protected or record.limits or record.revoked)
