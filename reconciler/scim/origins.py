"""Where tokens may go: RECONCILE_ALLOWED_ORIGINS, which binds origins to the names of tokens, or what the record knows. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from reconciler.declare.urls import url_problem
from reconciler.scim.errors import CredentialError, OriginNotAllowed

LIST = "RECONCILE_ALLOWED_ORIGINS"
PULL_REQUESTS = ("pull_request", "pull_request_target", "merge_group")
REMEDY = (
    "write origins with the name of the token that goes there, such as https://api.example.com=WIKI_SCIM_TOKEN, with "
    "commas between them"
)
AUTHORITY = re.compile(r"https?://[^/?#\\@\s]+")


class Entry(NamedTuple):
    """An origin, and the name of the token that goes there; empty where every token may that no entry binds."""

    origin: str
    name: str


def allowed(environ: Mapping[str, str]) -> tuple[Entry, ...]:
    """The list; empty where nobody set it, or set it to nothing. Raises CredentialError, also for one without an entry."""
    items = environ.get(LIST, "").split(",")
    found = tuple(_entry(item.strip()) for item in items if item.strip())
    if len(items) > 1 and not found:  # made of variables that nobody set: whoever made it meant to bind something
        raise CredentialError(f"{LIST} holds no origin", REMEDY)
    return found


def origin(url: str) -> str:
    """Scheme, host and port of a URL, ports that are the scheme's own left out."""
    parts = urlsplit(url)
    default = {"https": 443, "http": 80}.get(parts.scheme)
    port = f":{parts.port}" if parts.port not in (None, default) else ""
    host = (parts.hostname or "").lower()
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"


def origin_of(shown: str) -> str | None:
    """The origin of a base URL as a record holds it; None where it has none that can be told."""
    match = AUTHORITY.match(shown)
    return origin(match[0]) if match and not url_problem(match[0]) else None


def check_origin(
    app: str, here: str, name: str, environ: Mapping[str, str], recorded: str | None, key: str = "tenantUrl"
) -> None:
    """Whether a token may go to the origin `here`. Where the list is set, it alone decides, on every event.

    Raises CredentialError; `recorded` is the record's base URL, `key` what app.yaml calls the URL.
    """
    entries = allowed(environ)
    remedy = f"if the token may go there, add {here}={name} to {LIST}"
    if here in {entry.origin for entry in entries}:
        return
    if not entries:
        if environ.get("GITHUB_EVENT_NAME") in PULL_REQUESTS:
            raise OriginNotAllowed(f"a pull request can edit {key}, so {LIST} must be set", remedy)
        if origin_of(recorded) == here if recorded is not None else not environ.get("CI"):
            return
    raise OriginNotAllowed(f"the {key} of {app} points to {here}, where its token has not been allowed to go", remedy)


def check_name(app: str, here: str, name: str, entries: tuple[Entry, ...], key: str = "secretToken") -> None:
    """Whether the token of this name may go to `here`, as far as the list binds either. Raises CredentialError.

    `key` is what names it in app.yaml.
    """
    names = sorted({entry.name for entry in entries if entry.origin == here and entry.name})
    homes = sorted({entry.origin for entry in entries if entry.name == name})
    if homes and here not in homes:
        raise OriginNotAllowed(
            f"the {key} of {app}, {name}, would go to {here}, but {LIST} binds it to {', '.join(homes)}",
            f"give the app a token of its own; or, if {name} may go there too, add {here}={name} to {LIST}",
        )
    if names and name not in names:
        raise OriginNotAllowed(
            f"the {key} of {app}, {name}, would go to {here}, where by {LIST} only {', '.join(names)} goes",
            f"name that one in app.yaml; or, if {name} is right, add {here}={name} to {LIST}",
        )


def _entry(item: str) -> Entry:
    url, binds, name = item.partition("=")
    if len(f"{url.strip()}={name.strip()}".split()) > 1:
        raise CredentialError(f"{LIST}: {item!r} holds a space: entries are parted by commas", REMEDY)
    if url_problem(url.strip()):
        raise CredentialError(f"{LIST}: {item!r} is not an origin", REMEDY)
    if binds and not name.strip():
        raise CredentialError(f"{LIST}: {item!r} names no token", REMEDY)
    return Entry(origin(url.strip()), name.strip())
