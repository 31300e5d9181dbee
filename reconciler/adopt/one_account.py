"""reconcile import --only '#ID': one account that nobody declared, into the files that declare users, roles and assignments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from reconciler.adopt import write
from reconciler.adopt.invert import role_slot
from reconciler.adopt.live import adopt
from reconciler.adopt.model import Adopted, ImportRefused, Known, Notes
from reconciler.adopt.roles_beside import Beside
from reconciler.adopt.yaml_edit.edit import append, revise
from reconciler.cycle.declarations import checked
from reconciler.declare.folders import SUFFIXES
from reconciler.declare.model import Role
from reconciler.declare.names import STRANGER, fold, is_group, user_address
from reconciler.declare.table import Table
from reconciler.declare.yaml.document import parse
from reconciler.declare.yaml.scalars import scalar
from reconciler.plan.context import Context
from reconciler.plan.live import Live, LiveObject
from reconciler.plan.planner import Planned, make_plan
from reconciler.plan.role_table import read
from reconciler.plan.roles import of_values
from reconciler.plan.roles_beside import is_beside
from reconciler.plan.selection import Selection
from reconciler.record.model import Record
from reconciler.resolve.resolution import resolve

Texts = dict[str, str]


class Adoption(NamedTuple):
    """The address that the account has from now on, the files below `desired/` that say so, what was left out, the plan after."""

    address: str
    paths: list[str]
    notes: list[str]
    after: Planned


def take_account(desired: Path, planned: Planned, record: Record | None, id: str) -> Adoption:
    """Declare one account that the service shows with what it holds. Raises ImportRefused, and has written nothing then."""
    context, app, notes = planned.context, planned.context.app, Notes()
    account = _account(context, id)
    # Those that an app has before it declares any are nobody's roles, once a mapping writes the service's own.
    built_in = (
        role_slot(context.resolution.user_mapping) is not None and not (desired / _path(desired, app.name, "roles")).is_file()
    )
    adopted = _adopted(context, account, [] if built_in else list(app.roles.values()), notes)
    name = adopted.names[id]
    texts = {**_rows(desired, context, adopted), **_memberships(desired, context, id, name)}
    with write.staged(desired) as stage:
        write.put(stage, texts)
        after = _after(stage, desired, planned, record)
    if id not in after.context.matching.addresses:
        raise _still_nobodys(desired, context, account, name)
    write.put(desired, texts)
    return Adoption(user_address(name), sorted(texts), notes.lines(), after)


def _still_nobodys(desired: Path, context: Context, account: LiveObject, name: str) -> ImportRefused:
    """Why what the account holds does not make it somebody's, such as after it was revoked, and what to write instead."""
    why = " and ".join(filter(None, ("" if account.active else "it is disabled", _roleless(context, account))))
    role = next((role.displayName for role in context.app.roles.values() if not role.privileged), "User")
    users, assignments = (_path(desired, context.app.name, kind) for kind in ("users", "assignments"))
    then = "takes the account over" + ("" if account.active else " and enables it")
    return ImportRefused(
        f"{name} would be declared, and the account {account.id} would still be nobody's" + (f": {why}" if why else ""),
        f"declare `- {{userPrincipalName: {scalar(name)}}}` in {users} and what they are to have, such as "
        f"`- {{user: {scalar(name)}, role: {scalar(role)}}}`, in {assignments}: the next plan {then}; "
        f"`reconcile explain {name}` says what else keeps them out",
    )


def _roleless(context: Context, account: LiveObject) -> str:
    return "" if of_values(context, account.values) else "it holds no role"


def _account(context: Context, id: str) -> LiveObject:
    owner = context.matching.addresses.get(id)
    if owner is not None and owner.startswith(STRANGER):
        raise ImportRefused(f"the account {id} was revoked", f"to let it in again, `reconcile record forget '{owner}'` first")
    if owner is not None:
        raise ImportRefused(f"the account {id} is {owner}'s already", f"its values: `reconcile import --only '{owner}'`")
    return context.live.users[id]


