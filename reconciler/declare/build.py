"""The documents of one app in, an App out, with what is wrong in them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.declare import profiles
from reconciler.declare.credentials import check_credentials
from reconciler.declare.mappings import object_mapping
from reconciler.declare.model import App
from reconciler.declare.names import fold
from reconciler.declare.notes import Notes
from reconciler.declare.notification import read_notification
from reconciler.declare.place import Problem
from reconciler.declare.role_source import read_role_api
from reconciler.declare.roles import read_roles
from reconciler.declare.safeguards import read_approvals, read_safeguards
from reconciler.declare.settings import Deprovisioning, Provisioning
from reconciler.declare.yaml.document import Document

REMOVAL = ("deprovisioning", "removedFromDirectory")


def build_app(folder: str, documents: Mapping[str, Document], problems: list[Problem]) -> App:
    """Put one app together but for its assignments. Of app.yaml and mappings.yaml there is at least an empty document."""
    notes = Notes(problems)
    document, mappings = documents["app"], documents["mappings"]
    declared, credentials = mappings.data.get("mappings", {}), document.data.get("adminCredentials", {})
    name = _name(folder, document, notes)
    check_credentials(document, credentials, notes)
    roles = read_roles(documents.get("roles"), notes)
    profile, settings = profiles.declared(document, problems)
    deprovisioning = document.data.get("deprovisioning", {})
    return App(
        name=name,
        displayName=document.data.get("displayName") or name,
        profile=profile,
        tenantUrl=str(credentials.get("tenantUrl")),
        secretToken=str(credentials.get("secretToken")),
        provisioning=Provisioning(**_known(Provisioning, document.data.get("provisioning", {}))),
        deprovisioning=Deprovisioning(**_known(Deprovisioning, deprovisioning)),
        roles=roles,
        assignments=(),
        users=object_mapping(mappings, declared, "users", notes),
        groups=object_mapping(mappings, declared, "groups", notes),
        place=document.locate(("app",)),
        url_place=document.locate(("adminCredentials", "tenantUrl")),
        token_place=document.locate(("adminCredentials", "secretToken")),
        settings=settings,
        removal_place=document.locate_key(REMOVAL if REMOVAL[-1] in deprovisioning else ("app",)),
        safeguards=read_safeguards(document, roles, problems),
        approvals=read_approvals(documents["approvals"], problems) if "approvals" in documents else (),
        notification=read_notification(document, notes),
        role_source=read_role_api(document, documents.get("roles"), roles.values(), settings, notes),
    )


def _name(folder: str, document: Document, notes: Notes) -> str:
    name: str = document.data.get("app", folder)
    if fold(name) != fold(folder):
        notes.error(document, ("app",), "app-name", f"the folder is named {folder}, the app {name}", "give both one name")
    return name


def _known(kind: Any, values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key in kind.__dataclass_fields__}
