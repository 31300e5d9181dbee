"""The body of PUT /users/{id}: what it asks for, or what is wrong with it. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple

from reconciler.demo.thousandeyes.organisation import Organisation, Person

TEXTS = ("name", "email", "loginAccountGroupId")


class Invalid(Exception):
    """Each field that is wrong, with what is wrong."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = errors


class Asked(NamedTuple):
    """What a person is to be; roles by account group and in all of them."""

    name: str
    email: str
    login: str | None
    groups: dict[str, list[str]]
    everywhere: list[str]


def asked(organisation: Organisation, person: Person, body: Any) -> Asked:
    """What is not in the body stays; roles that are in it replace those that were. Raises Invalid."""
    if not isinstance(body, dict):
        raise Invalid({"": "the body is not an object"})
    errors = {name: f"{name} is not a string" for name in TEXTS if not isinstance(body.get(name, ""), str)}
    if errors:
        raise Invalid(errors)
    groups, everywhere = person.groups, person.everywhere
    if "accountGroupRoles" in body:
        groups = _groups(organisation, body["accountGroupRoles"])
    if "allAccountGroupRoleIds" in body:
        everywhere = _ids(organisation, body["allAccountGroupRoleIds"], "allAccountGroupRoleIds")
    login = body.get("loginAccountGroupId", None if person.elsewhere else person.login)
    result = Asked(body.get("name", person.name), body.get("email", person.email), login, groups, everywhere)
    _check(organisation, person, result)
    return result


def _groups(organisation: Organisation, rows: Any) -> dict[str, list[str]]:
    """Role ids by account group."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Invalid({"accountGroupRoles": "accountGroupRoles is not a list of objects"})
    found: dict[str, list[str]] = {}
    for row in rows:
        aid = row.get("accountGroupId")
        if not isinstance(aid, str) or aid not in organisation.groups:
            raise Invalid({"accountGroupRoles.accountGroupId": f"there is no account group {aid}"})
        ids = _ids(organisation, row.get("roleIds"), "accountGroupRoles.roleIds")
        found[aid] = list(dict.fromkeys([*found.get(aid, ()), *ids]))
    return found


def _ids(organisation: Organisation, ids: Any, name: str) -> list[str]:
    if not isinstance(ids, list) or not all(isinstance(id, str) for id in ids):
        raise Invalid({name: f"{name} is not a list of strings"})
    for id in ids:
        if id not in organisation.roles:
            raise Invalid({name: f"there is no role {id}"})
    return list(dict.fromkeys(ids))


def _check(organisation: Organisation, person: Person, result: Asked) -> None:
    if "@" not in result.email:
        raise Invalid({"email": "email is not an e-mail address"})
    other = organisation.by_email(result.email)
    if other is not None and other is not person:
        raise Invalid({"email": "another user has this e-mail address"})
    if result.login is None and person.elsewhere:
        raise Invalid({"loginAccountGroupId": "a member of another organization needs a login account group"})
    member = result.everywhere or result.groups.get(result.login or "")
    if result.login is not None and (result.login not in organisation.groups or not member) and result.login != person.login:
        raise Invalid({"loginAccountGroupId": "the login account group is not one that the user is assigned to"})
