"""test-connection of the API that holds an app's roles beside SCIM: its steps, and names in roles.yaml that are not there."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.cycle.clock import now
from reconciler.cycle.role_source import role_source
from reconciler.declare.model import App
from reconciler.declare.place import Place
from reconciler.plan.role_notes import undeclared
from reconciler.plan.role_table import RoleTable, role_table
from reconciler.record.model import Record
from reconciler.rolesources.connection import LACKING, run_test
from reconciler.scim.client import ScimClient
from reconciler.scim.connection import Step


def try_roles(app: App, client: ScimClient, record: Record | None) -> list[Step]:
    """None where the app has no such API. Raises CredentialError where its token must not go there."""
    source = role_source(app, client, record)
    if source is None:
        return []
    steps, catalog, within = run_test(source, now())
    if catalog is None:
        return steps
    table, problems = role_table(app, catalog, record.role_api.get("given", {}) if record is not None else {})
    outside = _outside(app, table, {place.id for place in within})
    privileged = {key for key, role in app.roles.items() if role.privileged}
    hidden = (
        _step(at, words, "", "PrivilegeNotDeclared")._replace(needed=False, warning=True)
        for at, words in undeclared(app, table, privileged)
    )
    return [*steps, *(_step(p.place, p.message, p.remedy, p.code) for p in problems), *outside, *hidden]


def _outside(app: App, table: RoleTable, within: set[str]) -> Iterator[Step]:
    """Roles that are for account groups in which the token may not write; none where it may in all, or a name is not there."""
    for key, given in table.given.items() if within else ():
        role, places = app.roles.get(key), {grant.place for grant in given.grants}
        if role is not None and role.grant is not None and "" not in places and not places <= within:
            where = "all account groups" if role.grant.groups is None else " and ".join(role.grant.groups)
            said = f"the token may not give {role.displayName}, which is for {where}"
            yield _step(role.grant.place, said, "give its owner a role with the permission to edit users there", LACKING)


def _step(place: Place, message: str, remedy: str, code: str) -> Step:
    return Step(f"{place.file}:{place.line}:{place.column}", False, message, remedy, code=code)
