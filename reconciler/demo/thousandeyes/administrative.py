"""WSGI: the needed part of /v7, as the vendor documents it, over an organization. Bearer tokens are people's.

Whose token it is decides what may be seen and done: in the account group of `aid`, else in the person's own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from reconciler.demo.answers import Answer, Environ, Refused, body_of, problem, sent
from reconciler.demo.budget import Budget
from reconciler.demo.thousandeyes import activity, shown
from reconciler.demo.thousandeyes.organisation import Organisation, Person, Role
from reconciler.demo.thousandeyes.permissions import (
    API,
    ASSIGN,
    EDIT_EVERYWHERE,
    EDIT_USERS,
    PERMISSIONS,
    VIEW_GROUPS,
    VIEW_USERS,
)
from reconciler.demo.thousandeyes.user_request import Asked, Invalid, asked

BASE = "/v7"


class Call(NamedTuple):
    """A request: who asks, in which account group, where from, for what."""

    person: Person
    aid: str | None
    method: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    body: Any
    address: str
    here: str


class Administrative:
    """`tokens` are e-mails of people in the organization by token; `renamed` hears of a person's new name.

    Safe to use from several threads.
    """

    def __init__(
        self, organisation: Organisation, tokens: Mapping[str, str], budget: Budget, renamed: Callable[[Person], None]
    ) -> None:
        self.organisation, self.tokens, self.budget, self.renamed = organisation, tokens, budget, renamed

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            with self.organisation.lock:
                answer = _json(200, self._serve(environ))
        except Invalid as error:
            items = [{"code": "invalid", "field": name, "message": words} for name, words in error.errors.items()]
            answer = _json(400, problem(400, str(error), errors=items))
        except Refused as error:
            answer = _json(error.status, _error(error))._replace(headers={**error.headers, **_kind(error.status)})
        return sent(answer, self.budget.headers(), start_response)

    def _serve(self, environ: Environ) -> Any:
        self.budget.take(environ["REQUEST_METHOD"])
        call = self._call(environ)
        self._need(call, API)
        kind = call.path[0] if call.path else ""
        routes: dict[str, Callable[[Call], Any]] = {
            "users": self._users,
            "roles": self._roles,
            "account-groups": self._groups,
            "permissions": self._permissions,
            "audit-user-events": self._events,
        }
        if kind not in routes:
            raise Refused(404, "not found")
        return routes[kind](call)

    def _call(self, environ: Environ) -> Call:
        path = environ.get("PATH_INFO", "")
        query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
        person = self._who(environ.get("HTTP_AUTHORIZATION", ""))
        aid = query.get("aid", person.login)
        if "aid" in query and aid not in self.organisation.member_of(person):
            raise Refused(403, f"you are not assigned to the account group {aid}")
        parts = tuple(path.removeprefix(BASE).strip("/").split("/"))
        here = f"{environ.get('wsgi.url_scheme', 'http')}://{environ.get('HTTP_HOST', '127.0.0.1')}{path}"
        address = environ.get("REMOTE_ADDR") or "127.0.0.1"
        return Call(person, aid, environ["REQUEST_METHOD"], parts, query, body_of(environ), address, here)

    def _who(self, authorization: str) -> Person:
        kind, _, token = authorization.partition(" ")
        email = self.tokens.get(token.strip(), "") if kind.lower() == "bearer" else ""
        person = self.organisation.by_email(email) if email else None
        if person is None:
            raise Refused(401, "the access token is invalid")
        return person

    def _need(self, call: Call, *labels: str) -> None:
        """Any one of them. Raises Refused."""
        if not self.organisation.may(call.person, call.aid) & set(labels):
            raise Refused(403, f"this needs the permission {' or '.join(labels)}")

    # People

    def _users(self, call: Call) -> Any:
        match call.method, call.path[1:]:
            case "GET", ():
                self._need(call, VIEW_USERS)
                people = self.organisation.people.values()
                return {"users": [shown.listed(self.organisation, person) for person in people], **_self(call)}
            case "GET", ("current",):
                return shown.detailed(self.organisation, call.person) | _self(call)
            case "GET", (uid,):
                self._need(call, VIEW_USERS)
                return shown.detailed(self.organisation, self._person(uid)) | _self(call)
            case "PUT", (uid,):
                self._need(call, EDIT_USERS, EDIT_EVERYWHERE)
                return self._update(call, self._person(uid))
        raise Refused(404, "not found")

    def _person(self, uid: str) -> Person:
        if uid not in self.organisation.people:
            raise Refused(404, "there is no such user")
        return self.organisation.people[uid]

    def _update(self, call: Call, person: Person) -> Any:
        wanted = asked(self.organisation, person, call.body)
        self._permitted(call, person, wanted)
        if wanted.email != person.email:  # the person has to confirm it
            person.confirming = wanted.email
        renamed, person.name = wanted.name != person.name, wanted.name
        person.groups = {aid: roles for aid, roles in wanted.groups.items() if roles}
        person.login, person.everywhere = wanted.login or person.login, wanted.everywhere
        if renamed:
            self.renamed(person)
        resources = ("userName", person.name), ("userEmail", person.email)
        self.organisation.log(call.person, call.aid, "User updated.", call.address, *resources)
        return shown.detailed(self.organisation, person) | _self(call)

    def _permitted(self, call: Call, person: Person, wanted: Asked) -> None:
        """In which account groups roles may be changed, and which roles may be given. Raises Refused."""
        organisation, everywhere = self.organisation, organisation_wide(self.organisation, call.person)
        touched = {aid for aid in organisation.groups if set(person.groups.get(aid, ())) ^ set(wanted.groups.get(aid, ()))}
        if EDIT_EVERYWHERE not in everywhere:
            if set(person.everywhere) ^ set(wanted.everywhere):
                raise Refused(403, f"this needs the permission {EDIT_EVERYWHERE}")
            if any(EDIT_USERS not in organisation.may(call.person, aid) for aid in touched):
                raise Refused(403, f"this needs the permission {EDIT_USERS} in each account group")
        given = set(wanted.everywhere) - set(person.everywhere)
        for aid in touched:
            given |= set(wanted.groups.get(aid, ())) - set(person.groups.get(aid, ()))
        if any(organisation.roles[id].management for id in given) and ASSIGN not in organisation.may(call.person, call.aid):
            raise Refused(403, f"this needs the permission {ASSIGN}")

    # What people are given, and where

    def _roles(self, call: Call) -> Any:
        roles = self.organisation.roles
        match call.method, call.path[1:]:
            case "GET", ():
                return {"roles": [shown.role(role) for role in roles.values()], **_self(call)}
            case "GET", (id,) if id in roles:
                return shown.role_detail(roles[id]) | _self(call)
            case "PUT", (id,) if id in roles:
                return shown.role_detail(self._edited_role(call, roles[id])) | _self(call)
            case "DELETE", (id,) if id in roles:
                self._custom(call, roles[id])
                self.organisation.delete_role(id)
                return None
        raise Refused(404, "not found")

    def _custom(self, call: Call, role: Role) -> None:
        self._need(call, ASSIGN)
        if role.built_in:
            raise Refused(403, "a built-in role cannot be changed")

    def _edited_role(self, call: Call, role: Role) -> Role:
        """Its name, and all of its permissions."""
        self._custom(call, role)
        labels = {permission.id: label for label, permission in PERMISSIONS.items()}
        body = call.body if isinstance(call.body, dict) else {}
        if not isinstance(body.get("name"), str) or any(id not in labels for id in body.get("permissions", ())):
            raise Invalid({"name": "a role has a name and permissions"})
        role.name, role.permissions = body["name"], tuple(labels[id] for id in body.get("permissions", ()))
        return role

    def _groups(self, call: Call) -> Any:
        organisation, available = self.organisation, self.organisation.member_of(call.person)
        if call.method != "GET":
            raise Refused(404, "not found")
        if call.path[1:] == ():
            infos = [shown.group_info(organisation, aid, call.aid, call.person) for aid in available]
            return {"accountGroups": infos, **_self(call)}
        aid = call.path[1]
        self._need(call, VIEW_GROUPS)
        if aid not in organisation.groups:
            raise Refused(404, "there is no such account group")
        detail = shown.group_info(organisation, aid, call.aid, call.person) | _self(call)
        if "user" in call.query.get("expand", "").split(","):
            members = [person for person in organisation.people.values() if aid in organisation.member_of(person)]
            detail["users"] = [shown.within(organisation, person, aid) for person in members]
        return detail

    def _permissions(self, call: Call) -> Any:
        self._need(call, *(label for label, permission in PERMISSIONS.items() if permission.management))
        return {"permissions": [shown.permission(permission) for permission in PERMISSIONS.values()], **_self(call)}

    def _events(self, call: Call) -> Any:
        return activity.page(self.organisation, call.person, call.aid, call.query, call.here)


def organisation_wide(organisation: Organisation, person: Person) -> set[str]:
    """What a person may do in all account groups; one of them is enough for what is said to hold in all."""
    return {label for aid in organisation.member_of(person) for label in organisation.may(person, aid)}


def _self(call: Call) -> dict[str, Any]:
    return {"_links": {"self": {"href": call.here}}}


def _json(status: int, data: Any) -> Answer:
    if data is None:
        return Answer(204, {}, b"")
    return Answer(status, _kind(status), json.dumps(data).encode())


def _kind(status: int) -> dict[str, str]:
    kinds = {200: "application/hal+json", 401: "application/json"}
    return {"Content-Type": kinds.get(status, "application/problem+json")}


def _error(error: Refused) -> dict[str, Any]:
    if error.status == 401:
        return {"error": "invalid_token", "error_description": error.detail}
    return problem(error.status, error.detail)