def _adopted(context: Context, account: LiveObject, roles: list[Role], notes: Notes) -> Adopted:
    """Its rows; of somebody who is declared already the assignments alone."""
    app, resolution = context.app, context.resolution
    users, groups = _known(resolution.declarations.users), _known(resolution.declarations.groups)
    known = Known(users[0], groups[0], users[1], groups[1])
    live = Live({account.id: account})
    adopted = adopt(app, resolution.user_mapping, resolution.group_mapping, live, known, notes, roles, _beside(context))
    if account.id not in adopted.names:
        raise ImportRefused(f"{account.name} cannot be declared:\n    " + "\n    ".join(notes.lines()), "declare it by hand")
    said = {(item.user, item.role) for item in app.assignments}
    adopted.assignments = [row for row in adopted.assignments if (fold(row["user"]), fold(row["role"])) not in said]
    return adopted


def _beside(context: Context) -> Beside | None:
    """What accounts hold over an API beside SCIM, where there is one that shows it."""
    roles = context.live.roles
    if not is_beside(context.resolution.user_mapping) or roles.why:
        return None
    return Beside(roles.table, {id: read(seen["held"]) for id, seen in roles.seen.items()})


def _known(table: Table[Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Everybody's name by its folded form, and by the declared id."""
    names, ids = table.column(table.key), table.column("id")
    by_id = {id: name for id, name in zip(ids, names, strict=True) if id is not None}
    return {fold(name): name for name in names}, by_id


def _rows(desired: Path, context: Context, adopted: Adopted) -> Texts:
    """The files with the new rows in their place."""
    kinds = {"users": adopted.users, "roles": adopted.roles, "assignments": adopted.assignments}
    paths = {kind: _path(desired, context.app.name, kind) for kind, rows in kinds.items() if rows}
    return {path: append(kind, write.read(desired, path), kinds[kind], path) for kind, path in paths.items()}


def _path(desired: Path, app: str, kind: str) -> str:
    """The file that an import of the app writes; of a folder of assignments one in there."""
    if kind == "users":
        return f"directory/users/{app}.yaml"
    if kind == "assignments" and (desired / f"apps/{app}/assignments").is_dir():
        return f"apps/{app}/assignments/imported.yaml"
    names = [f"apps/{app}/{kind}{suffix}" for suffix in SUFFIXES]
    return next((name for name in names if (desired / name).is_file()), names[0])


def _memberships(desired: Path, context: Context, id: str, name: str) -> Texts:
    """The files of the declared groups that it is in, with it as a member: a plan would take it out of them else."""
    table, texts = context.resolution.declarations.groups, Texts()
    for row in _inside(context, id):
        path = Path(table.files[row]).resolve().relative_to(desired.resolve()).as_posix()
        text = texts.get(path) or write.read(desired, path) or ""
        group = parse(text.encode(), path).data["groups"][table.numbers[row]]
        members = [*(group.get("members") or ()), name]
        texts[path] = revise("groups", text, path, {table.numbers[row]: {**group, "members": members}})
    return texts


def _inside(context: Context, id: str) -> Iterator[int]:
    for address, group in sorted(context.matching.live.items()) if context.app.groups.enabled else ():
        if is_group(address) and id in (group.members or ()):
            yield context.resolution.groups[address].row


def _after(stage: Path, desired: Path, planned: Planned, record: Record | None) -> Planned:
    """The plan of the result, which must be valid."""
    declarations, problems = checked(stage)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        words = "\n    ".join(write.told(problem, stage, desired) for problem in errors[:10])
        raise ImportRefused(f"the declarations would not be valid:\n    {words}", errors[0].remedy)
    app = declarations.apps[planned.context.app.name]
    resolution = resolve(app, declarations, planned.context.resolution.today)
    return make_plan(app, resolution, planned.context.live, record, Selection(), planned.plan.base_url)
