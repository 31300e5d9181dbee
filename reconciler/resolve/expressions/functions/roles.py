"""Functions on appRoleAssignments: a user's effective roles, in the order of roles.yaml. Pure."""

from __future__ import annotations

from typing import Any

from reconciler.resolve.expressions.functions.base import Function


def _roles(assignments: Any) -> list[dict[str, Any]]:
    return [{"value": role["value"], "display": role["displayName"], "primary": False} for role in assignments or ()]


def _single_role(assignments: Any) -> Any:
    return assignments[0]["value"] if assignments else None


FUNCTIONS: dict[str, Function] = {
    name: Function(1, 1, call, f"{name}([appRoleAssignments])", many=True, only="appRoleAssignments")
    for name, call in (
        ("AppRoleAssignmentsComplex", _roles),
        ("AssertiveAppRoleAssignmentsComplex", _roles),
        ("SingleAppRoleAssignment", _single_role),
    )
}
