"""Pages of what Graph and the portal say of a tenant in, rows of users, groups, roles and assignments out. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from reconciler.adopt.entra.graph_rows import FALSE, Json, group_row, is_neither, merged, user_name, user_row
from reconciler.adopt.entra.pages import Page, ids, kind_of, names_of
from reconciler.adopt.model import ImportRefused, Notes, Row
from reconciler.adopt.yaml_edit.rows import is_name
from reconciler.declare.names import DEFAULT_ACCESS, fold
from reconciler.declare.wording import plural
from reconciler.declare.yaml.scalars import can_hold

NO_ROLE = "00000000-0000-0000-0000-000000000000"  # Graph's appRoleId of Default Access
ABSENT = ("manager", "extensionAttributes")  # where there is none, Graph leaves these out of a row that was asked for them
EXPANDED = 20  # members that $expand returns at most, without a word


@dataclass
class Tenant:
    """Rows by kind. A key that is None in a row is empty; of one that is not in it the export says nothing."""

    users: list[Row] = field(default_factory=list)
    groups: list[Row] = field(default_factory=list)
    roles: list[Row] = field(default_factory=list)
    assignments: list[Row] = field(default_factory=list)
    has: set[str] = field(default_factory=set)


def read(pages: Iterable[Page], notes: Notes) -> Tenant:
    """The whole tenant. Raises ImportRefused where pages are missing, since half a tenant would disable the other half."""
    by_kind: dict[str, list[Page]] = defaultdict(list)
    for page in pages:
        kind = kind_of(page)
        if kind is None:
            notes.add("says nothing of users, groups or assignments", page.name)
        else:
            by_kind[kind].append(page)
    for kind, listed in by_kind.items():
        if kind != "members" and all(page.more for page in listed):
            raise ImportRefused(
                f"the last page of {kind} is missing: {listed[-1].name} names one that follows",
                "follow @odata.nextLink to its end, and save every page",
            )
    return _Reader(by_kind, notes).tenant()


class _Reader:
    def __init__(self, pages: dict[str, list[Page]], notes: Notes) -> None:
        self.pages, self.notes, self.made = pages, notes, Tenant(has=set(pages))
        self.names: dict[str, str] = {}  # id -> user name
        self.by_name: dict[str, str] = {}  # folded user name -> user name
        self.groups: dict[str, str] = {}  # id -> group name
        self.lists = [(page, names_of(page)) for page in pages.get("members", [])]

    def items(self, kind: str) -> list[Json]:
        return [item for page in self.pages.get(kind, []) for item in page.items]

    def tenant(self) -> Tenant:
        users = self._own("users", "userPrincipalName", [(item, user_row(item, self.notes)) for item in self.items("users")])
        self.names = {str(row["id"]): row["userPrincipalName"] for _, row in users if row.get("id")}
        self.by_name = {fold(row["userPrincipalName"]): row["userPrincipalName"] for _, row in users}
        groups = self._own("groups", "displayName", [(item, group_row(item, self.notes)) for item in self.items("groups")])
        self.groups = {str(row["id"]): row["displayName"] for _, row in groups if row.get("id")}
        self._strays(row for _, row in groups)
        for item, row in users:
            self._manager(item, row)
        for item, row in groups:
            self._members(item, row)
            if fold(str(item.get("securityEnabled"))) in FALSE:
                self.notes.add(
                    "it is not security-enabled: Entra provisions nobody by its assignment, and here it counts",
                    row["displayName"],
                )
        self.made.users, self.made.groups = [row for _, row in users], [row for _, row in groups]
        self._unsaid()
        self._assignments(self._roles())
        return self.made

    def _unsaid(self) -> None:
        """What an export leaves out is no value: nobody who is declared is let in or put out by it."""
        for key in ABSENT:
            if any(key in row for row in self.made.users):
                self.made.users = [{key: None, **row} for row in self.made.users]
        for row in self.made.users:
            if "accountEnabled" not in row:
                self.notes.add(
                    "the export does not say whether it is enabled: a new row is, a declared one stays as it is; read "
                    "/users with accountEnabled in $select",
                    row["userPrincipalName"],
                )
        for row in self.made.groups:
            if "members" not in row:
                self.notes.add(
                    "the export does not say who is in it: a new group has no members, a declared one keeps its own; "
                    "read /groups with $expand=members",
                    row["displayName"],
                )

    def _own(self, kind: str, key: str, rows: list[tuple[Json, Row]]) -> list[tuple[Json, Row]]:
        """Those with a name of their own, once each. Raises ImportRefused where two rows of one id contradict each other."""
        count: dict[str, set[str]] = defaultdict(set)
        for _, row in rows:
            if is_name(row.get(key)):
                count[fold(row[key])].add(str(row.get("id")))
        kept: dict[str, tuple[Json, Row]] = {}
        for item, row in rows:
            name = row.get(key)
            if not is_name(name):
                self.notes.add(f"left out: its {key} cannot name it", str(name or row.get("id")))
            elif len(count[fold(str(name))]) > 1:
                self.notes.add(f"left out: several have this {key}", str(name))
            else:
                same = str(row.get("id") or fold(str(name)))
                kept[same] = merged(str(name), kept[same], (item, row)) if same in kept else (item, row)
        return list(kept.values())

    def _manager(self, item: Json, row: Row) -> None:
        boss = item.get("manager")
        if "manager" not in item:
            return
        row["manager"] = self.names.get(str(boss.get("id"))) if isinstance(boss, dict) else None
        if boss and row["manager"] is None:
            self.notes.add("its manager is not imported: that user is not in the export", row["userPrincipalName"])

    def _members(self, item: Json, row: Row) -> None:
        listed, pages = item.get("members"), self._member_pages(row)
        if listed is None and not pages:
            return
        cut = "members@odata.nextLink" in item or (isinstance(listed, list) and len(listed) == EXPANDED)
        if (cut and not pages) or (pages and all(page.more for page in pages)):
            id = row.get("id")
            raise ImportRefused(
                f"the group {row['displayName']} has more members than the export holds (at most {EXPANDED})",
                f"save /groups/{id}/members as members/{id}.json, every page of it",
            )
        members = [m for m in listed or [] if isinstance(m, dict)] + [m for page in pages for m in page.items]
        known = {member for item in members if (member := self._member(item, row["displayName"]))}
        if pages and not known and not all(map(is_neither, members)):
            raise ImportRefused(
                f"of the {plural(len(members), 'row')} of members/{pages[0].name} none is a user or a group of the export",
                "export users, groups and members on one day; the list needs the column Object ID or User principal name",
            )
        ordered = sorted(known, key=lambda member: (member[0], fold(member[1]), member[1]))
        row["members"] = [{"group": name} if is_group else name for is_group, name in ordered]

    def _member_pages(self, row: Row) -> list[Page]:
        return [page for page, names in self.lists if names & _names(row)]

    def _strays(self, groups: Iterable[Row]) -> None:
        """Lists of members of no group here. Raises ImportRefused where one does not even say of which."""
        known = {name for row in groups for name in _names(row)}
        for page in (page for page, names in self.lists if not names & known):
            if page.folder != "members" and not ids(page):
                raise ImportRefused(
                    f"{page.name} lists members, and does not say of which group",
                    "save it as members/GROUP.csv, with the group's displayName or id for GROUP",
                )
            self.notes.add(
                "its members are not imported: no group of the export has this name or id; save it as members/GROUP.csv",
                page.name,
            )

    def _member(self, member: Json, group: str) -> tuple[bool, str] | None:
        id = str(member.get("id") or member.get("objectId"))
        for is_group, names in ((False, self.names), (True, self.groups)):
            if id in names:
                return is_group, names[id]
        name = fold(user_name(str(member.get("userPrincipalName"))))
        if id == "None" and name in self.by_name:
            return False, self.by_name[name]
        self.notes.add("a member is not imported: it is not a user or group of the export", group)
        return None

    def _roles(self) -> dict[str, str]:
        """appRoleId -> displayName."""
        names = {NO_ROLE: DEFAULT_ACCESS}
        for item in self.items("app"):
            for role in item.get("appRoles") or []:
                if not is_name(role.get("displayName")) or not can_hold(str(role.get("value") or "")):
                    self.notes.add("an app role is not imported: its name cannot be declared", str(role.get("id")))
                    continue
                row: Row = {"value": str(role.get("value") or role["displayName"]), "displayName": role["displayName"]}
                row.update({"enabled": False} if role.get("isEnabled") is False else {})
                known = {fold(other["displayName"]) for other in self.made.roles}
                # Entra's User stands for users and groups alike; Application is for neither.
                if "User" in (role.get("allowedMemberTypes") or ["User"]) and fold(row["displayName"]) not in known:
                    self.made.roles.append(row)
                names[str(role.get("id"))] = role["displayName"]
        return names

    def _assignments(self, roles: dict[str, str]) -> None:
        apps = {item["resourceId"] for item in self.items("assignments") if item.get("resourceId")}
        if len(apps) > 1:
            raise ImportRefused(f"the export holds assignments of {len(apps)} apps", "import each app from a folder of its own")
        rows: dict[tuple[str, str, str], Row] = {}
        for item in self.items("assignments"):
            row = self._assignment({fold(re.sub(r"\s", "", key)): value for key, value in item.items()}, roles)
            if row is not None:
                rows.setdefault((fold(row.get("user", "")), fold(row.get("group", "")), fold(row["role"])), row)
        self.made.assignments = list(rows.values())

    def _assignment(self, item: Json, roles: dict[str, str]) -> Row | None:
        """`item` has folded keys without spaces: Graph's appRoleAssignment, or a line of the portal's list."""
        id = str(item.get("principalid") or item.get("objectid") or item.get("id"))
        shown = str(item.get("principaldisplayname") or item.get("displayname") or id)
        role = roles.get(str(item["approleid"])) if "approleid" in item else _first(item, "roleassigned", "role", "approlename")
        if role is None:
            self.notes.add(
                f"its assignment is not imported: no app role {item.get('approleid')} in the export; save the "
                "service principal with its appRoles",
                shown,
            )
            return None
        for key, names in (("user", self.names), ("group", self.groups)):
            if id in names:
                return {key: names[id], "role": role}
        self.notes.add("its assignment is not imported: it is not a user or group of the export", shown)
        return None


def _first(item: Json, *keys: str) -> str | None:
    return next((str(item[key]) for key in keys if item.get(key)), None)


def _names(row: Row) -> set[str]:
    return {fold(str(row.get("id"))), fold(row["displayName"])}
