"""An organization's people, roles and account groups as the administrative API shows them: ids are strings. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler.demo.thousandeyes.organisation import Organisation, Person, Role
from reconciler.demo.thousandeyes.permissions import PERMISSIONS, Permission

Shown = dict[str, Any]


def listed(organisation: Organisation, person: Person) -> Shown:
    """A person in the list, which holds no roles; what there is nothing of is left out."""
    shown = {
        "uid": person.uid,
        "name": person.name,
        "email": person.email,
        "dateRegistered": person.registered,
        "lastLogin": person.last_login,
        "loginAccountGroup": group(organisation, person.login) if person.login in organisation.groups else None,
    }
    return {key: value for key, value in shown.items() if value is not None}


def detailed(organisation: Organisation, person: Person) -> Shown:
    """A person with roles."""
    return listed(organisation, person) | {
        "accountGroupRoles": [
            {"accountGroup": group(organisation, aid), "roles": roles(organisation, held)}
            for aid, held in sorted(person.groups.items())
            if held and aid in organisation.groups
        ],
        "allAccountGroupRoles": roles(organisation, person.everywhere),
    }


def within(organisation: Organisation, person: Person, aid: str) -> Shown:
    """A person as a member of one account group, with the roles there."""
    held = dict.fromkeys([*person.groups.get(aid, ()), *person.everywhere])
    shown = listed(organisation, person) | {"roles": roles(organisation, held)}
    shown.pop("loginAccountGroup", None)
    return shown


def roles(organisation: Organisation, ids: Iterable[str]) -> list[Shown]:
    return [role(organisation.roles[id]) for id in ids if id in organisation.roles]


def role(role: Role) -> Shown:
    return {"roleId": role.id, "name": role.name, "isBuiltin": role.built_in, "hasManagementPermissions": role.management}


def role_detail(role: Role) -> Shown:
    held = [permission(PERMISSIONS[label]) for label in role.permissions]
    return {"roleId": role.id, "name": role.name, "isBuiltin": role.built_in, "permissions": held}


def permission(permission: Permission) -> Shown:
    return {
        "permissionId": permission.id,
        "label": permission.label,
        "permission": permission.name,
        "isManagementPermission": permission.management,
    }


def group(organisation: Organisation, aid: str | None) -> Shown:
    return {"aid": aid, "accountGroupName": organisation.groups[aid or ""]}


def group_info(organisation: Organisation, aid: str, current: str | None, viewer: Person) -> Shown:
    return group(organisation, aid) | {
        "isCurrentAccountGroup": aid == current,
        "isDefaultAccountGroup": aid == viewer.login,
        "organizationName": organisation.name,
        "orgId": "1",
    }
