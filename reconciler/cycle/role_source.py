"""The driver of the API that holds an app's roles beside SCIM, over the client's one rate. Reads the environment."""

from __future__ import annotations

import os
from typing import NamedTuple

from reconciler.declare.model import App, RoleApi
from reconciler.declare.place import Place
from reconciler.record.model import Record
from reconciler.rolesources.drivers import DRIVERS, PATHS
from reconciler.rolesources.source import RoleSource
from reconciler.scim.client import ScimClient
from reconciler.scim.credentials import resolve
from reconciler.scim.origins import origin


class _Head(NamedTuple):
    """What tells where a token goes: of the API beside SCIM, in the form that an app has it."""

    name: str
    tenantUrl: str
    secretToken: str
    url_place: Place
    token_place: Place


def role_source(app: App, client: ScimClient, record: Record | None) -> RoleSource | None:
    """None where the app has no such API. Raises CredentialError where its token must not go there."""
    api = app.role_api
    if api is None or api.driver not in DRIVERS:
        return None
    head = _Head(app.name, _url(api, client), api.token or app.secretToken, api.url_place, api.token_place)
    reach = resolve(head, os.environ, record.base_url if record is not None else None)
    return DRIVERS[api.driver](client.sender.beside(reach.base_url, reach.token))


def _url(api: RoleApi, client: ScimClient) -> str:
    return api.url or origin(client.base_url) + PATHS[api.driver]
