"""Values in place of a world: a few people, one group and one app, as the planner's functions are handed them. No I/O.

Ada and Grace have the accounts `a1` and `b2`, and are in the group Net, `g1`; `context` matches what it is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.declare.mapping_model import AttributeMapping, ObjectMapping
from reconciler.declare.model import App, Assignment, Declarations, Group, Role, User
from reconciler.declare.place import Place
from reconciler.declare.settings import Deprovisioning, Provisioning
from reconciler.declare.table import Table, to_rows
from reconciler.plan.context import Context, gather
from reconciler.plan.live import Live, LiveObject, project_groups, project_users
from reconciler.plan.matching.match import match
from reconciler.record.entries import Entries, Entry
from reconciler.record.model import Record
from reconciler.resolve.mapping import CompiledMapping, compile_mapping
from reconciler.resolve.resolution import resolve

TODAY = "2026-06-01"
ADA, GRACE, NET = "User/ada@x.org", "User/grace@x.org", "Group/Net"
ACTIVE = AttributeMapping("active", "expression", 'Switch([IsSoftDeleted], , "False", "True", "True", "False")')
USERS = (AttributeMapping("userName", "source", "userPrincipalName", 1), ACTIVE, AttributeMapping("title", "source", "jobTitle"))
GROUPS = (AttributeMapping("displayName", "source", "displayName", 1), AttributeMapping("members", "source", "members"))
PEOPLE: tuple[dict[str, Any], ...] = (
    {"userPrincipalName": "ada@x.org", "jobTitle": "Engineer"},
    {"userPrincipalName": "grace@x.org", "jobTitle": "Admiral"},
)
TEAM: dict[str, Any] = {"displayName": "Net", "members": ["ada@x.org", "grace@x.org"]}
ASSIGNED = Assignment(None, "net", "user", None, None, "assignments.yaml", 1)


def app(users: ObjectMapping | None = None, groups: ObjectMapping | None = None, **changed: Any) -> App:
    plain = App(
        "wiki",
        "Wiki",
        "generic",
        "https://wiki.example",
        "${env:TOKEN}",
        Provisioning(),
        Deprovisioning(),
        {"user": Role("user", "user", "User")},
        (ASSIGNED,),
        users or ObjectMapping(attributes=USERS),
        groups or ObjectMapping(attributes=GROUPS),
        Place("app.yaml", 1),
    )
    return replace(plain, **changed)


def table(kind: Any, key: str, rows: Sequence[dict[str, Any]]) -> Table[Any]:
    found: Table[Any] = Table(kind, key)
    found.add(to_rows(list(rows), list(range(1, len(rows) + 1)), (key,)), f"{key}.yaml")
    return found


def account(id: str, name: str, title: str | None = None, active: bool = True) -> dict[str, Any]:
    return {"id": id, "userName": name, "active": active, "title": title}


def group(id: str, name: str, *members: str) -> dict[str, Any]:
    return {"id": id, "displayName": name, "members": [{"value": member} for member in members]}


ACCOUNTS = (account("a1", "ada@x.org", "Engineer"), account("b2", "grace@x.org", "Admiral"))


def entry(id: str, name: str, title: str | None = None, **more: Any) -> Entry:
    return {"id": id, "wanted": {"userName": name, "active": True, "title": title}, "answered": {}, **more}  # type: ignore[typeddict-item]


def group_entry(id: str, name: str, *members: str, **more: Any) -> Entry:
    return {"id": id, "wanted": {"displayName": name}, "members": list(members), **more}  # type: ignore[typeddict-item]


def entries() -> dict[str, Entry]:
    return {
        ADA: entry("a1", "ada@x.org", "Engineer"),
        GRACE: entry("b2", "grace@x.org", "Admiral"),
        NET: group_entry("g1", "Net", ADA, GRACE, created=True),
    }


def context(
    application: App | None = None, people: Sequence[dict[str, Any]] = PEOPLE, teams: Sequence[dict[str, Any]] = (TEAM,),
    accounts: Sequence[dict[str, Any]] = ACCOUNTS, groups: Sequence[dict[str, Any]] = (group("g1", "Net", "a1", "b2"),),
    recorded: Mapping[str, Entry] | None = None, out: Mapping[str, Any] | None = None,
) -> Context:  # fmt: skip
    """What planning rests on; `recorded` are the record's entries, `out` those whom somebody has revoked."""
    application = application or app()
    declarations = Declarations(table(User, "userPrincipalName", people), table(Group, "displayName", teams), {})
    resolution = resolve(application, declarations, TODAY)
    live = Live(
        {item.id: item for item in project_users(resolution.user_mapping, list(accounts))},
        {item.id: item for item in project_groups(resolution.group_mapping, list(groups))},
    )
    known = Entries(recorded if recorded is not None else entries())
    matching = match(resolution, live, known)
    record = Record("wiki", entries=known, revoked=dict(out or {}))
    return gather(resolution.limited.app, resolution, live, record, matching)


def mapping(*attributes: AttributeMapping) -> CompiledMapping:
    return compile_mapping(ObjectMapping(attributes=attributes))


def live_group(id: str, *members: str) -> LiveObject:
    return LiveObject(id, "Net", ("Net", None), None, True, members)
