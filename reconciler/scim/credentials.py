"""References in adminCredentials to a URL and a token, and the rule where a token may go (design.md §3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from reconciler.declare.build import url_problem
from reconciler.declare.model import App
from reconciler.scim.errors import CredentialError

REFERENCE = re.compile(r"\$\{(?:env:([A-Za-z_]\w*)(?::-([^}]*))?|file:([^}]+))\}")
PULL_REQUESTS = ("pull_request", "pull_request_target", "merge_group")


@dataclass(frozen=True)
class Credentials:
    """The token is left out of every representation."""

    base_url: str
    token: str = field(repr=False)


def resolve(app: App, environ: Mapping[str, str], recorded_origin: str | None) -> Credentials:
    """URL and token of an app. Raises CredentialError, before any request could be sent."""
    url = _expand(app.tenantUrl, environ, f"the tenantUrl of {app.name}").rstrip("/")
    problem = url_problem(url)
    if problem:
        raise CredentialError(f"the tenantUrl of {app.name}: {problem}", "give an https URL without user information")
    _check_origin(app.name, url, environ, recorded_origin)
    token = _expand(app.secretToken, environ, f"the secretToken of {app.name}").strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise CredentialError(f"the secretToken of {app.name} is empty or holds characters no token has",
                              "set the variable or file that app.yaml names to the token alone")  # fmt: skip
    return Credentials(url, token)


def at_hand(app: App, environ: Mapping[str, str]) -> bool:
    """Whether the variable or file that holds the token is there; it is not looked into."""
    return all(
        Path(path).is_file() if path else bool(environ.get(name) or default)
        for name, default, path in REFERENCE.findall(app.secretToken)
    )


def origin(url: str) -> str:
    """Scheme, host and port of a URL, ports that are the scheme's own left out."""
    parts = urlsplit(url)
    default = {"https": 443, "http": 80}.get(parts.scheme)
    port = f":{parts.port}" if parts.port not in (None, default) else ""
    return f"{parts.scheme}://{(parts.hostname or '').lower()}{port}"


def _check_origin(app: str, url: str, environ: Mapping[str, str], recorded: str | None) -> None:
    listed = environ.get("RECONCILE_ALLOWED_ORIGINS", "")
    allowed = {_allowed(item.strip()) for item in listed.split(",") if item.strip()}
    here = origin(url)
    remedy = f"if the token may go there, add {here} to RECONCILE_ALLOWED_ORIGINS"
    if environ.get("GITHUB_EVENT_NAME") in PULL_REQUESTS and not allowed:
        raise CredentialError("a pull request can edit tenantUrl, so RECONCILE_ALLOWED_ORIGINS must be set", remedy)
    known = recorded and not url_problem(recorded) and origin(recorded) == here
    if here in allowed or (known and environ.get("GITHUB_EVENT_NAME") not in PULL_REQUESTS):
        return
    if recorded is None and not environ.get("CI") and not allowed:
        return
    raise CredentialError(f"the tenantUrl of {app} points to {here}, where its token has not been allowed to go", remedy)


def _allowed(item: str) -> str:
    if url_problem(item):
        raise CredentialError(f"RECONCILE_ALLOWED_ORIGINS: {item!r} is no origin",
                              "write origins such as https://api.example.com, with commas between them")  # fmt: skip
    return origin(item)


def _expand(text: str, environ: Mapping[str, str], what: str) -> str:
    def value(match: re.Match[str]) -> str:
        name, default, path = match.groups()
        if path is not None:
            try:
                return Path(path).read_text(encoding="utf-8").strip()
            except (OSError, ValueError):  # no text, or a path that cannot be one
                raise CredentialError(f"{what}: the file {path} cannot be read", "create it, or mend the path") from None
        found = environ.get(name) or default
        if not found:
            raise CredentialError(f"{what}: the environment variable {name} is not set", f"set {name}")
        return found

    return REFERENCE.sub(value, text)
