"""The driver of the API that holds an app's roles beside SCIM, over the client's one rate. Reads the environment."""

from __future__ import annotations

import os

from reconciler.declare.model import App, RoleApi
from reconciler.record.model import Record
from reconciler.rolesources.drivers import DRIVERS, PATHS
from reconciler.rolesources.source import RoleSource
from reconciler.scim.client import ScimClient
from reconciler.scim.credentials import resolve_role_api


def role_source(app: App, client: ScimClient, record: Record | None) -> RoleSource | None:
    """None where the app has no such API. Raises CredentialError where its token must not go there."""
    return opened(app, app.role_api, client, record)


def opened(app: App, api: RoleApi | None, client: ScimClient, record: Record | None) -> RoleSource | None:
    """The same of an API of which no role need say what it is there."""
    if api is None or api.driver not in DRIVERS:
        return None
    recorded = record.base_url if record is not None else None
    reach = resolve_role_api(app, api, PATHS[api.driver], os.environ, recorded)
    return DRIVERS[api.driver](client.sender.beside(reach.base_url, reach.token))
