"""test-connection of the API that holds an app's roles beside SCIM: its steps, and names in roles.yaml that are not there."""

from __future__ import annotations

from reconciler.cycle.clock import now
from reconciler.cycle.role_source import role_source
from reconciler.declare.model import App
from reconciler.plan.role_table import role_table
from reconciler.record.model import Record
from reconciler.rolesources.connection import run_test
from reconciler.scim.client import ScimClient
from reconciler.scim.connection import Step


def try_roles(app: App, client: ScimClient, record: Record | None) -> list[Step]:
    """None where the app has no such API. Raises CredentialError where its token must not go there."""
    source = role_source(app, client, record)
    if source is None:
        return []
    steps, catalog = run_test(source, now())
    if catalog is None:
        return steps
    _, problems = role_table(app, catalog, record.role_api.get("given", {}) if record is not None else {})
    return [*steps, *(Step(f"{p.place.file}:{p.place.line}:{p.place.column}", False, p.message, p.remedy) for p in problems)]
