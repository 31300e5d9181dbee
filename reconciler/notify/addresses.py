"""Where an app's events are posted, once the rules of where secrets may go have been kept. Reads what references name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.declare.settings import Webhook
from reconciler.declare.urls import TOKEN, webhook_problem
from reconciler.notify.signature import PREFIX, key_of
from reconciler.notify.target import Target
from reconciler.scim.credentials import foreign, holds
from reconciler.scim.errors import CredentialError, OriginNotAllowed
from reconciler.scim.origins import LIST, allowed, check_name, origin
from reconciler.scim.references import FOREIGN, REFERENCE, expanded, parts, secret_file, usable_in_url

NEW_SECRET = f'set it to what `echo "{PREFIX}$(openssl rand -base64 32)"` prints, and give the receiver the same'


@dataclass(frozen=True)
class Hook:
    """`keys` sign each event; `origin` is all of the address that may be shown."""

    url: str = field(repr=False)
    keys: tuple[bytes, ...] = field(repr=False)
    format: str
    origin: str


def resolve(target: Target, webhook: Webhook, environ: Mapping[str, str]) -> Hook:
    """The address and the keys. Raises CredentialError, before any request could be sent."""
    what = f"the webhook of {target.app}"
    url = _url(webhook, environ, what)
    here, entries = origin(url), allowed(environ)
    names = [_name(secret, environ, what) for secret in webhook.secrets or (webhook.url,)]
    if here not in {entry.origin for entry in entries}:
        raise OriginNotAllowed(
            f"{what} points to {here}, where nothing has been allowed to go",
            f"if events may go there, add {here}={names[0]} to {LIST}",
        )
    for name in names:
        check_name(target.app, here, name, entries, "webhook secret")
    if holds(url, [*foreign(environ), *_token(target, environ)]):
        raise CredentialError(f"the address of {what} holds a token", "leave it out, and revoke it")
    return Hook(url, tuple(_key(secret, environ, what) for secret in webhook.secrets), webhook.format, here)


def _url(webhook: Webhook, environ: Mapping[str, str], what: str) -> str:
    """As a whole it may come from anywhere, since it may be a secret; a part of it only from what is no secret."""
    for name, _, path in REFERENCE.findall(webhook.url):
        if name in FOREIGN or not (TOKEN.match(webhook.url) or (not path and usable_in_url(name, environ))):
            raise CredentialError(
                f"{what} takes {name or 'a file'} for its address", "name a variable that ends in _URL or _HOST"
            )
    url = expanded(parts(webhook.url, environ, what)).strip()
    if problem := webhook_problem(url):
        raise CredentialError(f"{what}: {problem}", "give an https URL without user information and dot segments")
    return url


def _token(target: Target, environ: Mapping[str, str]) -> list[str]:
    """The app's own token, as far as it is at hand."""
    try:
        return [expanded(parts(target.token, environ, "")).strip()]
    except CredentialError:
        return []


def _name(reference: str, environ: Mapping[str, str], what: str) -> str:
    """The name of a secret, as the list of origins binds it; empty for an address that is written out."""
    match = REFERENCE.fullmatch(reference)
    if match is None:
        return ""
    if match[1] in FOREIGN:
        raise CredentialError(f"{what} takes {match[1]} for its secret", "name a secret of its own")
    return match[1] or f"file:{secret_file(match[3], environ, what)}"


def _key(reference: str, environ: Mapping[str, str], what: str) -> bytes:
    try:
        return key_of(expanded(parts(reference, environ, f"the secret of {what}")).strip())
    except ValueError as error:
        raise CredentialError(f"the secret of {what} cannot sign: {error}", NEW_SECRET) from None
