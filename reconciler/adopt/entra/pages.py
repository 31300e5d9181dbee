"""A page of Graph, or a file of the portal, in; whether it is about users, groups, members or assignments out. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from reconciler.adopt.entra.graph_rows import Json
from reconciler.declare.names import fold

GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
MEMBER = frozenset({"isuser", "isgroup", "objecttype"})  # columns of the portal's list of a group's members
GROUPS = ("groups", "exportgroup")  # how a file of groups is called, where no column tells
OWN = frozenset({"accountenabled", "securityenabled"})  # which that list does not have


class Page(NamedTuple):
    """A file that was read: `name` without its suffix, its folder's name, whether more pages follow, its items."""

    name: str
    folder: str
    context: str
    more: bool
    items: list[Json]


def kind_of(page: Page) -> str | None:
    """users, groups, members, assignments or app; None where a page is none of these."""
    if page.folder == "members" or "directoryObjects" in page.context or "/members" in page.context:
        return "members"
    keys = {fold(key) for item in page.items[:50] for key in item}
    if keys & {"approleid", "roleassigned", "role", "approlename"} or "appRoleAssign" in page.context:
        return "assignments"
    if "approles" in keys:
        return "app"
    if keys & MEMBER and not keys & OWN:
        return "members"
    if "#users" in page.context or "userprincipalname" in keys:
        return "users"
    if "#groups" in page.context or keys & {"grouptypes", "grouptype", "members", "securityenabled", "membershiptype"}:
        return "groups"
    return "groups" if "displayname" in keys and fold(page.name).startswith(GROUPS) else None


def ids(page: Page) -> list[str]:
    """The ids that a page names itself by."""
    return GUID.findall(page.name) or GUID.findall(page.context)


def names_of(page: Page) -> set[str]:
    """What a list of members calls its group."""
    return {fold(name) for name in (page.name, *ids(page))}
