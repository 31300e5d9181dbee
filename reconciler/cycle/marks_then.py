"""A time in, which roles and groups were privileged by the declarations of that time out. Asks git."""

from __future__ import annotations

from typing import Any

from reconciler.cycle.declared_at import commit_at
from reconciler.cycle.declared_then import NotKnown, lists_then
from reconciler.cycle.earlier_commit import read_at
from reconciler.cycle.last_applied import name_at
from reconciler.declare.model import App, Declarations
from reconciler.declare.names import fold
from reconciler.declare.settings import Provisioning
from reconciler.plan.access.marks import Marks, marks


def marks_then(app: App, declarations: Declarations, at: str) -> Marks:
    """By the newest commit of then (ISO, UTC). Raises NotKnown."""
    commit = commit_at(at)
    name = name_at(commit, declarations, app)
    if name != app.name:
        raise NotKnown(f"the app was called {name} then")
    folder = f"{declarations.folder}/apps/{name}"
    rows = read_at(commit, f"{folder}/roles").get("roles")
    roles = {
        fold(row["displayName"]): row.get("privileged") is True for row in _rows(rows) if isinstance(row.get("displayName"), str)
    }
    provisioning = read_at(commit, f"{folder}/app").get("provisioning")
    said = provisioning if isinstance(provisioning, dict) else {}
    expands = said.get("nestedGroups", Provisioning().nestedGroups) == "expand"
    then = lists_then(app, declarations, commit)
    return marks(roles, then.apps[app.name].assignments, then.groups, expands, at[:10])


def _rows(rows: Any) -> list[dict[str, Any]]:
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
