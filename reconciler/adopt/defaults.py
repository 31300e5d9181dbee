"""What an app gets that is not declared yet: an app.yaml and a mappings.yaml that work. Pure.

The mapping is Entra's default for a generic SCIM app (facts: provisioning.md §1.4), or for ThousandEyes the vendor's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from reconciler.adopt.roles import pairs
from reconciler.adopt.yaml_edit.rows import header
from reconciler.declare.yaml.scalars import portable, spelled_code

Resource = dict[str, Any]
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:"
ACTIVE = 'Switch([IsSoftDeleted], , "False", "True", "True", "False")'
ROLES = "AssertiveAppRoleAssignmentsComplex([appRoleAssignments])"
PRIMARY, FIRST = 'roles[primary eq "True"].value', "SingleAppRoleAssignment([appRoleAssignments])"
SHORT = (('emails[type eq "work"].value', "mail"), ("displayName", "displayName"))
LONG = (
    ("externalId", "mailNickname"),
    *SHORT,
    ("name.givenName", "givenName"),
    ("name.familyName", "surname"),
    ("title", "jobTitle"),
    ("preferredLanguage", "preferredLanguage"),
    ('phoneNumbers[type eq "work"].value', "telephoneNumber"),
    ('phoneNumbers[type eq "mobile"].value', "mobile"),
    ('phoneNumbers[type eq "fax"].value', "facsimileTelephoneNumber"),
    ('addresses[type eq "work"].streetAddress', "streetAddress"),
    ('addresses[type eq "work"].locality', "city"),
    ('addresses[type eq "work"].region', "state"),
    ('addresses[type eq "work"].postalCode', "postalCode"),
    ('addresses[type eq "work"].country', "country"),
    (ENTERPRISE + "employeeNumber", "employeeId"),
    (ENTERPRISE + "department", "department"),
    (ENTERPRISE + "manager", "manager"),
)
GROUPS = """  groups:
    enabled: true
    targetObjectActions: [create, update, delete]
    attributes:
      - {target: displayName, source: displayName, matchingPrecedence: 1}
      - {target: members, source: members}
"""
NO_GROUPS = "  groups: {enabled: false}\n"


def app_file(name: str) -> str:
    """An app.yaml whose URL and token come from the environment: <NAME>_SCIM_URL and <NAME>_SCIM_TOKEN."""
    variable = variable_of(name)
    return (
        header("app", f"apps/{name}/app.yaml") + f"app: {portable(name)}\nadminCredentials:\n"
        f"  tenantUrl: ${{env:{variable}_SCIM_URL}}\n  secretToken: ${{env:{variable}_SCIM_TOKEN}}\n"
        "provisioning: {scope: assigned, defaultAccess: provision}\n"
    )


def variable_of(name: str) -> str:
    """What the names of an app's environment variables begin with."""
    prefix = re.sub(r"[^A-Z0-9]", "_", name.upper())
    return prefix if prefix[:1].isalpha() else "APP_" + prefix


def mappings_file(name: str, profile: str, users: Iterable[Resource], groups: str = GROUPS) -> str:
    """A mappings.yaml for the service that holds these users; `groups` is GROUPS, or NO_GROUPS of one that has none."""
    rows = [f"{{target: {spelled_code(target)}, source: {source}}}" for target, source in _table(profile)]
    lines = [
        "{target: userName, source: userPrincipalName, matchingPrecedence: 1}",
        f"{{target: active, expression: {spelled_code(ACTIVE)}}}",
        *rows,
    ]
    if profile != "thousandeyes" and (roles := role_fit(users).line):
        lines.append(roles)
    return (
        header("mappings", f"apps/{name}/mappings.yaml") + "mappings:\n  users:\n"
        "    targetObjectActions: [create, update, delete]\n    scopingFilters: []\n    attributes:\n"
        + "".join(f"      - {line}\n" for line in lines)
        + groups
    )


def _table(profile: str) -> tuple[tuple[str, str], ...]:
    return SHORT if profile == "thousandeyes" else LONG


class Fit(NamedTuple):
    """Which usual mapping writes the live roles again as they are, and whose: `line` is empty where none writes most.

    `fitting` and `odd` are the accounts with roles that the best one writes, and does not write.
    """

    line: str
    fitting: list[Resource]
    odd: list[Resource]


def role_fit(users: Iterable[Resource]) -> Fit:
    """Most are more than half; a disabled account does not count against a mapping, since its roles are not compared."""
    held = [user for user in users if user.get("roles")]
    best = max(SHAPES, key=lambda shape: sum(shape.writes(user["roles"]) for user in held))
    fitting, odd = ([user for user in held if best.writes(user["roles"]) is fits] for fits in (True, False))
    against = sum(str(user.get("active")).lower() != "false" for user in odd)
    line = f"{{target: {spelled_code(best.target)}, expression: {spelled_code(best.expression)}}}"
    return Fit(line if len(fitting) > against else "", fitting, odd)


def _without_primary(items: Any) -> bool:
    return _named(items) and all(item.get("display") is not None and not item.get("primary") for item in items)


def _primary_alone(items: Any) -> bool:
    return _named(items) and len(items) == 1 and items[0].get("primary") is True


def _named(items: Any) -> bool:
    return isinstance(items, list) and all(isinstance(item, dict) for item in items) and len(pairs(items)) == len(items)


class Shape(NamedTuple):
    """A usual mapping of roles, and whether it can write these live ones."""

    target: str
    expression: str
    writes: Callable[[Any], bool]


SHAPES = (Shape("roles", ROLES, _without_primary), Shape(PRIMARY, FIRST, _primary_alone))
