"""Which API holds an app's roles beside SCIM, from app.yaml, its profile and roles.yaml; what is wrong with it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.declare.model import Role, RoleApi
from reconciler.declare.notes import Notes
from reconciler.declare.urls import REFERENCE, TOKEN, URL_REMEDIES, USER_INFORMATION, _stand_in, url_problem
from reconciler.declare.yaml.document import Document

NONE = "none"
REMEDIES = URL_REMEDIES | {USER_INFORMATION: "leave out what is before @; the token is given as roles.token"}


def read_role_api(
    document: Document, roles_file: Document | None, roles: Iterable[Role], settings: Mapping[str, Any], notes: Notes
) -> RoleApi | None:
    """None where neither app.yaml nor the profile names one."""
    said = document.data.get("roles", {})
    _check(document, said, notes)
    driver = said.get("driver", document.data.get("roleSource", settings.get("roleSource", NONE)))
    if driver == NONE:
        return None
    return RoleApi(
        driver,
        said.get("apiUrl", ""),
        said.get("token", ""),
        roles_file is not None and roles_file.data.get("assertive") is True,
        next((role.grant.place for role in roles if role.grant is not None), document.locate(("app",))),
        document.locate(("roles", "apiUrl") if "apiUrl" in said else ("adminCredentials", "tenantUrl")),
        document.locate(("roles", "token") if "token" in said else ("adminCredentials", "secretToken")),
    )


def _check(document: Document, said: Mapping[str, Any], notes: Notes) -> None:
    if said.get("driver", (short := document.data.get("roleSource"))) != short and short is not None:
        words = f"roleSource is {short}, and the driver of roles is {said['driver']}"
        notes.error(document, ("roleSource",), "duplicate", words, "say it once")
    token, url = said.get("token"), said.get("apiUrl")
    if isinstance(token, str) and not TOKEN.match(token):
        words, remedy = "a secret token must be a reference, without a default", "write ${env:NAME} or ${file:/path}"
        notes.error(document, ("roles", "token"), "literal-secret", words, f"{remedy}, and revoke a token that was written here")
    if isinstance(url, str) and (wrong := url_problem(REFERENCE.sub(_stand_in, url))):
        notes.error(document, ("roles", "apiUrl"), "tenant-url", wrong, REMEDIES.get(wrong, "give an https URL"))
