"""Texts of files that the examples of several codes share. Pure."""

from __future__ import annotations

CREDENTIALS = "  tenantUrl: https://wiki.example.com/scim/v2\n  secretToken: ${env:WIKI_TOKEN}\n"


def app(more: str = "", credentials: str = CREDENTIALS, name: str = "wiki") -> str:
    """An app.yaml, with lines at its end."""
    return f"app: {name}\nadminCredentials:\n{credentials}{more}"


def mappings(*rows: str, filters: str = "") -> str:
    """A mappings.yaml that matches by userName and disables, with rows at its end and scoping filters."""
    scope = f"    scopingFilters: {filters}\n" if filters else ""
    lines = (
        "{target: userName, source: userPrincipalName, matchingPrecedence: 1}",
        '{target: active, expression: \'Switch([IsSoftDeleted], , "False", "True", "True", "False")\'}',
        *rows,
    )
    return f"mappings:\n  users:\n{scope}    attributes:\n" + "".join(f"      - {line}\n" for line in lines)
