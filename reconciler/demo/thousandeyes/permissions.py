"""What roles hold: the permissions that the administrative API asks for, by their labels, and the built-in roles. Pure data."""

from __future__ import annotations

from typing import NamedTuple

API = "API access"
VIEW_USERS = "View all users"
EDIT_USERS = "Edit users"
EDIT_EVERYWHERE = "Edit users in all account groups"
ASSIGN = "Assign management permissions"
VIEW_GROUPS = "View all account groups settings"
VIEW_LOG = "View activity log for all users in account group"
VIEW_TESTS = "View tests"

ORGANIZATION_ADMIN, ACCOUNT_ADMIN, REGULAR_USER = "Organization Admin", "Account Admin", "Regular User"


class Permission(NamedTuple):
    """`name` is in the form of the vendor's own, such as REPORT_READ; these names are not the vendor's."""

    id: str
    label: str
    name: str
    management: bool


PERMISSIONS = {
    label: Permission(id, label, label.upper().replace(" ", "_"), management)
    for id, label, management in (
        ("11", API, False),
        ("12", VIEW_TESTS, False),
        ("21", VIEW_USERS, True),
        ("22", EDIT_USERS, True),
        ("23", EDIT_EVERYWHERE, True),
        ("24", ASSIGN, True),
        ("25", VIEW_GROUPS, True),
        ("26", VIEW_LOG, True),
    )
}
BUILT_IN = {
    ORGANIZATION_ADMIN: ("35", tuple(PERMISSIONS)),
    ACCOUNT_ADMIN: ("36", (API, VIEW_TESTS, VIEW_USERS, VIEW_LOG)),
    REGULAR_USER: ("37", (API, VIEW_TESTS)),
}
