"""The drivers that there are, by the name that app.yaml and profiles have for them."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.rolesources.source import RoleSource
from reconciler.scim.sender import Api

PATHS = {"thousandeyes-v7": "/v7"}  # where the API is, on the origin of tenantUrl


def _thousandeyes(api: Api) -> RoleSource:
    from reconciler.rolesources.thousandeyes import ThousandEyes

    return ThousandEyes(api)


DRIVERS: dict[str, Callable[[Api], RoleSource]] = {"thousandeyes-v7": _thousandeyes}
