"""adminCredentials of app.yaml in, what is wrong with its references out. Pure."""

from __future__ import annotations

from typing import Any

from reconciler.declare.notes import Notes
from reconciler.declare.urls import REFERENCE, TOKEN, URL_REMEDIES, _stand_in, url_problem
from reconciler.declare.yaml.document import Document


def check_credentials(document: Document, credentials: dict[str, Any], notes: Notes) -> None:
    token, url = credentials.get("secretToken"), credentials.get("tenantUrl")
    where = ("adminCredentials", "secretToken")
    if isinstance(token, str) and not TOKEN.match(token):
        notes.error(
            document,
            where,
            "literal-secret",
            "a secret token must be a reference, without a default",
            "write ${env:NAME} or ${file:/path}, and revoke a token that was written here",
        )
    if not isinstance(url, str):
        return
    where = ("adminCredentials", "tenantUrl")
    if "${" in REFERENCE.sub("", url):
        notes.error(
            document,
            where,
            "reference",
            "a reference reads ${env:NAME}, ${env:NAME:-default} or ${file:PATH}",
            "fix the reference",
        )
        return
    message = url_problem(REFERENCE.sub(_stand_in, url))
    if message:
        notes.error(document, where, "tenant-url", message, URL_REMEDIES.get(message, "give an https URL"))
