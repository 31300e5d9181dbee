"""notification of app.yaml in, who is told of what out, with what is wrong in it. Pure."""

from __future__ import annotations

from typing import Any

from reconciler.declare.notes import Notes
from reconciler.declare.settings import TOLD, TOLD_BY_DEFAULT, Notification, Webhook
from reconciler.declare.urls import REFERENCE, TOKEN, URL_REMEDIES, _stand_in, webhook_problem
from reconciler.declare.yaml.document import Document

TOP = "notification"
HOOK = (TOP, "webhook")
NAMES = {"slack": "Slack", "teams": "Teams"}


def read_notification(document: Document, notes: Notes) -> Notification:
    """What app.yaml says, defaults for the rest."""
    data = document.data.get(TOP, {})
    if not data:
        return Notification()
    webhook = _webhook(document, data["webhook"], notes) if data.get("webhook") else None
    if not data.get("email") and webhook is None and "email" not in data and "webhook" not in data:
        notes.warning(
            document, (TOP,), "nobody-told", "nobody is notified: there is no email and no webhook", "add `email: [...]`"
        )
    return Notification(_texts(data.get("email")), _kinds(document, data, notes), webhook, data.get("remindAfter"))


def _texts(items: list[Any] | None) -> tuple[str, ...]:
    """Those of a list; what is none has been reported, and left out."""
    return tuple(item for item in items or () if isinstance(item, str))


def _kinds(document: Document, data: dict[str, Any], notes: Notes) -> tuple[str, ...]:
    asked, failures = data.get("on", TOLD_BY_DEFAULT), data.get("onFailure", True)
    if not failures and "on" in data and "failure" in asked:
        notes.error(
            document,
            (TOP, "onFailure"),
            "contradiction",
            "onFailure is false, and `on` lists failure",
            "leave out one of the two",
        )
    return tuple(kind for kind in TOLD if kind in asked and (failures or kind != "failure"))


def _webhook(document: Document, data: dict[str, Any], notes: Notes) -> Webhook:
    url, secret, form = data.get("url"), data.get("secret"), data.get("format", "standard")
    secrets = _texts([secret] if isinstance(secret, str) else secret)
    if isinstance(url, str):
        _check_url(document, url, form, notes)
    if form in NAMES and secrets:
        notes.error(document, (*HOOK, "secret"), "unused", f"{NAMES[form]} checks no signature", "leave out secret")
    elif form == "standard" and not secrets and "secret" not in data:
        notes.error(
            document,
            HOOK,
            "missing-key",
            "the webhook has no secret: its receiver could not tell our events from anybody's",
            "add `secret: ${env:HOOK_SECRET}`, whose value begins with whsec_, and give the receiver the same",
        )
    for number, item in enumerate(secrets):
        if not TOKEN.match(item):
            where = (*HOOK, "secret") if isinstance(secret, str) else (*HOOK, "secret", number)
            notes.error(
                document,
                where,
                "literal-secret",
                "a signing secret must be a reference, without a default",
                "write ${env:NAME} or ${file:/path}, and replace a secret that was written here",
            )
    return Webhook(str(url), secrets, form)


def _check_url(document: Document, url: str, form: str, notes: Notes) -> None:
    where = (*HOOK, "url")
    if form in NAMES and not TOKEN.match(url):
        notes.error(
            document,
            where,
            "literal-secret",
            f"the address of a {NAMES[form]} webhook is a secret: anyone who has it can write to the channel",
            "write ${env:NAME_URL} or ${file:/path}, and replace an address that was written here",
        )
    elif "${" in REFERENCE.sub("", url):
        notes.error(document, where, "reference", "a reference reads ${env:NAME} or ${file:PATH}", "correct the reference")
    elif message := webhook_problem(REFERENCE.sub(_stand_in, url)):
        notes.error(document, where, "webhook-url", message, URL_REMEDIES.get(message, "give an https URL"))
