"""The attributes that RFC 7643 knows, and the one that somebody probably meant by another name. Pure."""

from __future__ import annotations

from reconciler.declare.wording import did_you_mean, nearly
from reconciler.resolve.paths import Path

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
NAME = ("formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix")
VALUE = ("value", "display", "type", "primary", "$ref")
ADDRESS = ("formatted", "streetAddress", "locality", "region", "postalCode", "country", "type", "primary")
REFERENCE = ("value", "$ref", "displayName")
USER: dict[str, tuple[str, ...]] = {  # §4.1: attribute -> its sub-attributes
    **dict.fromkeys(("userName", "displayName", "nickName", "profileUrl", "title", "userType", "preferredLanguage", "locale",
                     "timezone", "active", "password", "externalId", "id", "meta", "schemas"), ()),
    **dict.fromkeys(("emails", "phoneNumbers", "ims", "photos", "groups", "entitlements", "roles", "x509Certificates"), VALUE),
    "name": NAME, "addresses": ADDRESS,
}  # fmt: skip
OF_ENTERPRISE: dict[str, tuple[str, ...]] = {  # §4.3
    **dict.fromkeys(("employeeNumber", "costCenter", "organization", "division", "department"), ()), "manager": REFERENCE,
}  # fmt: skip
GROUP: dict[str, tuple[str, ...]] = {"displayName": (), "externalId": (), "id": (), "meta": (), "members": VALUE}  # §4.2


def meant(path: Path, kind: str) -> str | None:
    """What to say of a path that the RFC does not know and that is a slip away from one of its own; `kind` is users or groups.

    None where the path is known, or like nothing that is: a service may have attributes of its own. Of an attribute whose
    parts the RFC lists they are all named, where none is like the one that stands there.
    """
    if path.urn is not None and path.urn.lower() != ENTERPRISE.lower():
        return None
    known = OF_ENTERPRISE if path.urn else USER if kind == "users" else GROUP
    name, prefix = _near(path.attribute, tuple(known)), f"{ENTERPRISE}:" if path.urn else ""
    if name is None:
        return None
    sub = _part(path.sub, known[name]) if path.sub and known[name] else path.sub
    if path.sub and not sub:
        return "one of " + ", ".join(f"{prefix}{name}.{part}" for part in known[name])
    if (name.lower(), sub and sub.lower()) == (path.attribute.lower(), path.sub and path.sub.lower()):
        return None
    return did_you_mean(f"{prefix}{name}{f'.{sub}' if sub else ''}", "")


def _part(word: str, known: tuple[str, ...]) -> str | None:
    """The known part that is meant, also by its beginning: `family` is familyName."""
    longer = [name for name in known if name.lower().startswith(word.lower())]
    return _near(word, known) or (longer[0] if len(longer) == 1 else None)


def _near(word: str, known: tuple[str, ...]) -> str | None:
    """The known word that is this one or a slip away from it."""
    by_name = {name.lower(): name for name in known}
    near = [word.lower()] if word.lower() in by_name else nearly(word, by_name)
    return by_name[near[0]] if near else None
