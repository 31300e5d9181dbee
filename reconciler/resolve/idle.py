"""Assignments that give nobody a role. Declarations in, warnings out. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.declare.model import App, Assignment, Declarations, Place, Problem, Role

OTHER = {"User": "assign a group", "Group": "assign its members themselves"}


def check_assignments(declarations: Declarations) -> list[Problem]:
    """Each assignment whose role is disabled, or not open to a user or a group; Default Access is meant to give nothing."""
    return [problem for app in declarations.apps.values() for problem in _app(app)]


def _app(app: App) -> Iterator[Problem]:
    if all(role.enabled and {"User", "Group"} <= {*role.allowedMemberTypes} for role in app.roles.values()):
        return
    for item in app.assignments:
        found = _finding(item, role) if (role := app.roles.get(item.role)) is not None else None
        if found is not None:
            yield Problem(Place(item.file, item.line), "warning", *found)


def _finding(item: Assignment, role: Role) -> tuple[str, str, str] | None:
    """Code, message and remedy."""
    kind = "User" if item.user is not None else "Group"
    if not role.enabled:
        return ("role-disabled", f"the role {role.displayName} is disabled, so this assignment gives it to nobody",
                "remove the assignment, or `enabled: false` from the role in roles.yaml")  # fmt: skip
    if kind not in role.allowedMemberTypes:
        return ("role-member-type",
                f"the role {role.displayName} is not open to a {kind.lower()}, so this assignment gives it to nobody",
                f"{OTHER[kind]}, or add {kind} to the role's allowedMemberTypes in roles.yaml")  # fmt: skip
    return None
