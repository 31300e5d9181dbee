"""What the references of all apps mean together: declarations and the environment in, problems out. Reads the files of tokens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reconciler.declare.model import AppHead
from reconciler.declare.place import Problem
from reconciler.declare.urls import url_problem
from reconciler.scim.credentials import holds, keys_of, reaches, token_name, tokens
from reconciler.scim.errors import CredentialError
from reconciler.scim.origins import LIST, allowed, origin
from reconciler.scim.references import FOREIGN, REFERENCE, VARIABLES, expanded, parts, usable_in_url

Urls = Mapping[tuple[str, str, str], str]


def check_credentials(apps: Iterable[AppHead], environ: Mapping[str, str], others: Iterable[AppHead] = ()) -> list[Problem]:
    """Errors of adminCredentials, as far as this environment can tell; of `others` only what concerns one of the apps."""
    found, beside = reaches(apps), reaches(others)
    urls = {_key(app): url for app in (*found, *beside) if (url := _url(app, environ))}
    return [
        *_of_variables(found, environ),
        *_of_tokens(found),
        *_holding(found, urls, tokens((*found, *beside), environ)),
        *_sent_apart(found, beside, urls, environ),
    ]


def _of_variables(apps: list[AppHead], environ: Mapping[str, str]) -> Iterator[Problem]:
    """What a URL may not take: it goes to the service, and an error may show it."""
    for app in apps:
        for name, _, path in REFERENCE.findall(app.tenantUrl):
            if path:
                yield Problem(
                    app.url_place,
                    "error",
                    "url-variable",
                    f"a {keys_of(app).url} takes nothing from a file",
                    "write the URL, or name a variable that ends in _URL or _HOST",
                )
            elif not usable_in_url(name, environ):
                yield Problem(
                    app.url_place,
                    "error",
                    "url-variable",
                    f"{name} is not a variable for a {keys_of(app).url}",
                    f"give it a name that ends in _URL or _HOST, or add it to {VARIABLES}",
                )


def _of_tokens(apps: list[AppHead]) -> Iterator[Problem]:
    for app in apps:
        for name, _, path in REFERENCE.findall(app.secretToken):
            if name in FOREIGN:
                yield Problem(
                    app.token_place,
                    "error",
                    "foreign-token",
                    f"{name} is not an app's token",
                    "name the variable that holds this app's own",
                )
            elif ".." in path.split("/"):
                yield Problem(
                    app.token_place, "error", "foreign-token", "the path of a token's file has no '..'", "write the whole path"
                )


def _holding(apps: list[AppHead], urls: Urls, secrets: list[str]) -> Iterator[Problem]:
    for app in apps:
        if _key(app) in urls and holds(urls[_key(app)], secrets):
            yield Problem(
                app.url_place,
                "error",
                "token-in-url",
                f"the {keys_of(app).url} holds a token",
                "leave it out, and revoke it: a URL is shown",
            )


def _sent_apart(apps: list[AppHead], others: list[AppHead], urls: Urls, environ: Mapping[str, str]) -> Iterator[Problem]:
    """One token of two services: each could use it on the other. Where the list binds its name, the list decides.

    Of `others` each is compared with the apps alone.
    """
    try:
        bound = {entry.name for entry in allowed(environ)}
    except CredentialError:  # said where the list is used
        return
    first: dict[str, AppHead] = {}
    for app, is_other in (*((app, False) for app in apps), *((app, True) for app in others)):
        name = _name(app, environ)
        if _key(app) not in urls or name is None or name in bound:
            continue
        other = first.get(name, app) if is_other else first.setdefault(name, app)
        if origin(urls[_key(other)]) != origin(urls[_key(app)]):
            place = other.token_place
            yield Problem(
                app.token_place,
                "error",
                "shared-token",
                f"{name} goes to {origin(urls[_key(app)])}, and by {place.file}:{place.line} to {origin(urls[_key(other)])} too",
                f"give each app a token of its own, under its own name; or bind this one to both origins in {LIST}",
            )


def _key(app: AppHead) -> tuple[str, str, str]:
    """An app may have two places to which tokens go."""
    return app.name, app.tenantUrl, app.secretToken


def _url(app: AppHead, environ: Mapping[str, str]) -> str:
    """Empty where the environment lacks a part of it, or it is not a URL."""
    try:
        url = expanded(parts(app.tenantUrl, environ, "")) if "${file:" not in app.tenantUrl else ""
    except CredentialError:
        return ""
    return url if not url_problem(url) else ""


def _name(app: AppHead, environ: Mapping[str, str]) -> str | None:
    try:
        return token_name(app, environ)
    except CredentialError:
        return None
