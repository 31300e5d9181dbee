"""What another administrator does on the service, in the middle of it all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.scim.errors import ServiceError

if TYPE_CHECKING:
    from tests.simulation.run import Simulation


def edit(run: Simulation) -> str:
    """Do one thing, as the seed has it; returns what, in words."""
    users = [u for u in run.admin.read_all("Users", lambda page: page) if u["id"] not in run.strangers]
    groups = run.admin.read_all("Groups", lambda page: page)
    what = run.random.choice(("title", "shown", "off", "on", "rename", "delete", "create", "into", "out of", "close"))
    try:
        return f"{what} {_do(run, what, users, groups)}"
    except ServiceError as error:
        return f"{what}: {error}"


def _do(run: Simulation, what: str, users: list[Any], groups: list[Any]) -> str:
    user = run.random.choice(users) if users else None
    group = run.random.choice(groups) if groups else None
    if what == "create":
        return _create(run, users)
    if what in ("into", "out of", "close"):
        return _group(run, what, group) if group else "nothing"
    if user is None:
        return "nobody"
    if what == "delete":
        run.admin.delete("Users", user["id"])
    else:
        path, value = {
            "title": ("title", run.random.choice(("Intern", "Chief"))),
            "shown": ("displayName", "edited"),
            "off": ("active", False),
            "on": ("active", True),
            "rename": ("userName", f"odd-{run.edits}@x.org"),
        }[what]
        run.admin.patch("Users", user["id"], [{"op": "replace", "path": path, "value": value}])
        run.switched_off |= {user["id"]} if what == "off" else set()
        run.hidden |= {user["id"]} if what == "rename" else set()
    return str(user["userName"])


def _create(run: Simulation, users: list[Any]) -> str:
    """An account for somebody who has none: what provisioning then adopts, or trips over."""
    taken = {user["userName"] for user in users}
    free = [p for p in run.directory.people if not {p.name, *p.earlier} & taken and not p.earlier]
    if not free or any(name.startswith("odd-") for name in taken):
        return "nobody"
    name = run.random.choice(free).name
    run.seed(name)
    return name


def _group(run: Simulation, what: str, group: Any) -> str:
    members = [m["value"] for m in group.get("members", [])]
    if what == "close":
        run.admin.delete("Groups", group["id"])
    elif what == "into":
        others = [u["id"] for u in run.admin.read_all("Users", lambda page: page) if u["id"] not in members]
        if others:
            value = [{"value": run.random.choice(others)}]
            run.admin.patch("Groups", group["id"], [{"op": "add", "path": "members", "value": value}])
    elif members:
        run.admin.patch("Groups", group["id"], [{"op": "remove", "path": f'members[value eq "{run.random.choice(members)}"]'}])
    return str(group["displayName"])
