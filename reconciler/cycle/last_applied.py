"""What app.yaml and reconciler.yaml say otherwise than before about whose token goes where, and where the record lies.

What was said before is in the record; and, since a change can bring a record of its own, in the commits that Git knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from reconciler.cycle.base_commit import base_commit, base_of_event
from reconciler.cycle.earlier_commit import apps_at, is_known, read_at
from reconciler.declare.folders import SUFFIXES
from reconciler.declare.model import App, Declarations
from reconciler.declare.names import fold
from reconciler.declare.place import Place
from reconciler.declare.settings import REF, RecordSettings, record_settings
from reconciler.plan.earlier import APPLIED, Before
from reconciler.plan.model import Caution
from reconciler.record.model import Record

BASE = "before this change"
CODES = {
    "app": "AppRenamed",
    "tenantUrl": "TenantUrlChanged",
    "secretToken": "TokenNameChanged",
    "record": "RecordMoved",
    "signing": "SigningChanged",
    "roles.apiUrl": "TenantUrlChanged",
    "roles.token": "TokenNameChanged",
}
WORDS = {key: key for key in CODES} | {
    "app": "the app's name",
    "record": "the place of the record",
    "signing": "what is asked of the record's signatures",
}
UNSIGNED = "nothing"


def declared(app: App, settings: RecordSettings) -> dict[str, str]:
    """What a record keeps of the declarations: names and places as they are written, and no values behind them."""
    return {
        "app": app.name,
        "tenantUrl": app.tenantUrl,
        "secretToken": app.secretToken,
        "record": _place(settings),
        **_signing(settings),
        **(_beside(app.role_api.url, app.role_api.token) if app.role_api is not None else {}),
    }


def _beside(url: str, token: str) -> dict[str, str]:
    """Of an API beside SCIM that holds the roles."""
    return {"roles.apiUrl": url or "at the origin of tenantUrl", "roles.token": token or "secretToken"}


def cautions(app: App, declarations: Declarations, record: Record | None) -> tuple[Caution, ...]:
    """Each thing that differs from when it was last applied, or from the commit before this change."""
    now = {"signing": UNSIGNED, **declared(app, declarations.record)}
    differing: dict[tuple[str, str], Caution] = {}
    for when, before in _befores(app, declarations, record):
        for key, old in before.items():
            if key in now and old != now[key]:
                where = _where(key, app, declarations.folder)
                text = f"{WORDS[key]} was {old} {when}, and is {now[key]} now"
                differing.setdefault((key, old), Caution(CODES[key], text, where.file, where.line))
    return (*differing.values(), *_not_compared())


def privileged_before(app: App, declarations: Declarations, record: Record | None) -> dict[str, Before]:
    """Folded value of each role that was privileged -> its name, and when: in the commit applied last, or before this change."""
    found: dict[str, Before] = {}
    for when, commit in commits(record):
        for value, name in _privileged_at(commit, declarations, app).items():
            found.setdefault(value, Before(name, when))
    return found


def _privileged_at(commit: str, declarations: Declarations, app: App) -> dict[str, str]:
    """The privileged roles of an app at a commit: folded value -> displayName."""
    name = name_at(commit, declarations, app)
    rows = read_at(commit, f"{declarations.folder}/apps/{name}/roles").get("roles")
    return {
        fold(row["value"]): str(row.get("displayName"))
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, dict) and row.get("privileged") is True and isinstance(row.get("value"), str)
    }


def name_at(commit: str, declarations: Declarations, app: App) -> str:
    """The name that an app bore at a commit."""
    return _at(commit, declarations.folder, app, declarations.names).get("app", app.name)


def _not_compared() -> Iterator[Caution]:
    """Where a pull request's base is not in the checkout, nothing but the record says what was there before."""
    base = base_of_event()
    if base and not is_known(base):
        yield Caution(
            "NotCompared",
            "the commit before this change is not in this checkout, so nobody compared where the record "
            "is and whose token goes where: check out with `fetch-depth: 0`",
        )


def _befores(app: App, declarations: Declarations, record: Record | None) -> Iterator[tuple[str, Mapping[str, str]]]:
    if record is not None and record.declared:
        yield APPLIED, record.declared
    for when, commit in commits(record):
        yield when, _at(commit, declarations.folder, app, declarations.names)


def commits(record: Record | None) -> Iterator[tuple[str, str]]:
    """The commit that was applied last, and the one before this change, as far as they are here."""
    for when, commit in ((APPLIED, record.commit if record is not None else ""), (BASE, base_commit())):
        if commit and is_known(commit):
            yield when, commit


def _at(commit: str, folder: str, app: App, apps: frozenset[str]) -> dict[str, str]:
    """What a commit declares of the app, or of the one that it was: gone now, at the same URL or with the same token."""
    known = apps_at(commit, folder)
    if not known:  # nothing was declared yet
        return {}
    settings = read_at(commit, f"{folder}/reconciler").get("record")
    settings = settings if isinstance(settings, dict) else {}
    earlier = record_settings(settings, folder)
    said = {"record": _place(earlier), **_signing(earlier)}
    for name in (app.name, *(name for name in known if name not in apps)):
        document = read_at(commit, f"{folder}/apps/{name}/app")
        credentials, roles = document.get("adminCredentials"), document.get("roles")
        texts = {
            key: str(credentials[key])
            for key in ("tenantUrl", "secretToken")
            if isinstance(credentials, dict) and key in credentials
        }
        if texts and (name == app.name or texts.get("tenantUrl") == app.tenantUrl or texts.get("secretToken") == app.secretToken):
            beside = {key: str(roles.get(key, "")) for key in ("apiUrl", "token")} if isinstance(roles, dict) else {}
            return {**said, "app": name, **texts, **_beside(beside.get("apiUrl", ""), beside.get("token", ""))}
    return said


def _place(settings: RecordSettings) -> str:
    """As records keep it; of the ref where all lay once, nothing."""
    if settings.backend != "git":
        return f"local {settings.path or '.reconcile'}"
    return f"git {settings.remote}" + (f" {settings.ref}" if settings.ref != REF else "")


def _signing(settings: RecordSettings) -> dict[str, str]:
    """Where commits are to be signed; that they are asked for from now on is nothing to be careful of."""
    if not settings.sign:
        return {}
    named = " or ".join(" of ".join(filter(None, pair)) for pair in settings.allowedIdentities)
    more = {"by": settings.allowedSigners, "by the certificate of": named, "unsigned until": settings.unsignedUntil}
    return {"signing": ", ".join(["sign: true", *(f"{words} {value}" for words, value in more.items() if value)])}


def _where(key: str, app: App, folder: str) -> Place:
    if key in ("record", "signing"):
        files = [file for suffix in SUFFIXES if (file := Path(folder) / f"reconciler{suffix}").is_file()]
        return Place(str(files[0]), 1) if files else Place("", 0)
    if app.role_api is not None and key.startswith("roles."):
        return app.role_api.url_place if key == "roles.apiUrl" else app.role_api.token_place
    return {"app": app.place, "tenantUrl": app.url_place, "secretToken": app.token_place}[key]
