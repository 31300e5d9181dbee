"""The roles of ThousandEyes by its administrative API (v7): a role source (source.py) that sends requests through an Api."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from reconciler.rolesources import thousandeyes_forms as forms
from reconciler.rolesources.model import EVERYWHERE, Catalog, Edit, Grant, Holding, Person, Rights
from reconciler.scim.errors import AuthError, ServiceError, UnusableId
from reconciler.scim.identity import is_usable
from reconciler.scim.sender import Api

ACCESS, VIEW = "API access", "View all users"
EDIT, EDIT_ALL = "Edit users", "Edit users in all account groups"
PAGES = 1000  # of the activity log; more are a link that leads in a circle


class ThousandEyes:
    """The token's owner must be assigned to an account group for it, and its name, to be seen."""

    name = "ThousandEyes v7"

    def __init__(self, api: Api) -> None:
        self._api = api
        self._emails: dict[str, str] = {}  # by the name that one person alone bears

    def rights(self) -> Rights:
        """By the permissions of the owner's roles, which hold in all account groups or in the one that they enter at login."""
        try:
            me = self._api.get("/users/current")
        except AuthError as error:
            if error.status != 403:
                raise
            return Rights("", (ACCESS,), (ACCESS,))
        request = "GET /users/current"
        owner = forms.profile(me, forms.text(me, "uid", request), request)
        label = f"{owner.name} ({owner.email})" if owner.name else owner.email
        try:
            everywhere = self._permissions(owner, EVERYWHERE)
            held = everywhere | self._permissions(owner, owner.home)
        except AuthError:  # whose roles are not shown: what the list of people says is all that can be known
            return Rights(label, self._refused_list())
        reading = tuple(wanted for wanted in (ACCESS, VIEW) if wanted.lower() not in held)
        writing = () if EDIT_ALL.lower() in held or EDIT.lower() in everywhere else (EDIT_ALL,)
        return Rights(label, reading, writing)

    def _permissions(self, owner: forms.Profile, place: str) -> set[str]:
        """The labels of what the owner's roles of a place hold, in small letters: pages and API write them differently."""
        held: set[str] = set()
        for role in (grant.role for grant in owner.grants if grant.place == place):
            path = f"/roles/{quote(role, safe='')}"
            rows = forms.rows(self._api.get(path), "permissions", f"GET {path}")
            held |= {str(row.get("label") or "").lower() for row in rows}
        return held

    def _refused_list(self) -> tuple[str, ...]:
        try:
            self._api.get("/users")
        except AuthError:
            return (VIEW,)
        return ()

    def catalog(self) -> Catalog:
        roles = forms.rows(self._api.get("/roles"), "roles", "GET /roles")
        groups = forms.rows(self._api.get("/account-groups"), "accountGroups", "GET /account-groups")
        return Catalog(
            tuple(forms.named(row, "roleId", "name", "GET /roles") for row in roles),
            tuple(forms.named(row, "aid", "accountGroupName", "GET /account-groups") for row in groups),
        )

    def people(self) -> list[Person]:
        rows = forms.rows(self._api.get("/users"), "users", "GET /users")
        borne = Counter(str(row.get("name")) for row in rows)
        self._emails = {
            str(row["name"]): str(row.get("email")) for row in rows if row.get("name") and borne[str(row["name"])] == 1
        }
        return [forms.person(row, "GET /users") for row in rows]

    def read(self, person: str) -> Holding | None:
        found = self._profile(person)
        return found and found.holding

    def change(self, person: str, gains: frozenset[Grant], losses: frozenset[Grant], home: str = "") -> Holding | None:
        before = self._profile(person)
        if before is None:
            return None
        after = [grant for grant in dict.fromkeys([*before.grants, *sorted(gains)]) if grant not in losses]
        places = {grant.place for grant in after}
        enters = before.home if before.home in places or (before.home and EVERYWHERE in places) else home or before.home
        if (frozenset(after), enters) == before.holding:
            return before.holding
        try:
            self._api.put(_path(person), forms.request_body(before, after, enters))
        except ServiceError as error:
            if error.status == 404:
                return None
            raise
        return self.read(person)

    def edits(self, since: str) -> Iterable[Edit]:
        request = "GET /audit-user-events"
        found = [edit for event in self._events(since) for edit in forms.edits(event, self._emails, request)]
        if found and found[0].at > found[-1].at:  # in which order is not documented, and several may be of one second
            found.reverse()
        return sorted(found, key=lambda edit: edit.at)

    def _events(self, since: str) -> Iterator[dict[str, Any]]:
        query: dict[str, str] | None = {"startDate": since, "useAllPermittedAids": "true"}
        for _ in range(PAGES):
            answer = self._api.get("/audit-user-events", query)
            yield from forms.rows(answer, "auditEvents", "GET /audit-user-events")
            query = forms.next_page(answer)
            if query is None:
                return
        raise forms.unreadable("last page", "GET /audit-user-events")

    def _profile(self, person: str) -> forms.Profile | None:
        path = _path(person)
        try:
            return forms.profile(self._api.get(path), person, f"GET {path}")
        except ServiceError as error:
            if error.status == 404:
                return None
            raise


def _path(person: str) -> str:
    """Where one person is. Raises UnusableId."""
    if not is_usable(person) or person == "current":
        raise UnusableId(f"nobody can be asked for by the id {person!r}, so nothing was sent", "/users/")
    return f"/users/{quote(person, safe='')}"
