"""The roles of ThousandEyes by its administrative API (v7): a role source (source.py) that sends requests through an Api."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import quote

from reconciler.rolesources import thousandeyes_forms as forms
from reconciler.rolesources.model import EVERYWHERE, Catalog, Grant, Holding, Log, Person, Rights
from reconciler.rolesources.source import PAGES
from reconciler.scim.errors import AuthError, ReadError, ServiceError, UnusableId
from reconciler.scim.identity import is_usable
from reconciler.scim.sender import Api

ACCESS, VIEW = "API access", "View all users"
EDIT, EDIT_ALL = "Edit users", "Edit users in all account groups"
ASSIGN = "Assign management permissions"
NO_HOME = "login account group"  # in what is answered of somebody who is to have one
TRIES_OF_LOG = 2  # nothing depends on it that would be worth a longer wait
LOG = "View activity log for all users"  # how the label of the permission begins
UNHEARD = f"the token lacks the permission '{LOG} in account group', so that the log shows what its owner did and no more"


class ThousandEyes:
    """The token's owner must be assigned to an account group for it, and its name, to be seen.

    Requests are about the account group that the owner enters at login, and its organization; `aid` names another one where
    what is asked for is refused there, and a role of the owner's allows it elsewhere.
    """

    name = "ThousandEyes v7"

    def __init__(self, api: Api) -> None:
        self._api = api
        self._emails: dict[str, str] = {}  # by the name that one person alone bears
        self._context: dict[str, str] | None = None  # the query of reads, once one was refused without
        self._others: dict[str, set[str]] = {}  # what the token's owner may do elsewhere, once that was asked

    def rights(self) -> Rights:
        """By the permissions of the owner's roles, which hold in all account groups or in some of them."""
        try:
            owner = self._owner()
        except AuthError as error:
            if error.status != 403:
                raise
            return Rights("", (ACCESS,), (ACCESS,), log=UNHEARD)
        label = f"{owner.name} ({owner.email})" if owner.name else owner.email
        try:
            may = self._may(owner)
        except AuthError:  # whose roles are not shown: what the list of people says is all that can be known
            return Rights(label, self._refused_list(), log="whether the log shows the token what others did is not known")
        reads = any({ACCESS, VIEW} <= held for held in may.values())
        reading = () if reads else tuple(wanted for wanted in (ACCESS, VIEW) if wanted not in may[owner.home])
        managing = () if any(ASSIGN in held for held in may.values()) else (ASSIGN,)
        if any(EDIT_ALL in held for held in may.values()) or EDIT in may[EVERYWHERE]:
            return Rights(label, reading, managing=managing, log=_unheard(owner, may))
        within = tuple(place for place in owner.places if EDIT in may[place.id])
        return Rights(label, reading, () if within else (EDIT_ALL,), within, managing, _unheard(owner, may))

    def _owner(self) -> forms.Profile:
        request = "GET /users/current"
        me = self._api.get("/users/current")
        return forms.profile(me, forms.text(me, "uid", request), request)

    def _may(self, owner: forms.Profile) -> dict[str, set[str]]:
        """What the owner may do in each account group that a role of theirs is for, and in the one that they enter at login."""
        roles = {role: self._permissions(role) for role in dict.fromkeys(grant.role for grant in owner.grants)}
        places = (EVERYWHERE, owner.home, *(place.id for place in owner.places))
        return {
            place: set().union(*(roles[grant.role] for grant in owner.grants if grant.place in (place, EVERYWHERE)))
            for place in places
        }

    def _away(self) -> dict[str, set[str]]:
        """The same of every other account group than the one that they enter at login."""
        owner = self._owner()
        return {place: held for place, held in self._may(owner).items() if place not in (EVERYWHERE, owner.home)}

    def _permissions(self, role: str) -> set[str]:
        """Those that a role holds, of the ones that matter; pages and API write the labels in different cases."""
        path = _path(role, "/roles/")
        rows = forms.rows(self._api.get(path), "permissions", f"GET {path}")
        held = {forms.said(row, "label", f"GET {path}").lower() for row in rows}
        found = {label for label in (ACCESS, VIEW, EDIT, EDIT_ALL, ASSIGN) if label.lower() in held}
        return found | ({LOG} if any(label.startswith(LOG.lower()) for label in held) else set())

    def _read(self, path: str) -> Any:
        """What is asked in the account group that the token's owner enters at login, else in one where they may read it."""
        try:
            return self._api.get(path, self._context)
        except AuthError as error:
            if error.status != 403 or self._context is not None:
                raise
            self._context = self._elsewhere({ACCESS, VIEW})
            if not self._context:
                raise
        return self._api.get(path, self._context)

    def _elsewhere(self, *wanted: set[str], first: Collection[str] = ()) -> dict[str, str]:
        """The query that names another account group in which the owner holds one of these sets of permissions; empty if none."""
        try:
            may = self._others = self._others or self._away()
        except AuthError:
            return {}
        places = sorted(may, key=lambda place: (place not in first, place))
        found = next((place for place in places if any(labels <= may[place] for labels in wanted)), "")
        return {"aid": found} if found else {}

    def _refused_list(self) -> tuple[str, ...]:
        try:
            self._read("/users")
        except AuthError:
            return (VIEW,)
        return ()

    def catalog(self) -> Catalog:
        roles = forms.rows(self._read("/roles"), "roles", "GET /roles")
        groups = forms.rows(self._api.get("/account-groups"), "accountGroups", "GET /account-groups")
        return Catalog(
            tuple(forms.named(row, "roleId", "name", "GET /roles") for row in roles),
            tuple(
                forms.named(row, "aid", "accountGroupName", "GET /account-groups")
                for row in forms.of_one_organization(groups, "GET /account-groups")
            ),
        )

    def people(self) -> list[Person]:
        rows = forms.rows(self._read("/users"), "users", "GET /users")
        people = [forms.person(row, "GET /users") for row in rows]
        names = [forms.said(row, "name", "GET /users") for row in rows]
        borne = Counter(names)
        self._emails = {name: one.email for name, one in zip(names, people, strict=True) if name and borne[name] == 1}
        return people

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
            self._put(person, forms.request_body(before, after, enters), {grant.place for grant in gains | losses})
        except ServiceError as error:
            if error.status == 404:
                return None
            raise
        return self.read(person)

    def _put(self, person: str, body: dict[str, Any], places: set[str]) -> None:
        """What is refused has changed nothing: it is sent again in an account group where the owner may edit people, if any."""
        try:
            self._api.put(_path(person), body)
        except ServiceError as error:
            if error.status == 400 and NO_HOME in error.message.lower():
                told = f"{error.message}; say `loginAccountGroup` of one of the person's roles in roles.yaml"
                raise ServiceError(told, error.request, error.status, remedy=error.remedy) from None
            if error.status != 403:
                raise
            there = self._elsewhere({EDIT_ALL}, *([] if EVERYWHERE in places else [{EDIT}]), first=places)
            if not there:
                raise
            self._api.put(_path(person), body, there)

    def edits(self, since: str, pages: int = PAGES) -> Log:
        """The log is not told by kind of event, and whoever may not view what others did is shown less, without a word."""
        before, request = self._api.asked, "GET /audit-user-events"
        rights = self.rights()
        events, more = self._events(since, pages)
        found = [edit for event in events for edit in forms.edits(event, self._emails, request)]
        if found and found[0].at > found[-1].at:  # in which order is not documented, and several may be of one second
            found.reverse()
        lacking = "; ".join(filter(None, (rights.log, more)))
        return Log(tuple(sorted(found, key=lambda edit: edit.at)), rights.owner, lacking, self._api.asked - before)

    def _events(self, since: str, pages: int) -> tuple[list[dict[str, Any]], str]:
        """Those of the first pages, and in words that there are more."""
        query: dict[str, str] | None = {"startDate": since, "useAllPermittedAids": "true"}
        read: list[dict[str, str]] = []
        events: list[dict[str, Any]] = []
        while query is not None and len(read) < pages:
            if query in read:
                raise ReadError("the link to the next page leads to one that was read", "GET /audit-user-events")
            read.append(query)
            answer = self._api.get("/audit-user-events", query, TRIES_OF_LOG)
            events += forms.rows(answer, "auditEvents", "GET /audit-user-events")
            query = forms.next_page(answer, "GET /audit-user-events")
        return events, "" if query is None else f"the log since {since} holds more than the {len(events)} events that were read"

    def _profile(self, person: str) -> forms.Profile | None:
        path = _path(person)
        try:
            return forms.profile(self._read(path), person, f"GET {path}")
        except ServiceError as error:
            if error.status == 404:
                return None
            raise


def _unheard(owner: forms.Profile, may: Mapping[str, set[str]]) -> str:
    """What of others' edits the log does not show the token, in words; a role in all account groups is for unnamed ones too."""
    heard = [place.name for place in owner.places if LOG in may[place.id]]
    unnamed = any(grant.place == EVERYWHERE for grant in owner.grants)
    if LOG in may[EVERYWHERE] or (heard and len(heard) == len(owner.places) and not unnamed):
        return ""
    return f"the log shows the token what others did in {' and '.join(heard)} alone" if heard else UNHEARD


def _path(id: str, under: str = "/users/") -> str:
    """Where one person is, or one role. Raises UnusableId."""
    if not is_usable(id) or id == "current":
        raise UnusableId(f"nothing can be asked for by the id {id!r}, so nothing was sent", under)
    return f"{under}{quote(id, safe='')}"
