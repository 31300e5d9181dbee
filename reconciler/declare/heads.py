"""app.yaml alone in, what others must know of that app out: its name, and where its token goes. Pure.

Nothing is checked that nobody needs: whether the app can be used is for whoever loads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from reconciler.declare.model import Role
from reconciler.declare.names import fold
from reconciler.declare.notes import Notes
from reconciler.declare.place import Place
from reconciler.declare.roles import read_roles
from reconciler.declare.yaml.document import Document


@dataclass(frozen=True)
class Head:
    """An app of which nothing else was read. Places are looked up when there is something to say of them.

    URL and token are empty where app.yaml does not say them, `roles` where nobody needed them.
    """

    name: str
    tenantUrl: str
    secretToken: str
    document: Document = field(repr=False)
    roles: Mapping[str, Role] = field(default_factory=dict)

    @cached_property
    def url_place(self) -> Place:
        return self.document.locate(("adminCredentials", "tenantUrl"))

    @cached_property
    def token_place(self) -> Place:
        return self.document.locate(("adminCredentials", "secretToken"))


def head_of(document: Document, folder: str) -> Head:
    """What app.yaml says; where it says it in no usable way, an app of its folder's name without URL and token."""
    data = document.data if isinstance(document.data, dict) and not document.problems else {}
    name, credentials = data.get("app"), data.get("adminCredentials")
    found = credentials if isinstance(credentials, dict) else {}
    url, token = (text if isinstance(text := found.get(key), str) else "" for key in ("tenantUrl", "secretToken"))
    return Head(name if isinstance(name, str) and fold(name) == fold(folder) else folder, url, token, document)


def roles_in(document: Document | None) -> Mapping[str, Role]:
    """The roles of an app that nobody asked for, by folded displayName; what is wrong in them is for whoever asks for it."""
    if document is not None and not isinstance(document.data, dict):
        return {}
    return read_roles(document, Notes([]))
