"""What the administrative API of ThousandEyes (v7) says and is told: JSON in, people, roles and what they hold out, and back.

Read is `accountGroup.aid` and `roles[].roleId`, written is `accountGroupId` and `roleIds`; ids are strings throughout. No I/O.
Field names: developer.cisco.com/docs/thousandeyes, administrative API.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from reconciler.rolesources.model import EVERYWHERE, Edit, Grant, Holding, Named, Person
from reconciler.scim.errors import ReadError
from reconciler.scim.identity import another

Data = Mapping[str, Any]
EMAIL = re.compile(r"[^\s<>()\"',;]+@[^\s<>()\"',;]+\.[^\s<>()\"',;]+")
SIGNING_IN = ("login", "logged", "logout")  # how the events of the log begin that change nobody


class Profile(NamedTuple):
    """What GET /users/{id} says of a person, and PUT must hold too, so that it replaces nothing else by nothing."""

    name: str | None
    email: str
    home: str
    grants: tuple[Grant, ...]  # in the service's order
    places: tuple[Named, ...] = ()  # the account groups of these by name

    @property
    def holding(self) -> Holding:
        return Holding(frozenset(self.grants), self.home)


def profile(answer: Any, id: str, request: str) -> Profile:
    """The person that was asked for. Raises AnotherAccount, and ReadError where roles are not shown."""
    uid = text(answer, "uid", request)
    if uid != id:
        raise another(id, uid, request)
    grants = [Grant(EVERYWHERE, text(role, "roleId", request)) for role in rows(answer, "allAccountGroupRoles", request)]
    places: list[Named] = []
    for row in rows(answer, "accountGroupRoles", request):
        group = row.get("accountGroup")
        aid = text(group, "aid", request)
        places.append(Named(aid, said(group, "accountGroupName", request) or aid))
        grants += [Grant(aid, text(role, "roleId", request)) for role in rows(row, "roles", request)]
    home = said(inside(answer, "loginAccountGroup", request), "aid", request)
    name = said(answer, "name", request) or None
    return Profile(name, text(answer, "email", request), home, tuple(dict.fromkeys(grants)), tuple(places))


def request_body(person: Profile, grants: Iterable[Grant], home: str) -> dict[str, Any]:
    """PUT /users/{id}: the roles replace those that were; the rest is as it was read."""
    groups: dict[str, list[str]] = {}
    for place, role in grants:
        groups.setdefault(place, []).append(role)
    everywhere = groups.pop(EVERYWHERE, [])
    own = {"name": person.name, "email": person.email, "loginAccountGroupId": home}
    return {key: value for key, value in own.items() if value} | {
        "accountGroupRoles": [{"accountGroupId": aid, "roleIds": roles} for aid, roles in groups.items()],
        "allAccountGroupRoleIds": everywhere,
    }


def person(row: Data, request: str) -> Person:
    """A row of GET /users."""
    return Person(
        text(row, "uid", request),
        text(row, "email", request),
        said(row, "lastLogin", request),
        said(row, "dateRegistered", request),
    )


def named(row: Data, id: str, name: str, request: str) -> Named:
    return Named(text(row, id, request), text(row, name, request), row.get("hasManagementPermissions") is True)


def of_one_organization(groups: list[dict[str, Any]], request: str) -> list[dict[str, Any]]:
    """The account groups of the organization that is asked; whoever belongs to several is shown those of all of them."""
    current = {said(row, "orgId", request) for row in groups if row.get("isCurrentAccountGroup") is True}
    return [row for row in groups if said(row, "orgId", request) in current] if current else groups


def edits(event: Data, emails: Mapping[str, str], request: str) -> list[Edit]:
    """Whom an event of the activity log says to have been changed: each e-mail in it, or name that one person alone bears.

    The documentation says of an event that it names resources, not in which form it names a person. `emails` are by name.
    """
    what = said(event, "event", request)
    if what.lower().startswith(SIGNING_IN):
        return []
    resources = rows(event, "resources", request) if event.get("resources") is not None else []
    texts = [said(item, "name", request) for item in resources]
    found = [email for words in (*texts, what) for email in EMAIL.findall(words)] or [emails[t] for t in texts if t in emails]
    at = text(event, "date", request)
    by, address = said(event, "user", request), said(event, "ipAddress", request)
    return [Edit(email, at, by, address) for email in dict.fromkeys(found)]


def next_page(answer: Data, request: str) -> dict[str, str] | None:
    """The query of the next page, from its link; the rest of the link is not followed. None at the last page."""
    link = said(inside(inside(answer, "_links", request), "next", request), "href", request)
    try:
        query = dict(parse_qsl(urlsplit(link).query))
    except ValueError:
        query = {}
    if link and not query:
        raise unreadable("_links.next.href", request)
    return query or None


def rows(answer: Any, key: str, request: str) -> list[dict[str, Any]]:
    """A list of objects. Raises ReadError where it is not there: what is not shown is unknown."""
    found = answer.get(key) if isinstance(answer, dict) else None
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise unreadable(key, request)
    return found


def text(answer: Any, key: str, request: str) -> str:
    """A string that must be there. Raises ReadError."""
    found = answer.get(key) if isinstance(answer, dict) else None
    if not isinstance(found, str) or not found:
        raise unreadable(key, request)
    return found


def said(answer: Any, key: str, request: str) -> str:
    """A string that may be missing: "" then. Raises ReadError where something else stands there."""
    found = answer.get(key)
    if found is not None and not isinstance(found, str):
        raise unreadable(key, request)
    return found or ""


def inside(answer: Any, key: str, request: str) -> Data:
    """An object that may be missing: an empty one then. Raises ReadError where something else stands there."""
    found = answer.get(key)
    if found is not None and not isinstance(found, dict):
        raise unreadable(key, request)
    return found or {}


def unreadable(key: str, request: str) -> ReadError:
    return ReadError(
        f"the answer holds no {key} that can be read",
        request,
        remedy="check that roles.apiUrl is the base of the administrative API, such as https://api.thousandeyes.com/v7",
    )
