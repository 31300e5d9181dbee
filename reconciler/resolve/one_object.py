"""One declared user or group looked at alone: who is meant, what gives it access, its source attributes. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from reconciler.declare.model import App, Assignment, Declarations, Group, User
from reconciler.declare.names import fold, is_group, name_of, row_key
from reconciler.declare.table import Table
from reconciler.declare.wording import nearly
from reconciler.resolve.filters import Get
from reconciler.resolve.model import Resolution
from reconciler.resolve.resolution import getter
from reconciler.resolve.scope import judge
from reconciler.resolve.sources import GroupSource, UserSource, user_addresses

SHORTEST = 2  # letters of a part of a name


def find(declarations: Declarations, text: str) -> str | None:
    """The address of the declared object that is meant: a userPrincipalName in any case, `User/...`, `Group/...`, or an
    earlier name; None where nobody is."""
    kind, _, after = text.partition("/")
    name = after if fold(kind) in ("user", "group") and after else text
    group = fold(kind) == "group" and bool(after)
    table: Table[Any] = declarations.groups if group else declarations.users
    row = table.index.get(fold(name))
    if row is None:
        row = _previously(table, fold(name))
    return None if row is None else f"{'Group' if group else 'User'}/{table.columns[table.key][row]}"


def _previously(table: Table[Any], name: str) -> int | None:
    for row, names in enumerate(table.column("previously")):
        if names and any(fold(str(earlier)) == name for earlier in names):
            return row
    return None


def near(text: str, addresses: Iterable[str]) -> list[str]:
    """Up to five known addresses that what was asked for is a part of, else three that look like it, as they are written."""
    wanted, known = fold(text), {fold(address): address for address in addresses}
    part = wanted.partition("/")[2] or wanted
    holding = sorted(address for address in known if part in name_of(address)) if len(part) >= SHORTEST else []
    return [known[address] for address in holding[:5] or nearly(wanted if "/" in wanted else "user/" + wanted, known, 3)]


def called(text: str, users: Table[User]) -> list[str]:
    """The addresses of the first five users whose displayName holds what was asked for."""
    part, names = fold(text.strip()), zip(users.column("displayName"), user_addresses(users), strict=True)
    found = (address for name, address in names if part in fold(str(name or ""))) if len(part) >= SHORTEST else iter(())
    return [*islice(found, 5)]


def chains(groups: Table[Group], name: str, nested: str) -> dict[str, tuple[str, ...]]:
    """Group key -> the groups through which it holds a user, itself first, the shortest way; `name` is folded.

    Only direct members count where `nested` is ignore.
    """
    direct: list[str] = []
    parents: dict[str, list[str]] = defaultdict(list)
    for key, row in groups.index.items():
        for member in groups.column("members")[row] or ():
            if not isinstance(member, str):
                parents[fold(member["group"])].append(key)
            elif fold(member) == name:
                direct.append(key)
    ways: dict[str, tuple[str, ...]] = {key: (key,) for key in direct}
    waiting = list(ways) if nested == "expand" else []
    for key in waiting:
        for parent in parents[key]:
            if parent not in ways:
                ways[parent] = (parent, *ways[key])
                waiting.append(parent)
    return ways


def held(app: App, name: str, through: Mapping[str, tuple[str, ...]]) -> list[Assignment]:
    """The assignments that reach a user, in the order of declaration."""
    return [item for item in app.assignments if item.user == name or item.group in through]


def sources(app: App, resolution: Resolution, address: str) -> Get:
    """The source attributes of any declared object, skipped ones included: those are soft-deleted, as Entra says."""
    if address in resolution.users or address in resolution.groups:
        return getter(resolution, address)
    table = resolution.table(address)
    row = table.index[row_key(address)]
    if is_group(address):
        groups = GroupSource(resolution.declarations, [row])
        return lambda name: groups(name)[0]
    name = row_key(address)
    through = chains(resolution.declarations.groups, name, app.provisioning.nestedGroups)
    roles = judge(app, held(app, name, through), resolution.today).roles
    users = UserSource(resolution.declarations, [row], [roles], resolution.users)
    return lambda wanted: "True" if wanted == "IsSoftDeleted" else users(wanted)[0]
