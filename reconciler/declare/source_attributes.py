"""The source attributes that a mapping may read, by object type. No I/O."""

from __future__ import annotations

from reconciler.declare.wording import did_you_mean, likely

USER_SOURCES = (
    "userPrincipalName", "id", "accountEnabled", "displayName", "givenName", "surname", "mail", "department", "manager",
    "employeeId", "employeeType", "employeeHireDate", "jobTitle", "companyName", "mailNickname", "mobile",
    "telephoneNumber", "facsimileTelephoneNumber", "streetAddress", "city", "state", "postalCode", "country",
    "physicalDeliveryOfficeName", "usageLocation", "preferredLanguage", "userType", "onPremisesSamAccountName",
    "otherMails", "proxyAddresses",
)  # fmt: skip
GROUP_SOURCES = ("displayName", "id", "description", "mailNickname", "members")
COMPUTED = ("IsSoftDeleted", "appRoleAssignments")
GRANTED = "grantedRoles"  # those of a user's roles that are something on an API beside SCIM; no YAML says it
DEFAULT_DOMAIN = "DefaultDomain()"  # what the function reads, by its call: no attribute of anybody bears this name
MULTI_VALUED = frozenset({"appRoleAssignments", "members", "otherMails", "proxyAddresses"})


def sources(kind: str) -> list[str]:
    """The source attributes of an object type."""
    return list(GROUP_SOURCES) if kind == "groups" else [*USER_SOURCES, *COMPUTED]


def source_problem(name: str, kind: str) -> tuple[str, str] | None:
    """Why a source attribute cannot be used, and what to do; None where it can."""
    known = sources(kind)
    if name in known:
        return None
    if kind == "users" and name.startswith("extensionAttributes.") and len(name) > 20:
        return None
    return f"{name!r} is not a source attribute", did_you_mean(
        likely(name, known), "one of " + ", ".join(known) + ", extensionAttributes.<key>"
    )
