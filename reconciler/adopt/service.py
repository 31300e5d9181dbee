"""reconcile import of a live service: read, run the mapping backwards, check the result as a whole, then write it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reconciler.adopt import by_group, defaults, layout, write
from reconciler.adopt import elsewhere as others
from reconciler.adopt.invert import role_slot
from reconciler.adopt.live import adopt
from reconciler.adopt.model import Known, Notes
from reconciler.adopt.roles_beside import Beside
from reconciler.adopt.stage import Request, files, has, into, load, seed, to_do
from reconciler.adopt.yaml_edit.edit import append
from reconciler.cycle.listener import SILENT, Listener
from reconciler.cycle.role_reading import Anew, asked_of, everybody, shown
from reconciler.cycle.role_source import opened
from reconciler.declare.model import App, Declarations
from reconciler.declare.names import fold, user_address
from reconciler.plan.live import Live, LiveObject, project_groups, project_users, with_members
from reconciler.plan.model import Plan
from reconciler.plan.planner import make_plan
from reconciler.plan.role_table import role_table
from reconciler.plan.selection import Selection
from reconciler.record.model import Record
from reconciler.record.open import store_of
from reconciler.resolve.capabilities import Limits, limit
from reconciler.resolve.mapping import compile_mapping
from reconciler.resolve.model import Resolution
from reconciler.resolve.resolution import resolve
from reconciler.scim.answers import shallow
from reconciler.scim.client import ScimClient
from reconciler.scim.discovery import refine
from reconciler.scim.errors import ServiceError

Resource = dict[str, Any]
Connect = Callable[[App, Record | None], AbstractContextManager[ScimClient]]
NO_GROUPS = (404, 405, 501)
MAP_ROLES = "map `roles` in mappings.yaml, then import again"


@dataclass
class Outcome:
    """What was written, what could not be imported, and the plan that follows."""

    written: list[str]
    removed: list[str]
    counts: dict[str, int]
    notes: list[str]
    plan: Plan


@dataclass
class Read:
    """The service as it is, before any mapping."""

    users: list[Resource]
    groups: list[Resource]
    has_groups: bool
    base_url: str
    reads: int
    limits: Limits
    members_shown: bool | str = True


def take_over(
    request: Request, connecting: Connect, record_of: Callable[..., Record | None] | None = None, heard: Listener = SILENT
) -> Outcome:
    """Import one app; `heard` hears how long reading everybody's roles takes.

    Raises ImportRefused where nothing could be written, and what reading a service raises.
    """
    with write.staged(request.out) as stage:
        seeded, new = seed(stage, request)
        declarations = load(stage, request)
        app = declarations.apps[request.name]
        record = (record_of or _record)(app, declarations)
        notes, odd = Notes(), frozenset[str]()
        with connecting(app, record) as client:
            read = _read(client, app, new)
            beside = _beside(client, app, record, read, notes, heard)
        if new:
            text = defaults.mappings_file(
                app.name, app.profile, read.users, defaults.GROUPS if read.has_groups else defaults.NO_GROUPS
            )
            seeded[f"apps/{app.name}/mappings.yaml"] = text
            write.put(stage, seeded)
            declarations = load(stage, request)
            odd = _roles_left(read, declarations.apps[app.name], notes)
        return _import(request, stage, declarations, seeded, read, record, notes, odd, beside)


def _record(app: App, declarations: Declarations) -> Record | None:
    return store_of(app, declarations).load()


def _import(
    request: Request, stage: Path, declarations: Declarations, seeded: dict[str, str], read: Read, record: Record | None,
    notes: Notes, odd: frozenset[str], beside: Beside | None,
) -> Outcome:  # fmt: skip
    app = limit(declarations.apps[request.name]).app
    users, groups = compile_mapping(app.users), compile_mapping(app.groups)
    live = Live({item.id: item for item in project_users(users, read.users)}, {}, read.reads)
    if app.groups.enabled:
        listed = with_members(project_groups(groups, read.groups), read.members_shown, shown=False)
        live.groups = {item.id: item for item in listed}
    known = others.known(declarations, stage, request.name, record)
    # Those that an app has before it declares any are nobody's roles, once a mapping writes the service's own.
    roles = [] if role_slot(users) is not None and not has(stage, request.name, "roles") else list(app.roles.values())
    adopted = adopt(app, users, groups, _without(live, odd, known, notes), known, notes, roles, beside)
    if beside is not None:
        # Where the app has groups, one that is assigned and is not there would be created.
        there = {fold(name) for name in adopted.group_names.values()} if app.groups.enabled else known.groups.keys()
        assignable = {key: name for key, name in known.groups.items() if key in there}
        adopted.assignments = by_group.explained(adopted.assignments, assignable, declarations.groups, app)
    others.leave_out_repeats(adopted, app, stage)
    texts = {**seeded, **layout.texts(app.name, adopted, request.split, [])}
    if adopted.roles:
        path = next(iter(files(stage, app.name, "roles")), f"apps/{app.name}/roles.yaml")
        texts[path] = append("roles", write.read(stage, path), adopted.roles, path)
    fresh, removed = to_do(request, texts)
    into(stage, texts, app.name)
    after = load(stage, request)
    resolution = resolve(after.apps[app.name], after, datetime.now(UTC).date().isoformat())
    live = _with_roles(resolution, live, read, beside)
    plan = make_plan(after.apps[app.name], resolution, live, record, Selection(), read.base_url, limits=read.limits).plan
    write.put(request.out, fresh, removed)
    counts = {kind: len(getattr(adopted, kind)) for kind in ("users", "groups", "roles", "assignments")}
    return Outcome(sorted(fresh), removed, counts, notes.lines(), plan)


def _beside(
    client: ScimClient, app: App, record: Record | None, read: Read, notes: Notes, heard: Listener
) -> Beside | None:  # fmt: skip
    """What everybody holds over the API beside SCIM that the app or its profile names; None where it does not show that."""
    source = opened(app, app.role_source, client, record)
    if source is None:
        return None
    live = Live({user["id"]: LiveObject(user["id"], str(user.get("userName")), (), None, True) for user in read.users})
    try:
        table, problems = role_table(app, source.catalog(), {})
        held = everybody(source, live, asked_of(client, heard, Anew(True)))
    except ServiceError as error:
        notes.add(f"roles are not imported: {source.name} does not show them: {error}", app.name)
        return None
    for problem in problems:
        notes.add(f"{problem.message} ({problem.place.file}:{problem.place.line})", app.name)
    return Beside(table, held)


def _with_roles(resolution: Resolution, live: Live, read: Read, beside: Beside | None) -> Live:
    """What is live as the declarations that have just been made see it."""
    app = resolution.limited.app
    if beside is None or app.role_api is None:
        return live
    users = project_users(resolution.user_mapping, read.users)
    table, _ = role_table(app, beside.table.catalog, {})
    return shown(table, resolution, replace(live, users={item.id: item for item in users}), beside.held)


def _roles_left(read: Read, app: App, notes: Notes) -> frozenset[str]:
    """Ids of accounts whose roles the new mapping would overwrite; where it carries none, all that hold any are noted."""
    fit = defaults.role_fit(read.users)
    if role_slot(compile_mapping(app.users)) is not None:
        return frozenset(user["id"] for user in fit.odd)
    why = "no usual mapping writes them as they are" if not fit.line else "the usual mapping of this service carries none"
    reasons = [(fit.odd, why), (fit.fitting, why if fit.line else "the usual mapping that writes them does not fit the others")]
    for users, reason in reasons:
        for user in users:
            notes.add(f"roles are not imported: {reason}; {MAP_ROLES}", user_address(user.get("userName", "")))
    return frozenset()


def _without(live: Live, odd: frozenset[str], known: Known, notes: Notes) -> Live:
    """What is live but for the odd accounts: managed, they would lose their roles. One in the record is managed already."""
    left = {id for id in odd & live.users.keys() if live.users[id].active and id not in known.recorded}
    for id in left:
        notes.add(
            f"left out, roles and all: the mapping that fits the others would overwrite its roles; {MAP_ROLES}",
            user_address(live.users[id].name or id),
        )
    return replace(live, users={id: item for id, item in live.users.items() if id not in left})


def _read(client: ScimClient, app: App, new: bool) -> Read:
    refine(client)
    users = client.read_all("Users", shallow)
    groups: list[Resource] = []
    wanted = client.profile.groups.supported and (app.groups.enabled or new)
    if wanted:
        try:
            groups = client.read_all("Groups", shallow)
        except ServiceError as error:
            if not new or error.status not in NO_GROUPS:
                raise
            wanted = False
    return Read(
        users,
        groups,
        wanted,
        client.shown_url,
        client.counts["reads"],
        client.profile.limits(),
        client.profile.groups.membersReadable,
    )
