"""URL and token of an app, once the rules of where a token may go have been kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from reconciler.declare.dot_segments import decoded
from reconciler.declare.model import AppHead, RoleApi
from reconciler.declare.place import Place
from reconciler.declare.urls import PLACEHOLDER, url_problem
from reconciler.scim.errors import CredentialError, UrlNotSet
from reconciler.scim.origins import allowed, check_name, check_origin, origin
from reconciler.scim.references import FOREIGN, REFERENCE, Part, expanded, parts, secret_file, shown, usable_in_url

SHORTEST = 6  # characters of a token that is looked for in other text: a shorter one stands in many by chance


@dataclass(frozen=True)
class Credentials:
    """The token is left out of every representation; `shown` is the URL as plans and records hold it."""

    base_url: str
    token: str = field(repr=False)
    shown: str = ""


class Keys(NamedTuple):
    """What app.yaml calls a URL and a token."""

    url: str = "tenantUrl"
    token: str = "secretToken"


ROLE_API = Keys("roles.apiUrl", "roles.token")


def resolve(app: AppHead, environ: Mapping[str, str], recorded_origin: str | None) -> Credentials:
    """URL and token of an app. Raises CredentialError, before any request could be sent."""
    keys = keys_of(app)
    what, secret = f"the {keys.url} of {app.name}", f"the {keys.token} of {app.name}"
    with _told_at(app.url_place):
        pieces = _pieces(what, app.tenantUrl, environ)
        url = _sound(what, expanded(pieces).rstrip("/"), keys)
    with _told_at(app.token_place):
        name = _name(secret, app.secretToken, environ)
    entries = allowed(environ)
    with _told_at(app.url_place):
        check_origin(app.name, origin(url), name, environ, recorded_origin, keys.url)
    with _told_at(app.token_place):
        check_name(app.name, origin(url), name, entries, keys.token)
        token = _token(secret, app.secretToken, environ)
    with _told_at(app.url_place):
        _check_holds_none(what, url, [token, *foreign(environ)])
    return Credentials(url, token, shown(pieces))


def resolve_role_api(
    app: AppHead, api: RoleApi, path: str, environ: Mapping[str, str], recorded_origin: str | None
) -> Credentials:
    """URL and token of the API beside SCIM that holds an app's roles; the same rules. Raises CredentialError.

    `path`, such as `/v7`, is where it lies on the origin of tenantUrl, for an API that names no URL of its own.
    """
    url = api.url or origin(resolve(app, environ, recorded_origin).base_url) + path
    return resolve(_beside(app, api, url), environ, recorded_origin)


@contextmanager
def _told_at(place: Place) -> Iterator[None]:
    """What is wrong with what stands there is said with where it stands."""
    try:
        yield
    except CredentialError as error:
        raise error.at(place) from None


def _pieces(what: str, text: str, environ: Mapping[str, str]) -> list[Part]:
    for name, _, path in REFERENCE.findall(text):
        if path or not usable_in_url(name, environ):
            raise CredentialError(f"{what} takes {name or 'a file'}", "name a variable that ends in _URL or _HOST")
    return parts(text, environ, what)


def _sound(what: str, url: str, keys: Keys) -> str:
    if problem := url_problem(url):
        raise CredentialError(f"{what}: {problem}", "give an https URL without user information and dot segments")
    if url == PLACEHOLDER:
        raise UrlNotSet(f"{what} is still the placeholder of `reconcile init`", f"write the service's SCIM address as {keys.url}")
    return url


def _check_holds_none(what: str, url: str, secrets: Iterable[str]) -> None:
    if holds(url, secrets):
        raise CredentialError(f"{what} holds a token", "leave it out, and revoke it: a URL is shown")


class Beside(NamedTuple):
    """Where a token goes of an app's API beside SCIM, in the form in which an app has it."""

    name: str
    tenantUrl: str
    secretToken: str
    url_place: Place
    token_place: Place
    keys: Keys


def _beside(app: AppHead, api: RoleApi, url: str) -> Beside:
    keys = Keys(ROLE_API.url if api.url else Keys().url, ROLE_API.token if api.token else Keys().token)
    return Beside(app.name, url, api.token or app.secretToken, api.url_place, api.token_place, keys)


def keys_of(app: AppHead) -> Keys:
    """What app.yaml calls the URL and the token of an app, or of its API beside SCIM."""
    return app.keys if isinstance(app, Beside) else Keys()


def reaches(apps: Iterable[AppHead]) -> list[AppHead]:
    """Each app, and after it its API beside SCIM, where that has a URL or a token of its own."""
    found: list[AppHead] = []
    for app in apps:
        found.append(app)
        api: RoleApi | None = getattr(app, "role_api", None)
        if api is not None and (api.url or api.token):
            found.append(_beside(app, api, api.url or app.tenantUrl))
    return found


def tenant(app: AppHead, environ: Mapping[str, str]) -> str:
    """What tells whether two apps are of one service: the URL, or its text where that cannot be made of it."""
    try:
        return expanded(parts(app.tenantUrl, environ, app.name)).rstrip("/").lower()
    except CredentialError:
        return app.tenantUrl


def token_name(app: AppHead, environ: Mapping[str, str]) -> str:
    """The name of an app's token, as RECONCILE_ALLOWED_ORIGINS binds it: its variable, or `file:` and the whole path.

    Raises CredentialError.
    """
    return _name(f"the secretToken of {app.name}", app.secretToken, environ)


def _name(what: str, text: str, environ: Mapping[str, str]) -> str:
    match = REFERENCE.fullmatch(text)
    if match is None or match[2] is not None or match[1] in FOREIGN:
        raise CredentialError(f"{what} is not a reference to a token of an app", "write ${env:NAME} or ${file:/path}")
    return match[1] or f"file:{secret_file(match[3], environ, what)}"


def at_hand(app: AppHead, environ: Mapping[str, str]) -> bool:
    """Whether the variable or file that holds the token is there; it is not looked into."""
    try:
        name = token_name(app, environ)
        match = REFERENCE.fullmatch(app.secretToken)
        return bool(environ.get(name)) or bool(match and match[3] and secret_file(match[3], environ, "").is_file())
    except CredentialError:
        return False


def tokens(apps: Iterable[AppHead], environ: Mapping[str, str]) -> list[str]:
    """The tokens of the apps, as far as they are at hand, and those that are no app's."""
    return [*foreign(environ), *(token for app in reaches(apps) if at_hand(app, environ) and (token := _quietly(app, environ)))]


def foreign(environ: Mapping[str, str]) -> list[str]:
    """Tokens that are no app's: git's and GitHub's."""
    return [environ[name] for name in FOREIGN if environ.get(name)]


def holds(url: str, secrets: Iterable[str]) -> bool:
    """Whether a URL, as it is or decoded, holds one of the tokens."""
    try:
        texts = [text.casefold() for text in decoded(url)]
    except ValueError:
        texts = [url.casefold()]
    found = [secret.strip().casefold() for secret in secrets]
    return any(len(secret) >= SHORTEST and secret in text for secret in found for text in texts)


def _token(what: str, text: str, environ: Mapping[str, str]) -> str:
    token = expanded(parts(text, environ, what)).strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise CredentialError(
            f"{what} is empty or holds characters no token has",
            "set the variable or file that app.yaml names to the token alone",
        )
    return token


def _quietly(app: AppHead, environ: Mapping[str, str]) -> str:
    try:
        return expanded(parts(app.secretToken, environ, "")).strip()
    except CredentialError:
        return ""
