"""Live resources projected on the mapping: what a plan needs of an account, and no more. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from reconciler.declare.names import fold, is_user, tuples
from reconciler.declare.warned import Warned
from reconciler.plan.role_table import RoleTable
from reconciler.record.values import SeenRoles
from reconciler.resolve.columns import named
from reconciler.resolve.mapping import CompiledMapping
from reconciler.rolesources.model import Edit, Person

ALONE = "beside/"  # before the id of a person whom an API of roles lists, and no account of SCIM is theirs
Resource = dict[str, Any]
Row = tuple[Any, ...]
T = TypeVar("T")
PLAIN = frozenset({str, bool, type(None)})


class LiveObject(NamedTuple):
    """One account or group: `values` by mapping slot; `members` are ids of users, None where the service shows none.

    `inside` are ids of the groups among the members: users and groups are two spaces of ids.
    """

    id: str
    name: str
    values: tuple[Any, ...]
    version: str | None
    active: bool
    members: tuple[str, ...] | None = None
    inside: tuple[str, ...] = ()


class Members(NamedTuple):
    """Ids of who is in a group, users and groups apart (RFC 7643 §4.2)."""

    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


class Part(NamedTuple):
    """What of a service was asked for: addresses, by the record's names and by today's. Of the others nothing is known.

    `since` is the commit whose apply they were as declared after; empty where addresses were named, and no commit says which.
    """

    asked: frozenset[str]
    since: str = ""


class RolesRead(NamedTuple):
    """What was read of roles over an API beside SCIM.

    `unknown` is id of an account -> why nobody knows its roles, `why` the same of everybody.
    `edits`, `people`, `as_of` and `seen` are by id of an account, or by ALONE and the id of a person who has none; `as_of` is
    when roles were last read, UTC, of those that were not read now. `read` is until when the log is known, UTC, `silent` why it
    could not be read now, `partly` why it may have told less than all; `owner` is whose token it is, as the log names them.
    """

    table: RoleTable = RoleTable()
    unknown: Mapping[str, str] = {}
    why: str = ""
    as_of: Mapping[str, str] = {}
    seen: Mapping[str, SeenRoles] = {}
    people: Mapping[str, Person] = {}
    edits: Mapping[str, Edit] = {}
    read: str = ""
    owner: str = ""
    silent: str = ""
    partly: str = ""

    def knows(self, id: str) -> bool:
        return not self.why and id not in self.unknown


@dataclass
class Live:
    """Everything read from the service, by id; `notes` are what it said of the mappings and of itself.

    `unknown` is address -> why nobody knows whether that account or group is there: of these nothing is planned. The address is
    the recorded one, of whom the record does not know the declared one. `not_listed` are ids of groups that no list showed.
    `part` is None where all that the service shows was read.
    """

    users: dict[str, LiveObject] = field(default_factory=dict)
    groups: dict[str, LiveObject] = field(default_factory=dict)
    reads: int = 0
    notes: tuple[Warned, ...] = ()
    unknown: Mapping[str, str] = field(default_factory=dict)
    not_listed: frozenset[str] = frozenset()
    part: Part | None = None
    roles: RolesRead = RolesRead()

    @property
    def whole(self) -> bool:
        """Whether whoever is not in here is not on the service."""
        return self.part is None and not self.unknown

    def knows(self, address: str) -> bool:
        """Whether the service was asked for an object: only then it says something that it did not show it."""
        return self.part is None or address in self.part.asked

    def among(self, desired: Mapping[str, T]) -> Mapping[str, T]:
        """Those of some objects, by address, that the service was asked for, in their order."""
        if self.part is None:
            return desired
        asked = self.part.asked & desired.keys()
        return {address: item for address, item in desired.items() if address in asked} if asked else {}

    def of(self, address: str) -> dict[str, LiveObject]:
        """The objects of an address's kind: users and groups are two spaces of ids (RFC 7643 §3.1)."""
        return self.users if is_user(address) else self.groups


def project_users(mapping: CompiledMapping, page: list[Resource], wanted: Wanted | None = None) -> list[LiveObject]:
    """One page of /Users; values that are as `wanted` are held in memory once."""
    active = [flag is True or str(flag).lower() != "false" for flag in named(page, "active")]
    values = mapping.project(page)
    return _objects(page, "userName", wanted.shared(values) if wanted else values, active, [None] * len(page), [()] * len(page))


def roles_shown(mapping: CompiledMapping, accounts: Iterable[LiveObject]) -> frozenset[str]:
    """The targets that carry roles and that the service shows of anybody: of the others nobody knows what came of a write."""
    wanted = {i: slot.target for i, slot in enumerate(mapping.slots) if slot.carries_roles}
    found: set[str] = set()
    for account in accounts if wanted else ():
        found.update(wanted.pop(i) for i in [i for i in wanted if account.values[i]])
        if not wanted:
            break
    return frozenset(found)


class Wanted:
    """What is wanted of each of many objects: nearly all of a large directory are so already.

    Only of plain values: of these alone it is sure that what is equal is the same.
    """

    def __init__(self, mapping: CompiledMapping, rows: Sequence[Row]) -> None:
        self._key = mapping.matching[0]
        self._rows = dict(zip(map(itemgetter(self._key), rows), rows, strict=True)) if _plain(rows) else {}

    def shared(self, rows: list[Row]) -> list[Row]:
        """The same rows, of which those that are as wanted are the wanted ones themselves."""
        if not (self._rows and _plain(rows)):
            return rows
        found = list(map(self._rows.get, map(itemgetter(self._key), rows)))
        return [want if want == row else row for want, row in zip(found, rows, strict=True)]


def _plain(rows: Iterable[Row]) -> bool:
    return PLAIN.issuperset(map(type, chain.from_iterable(rows)))


def project_groups(mapping: CompiledMapping, page: list[Resource]) -> list[LiveObject]:
    """One page of /Groups."""
    found = [members_of(item) for item in page]
    members = [item.users if item else None for item in found]
    inside = [item.groups if item else () for item in found]
    return _objects(page, "displayName", mapping.project(page), [True] * len(page), members, inside)


def with_members(groups: list[LiveObject], readable: bool | str, shown: bool) -> list[LiveObject]:
    """Groups whose members are known or not, as the profile's groups.membersReadable says.

    A group without `members` has none where the service shows members: always, or (`seen`) where it does so of any group, or
    has before (`shown`), and of none an empty list: who shows those leaves members out for another reason.
    """
    match readable:
        case False:
            return [group._replace(members=None, inside=()) for group in groups]
        case "seen" if not shown and all(group.members is None for group in groups):
            return groups
        case "seen" if any(group.members == () and not group.inside for group in groups):
            return groups
        case _:
            return [group._replace(members=group.members or ()) for group in groups]


def _objects(
    page: list[Resource], name: str, values: list[Row], active: list[bool], members: Sequence[tuple[str, ...] | None],
    inside: Sequence[tuple[str, ...]],
) -> list[LiveObject]:  # fmt: skip
    ids = [item["id"] for item in page]
    names = named(page, name)
    if set(map(type, names)) != {str}:
        names = ["" if value is None else str(value) for value in names]
    shown = [meta.get("version") if type(meta) is dict else None for meta in named(page, "meta")]
    versions = [version if type(version) is str else None for version in shown]
    return tuples(LiveObject, ids, names, values, versions, active, members, inside)


def members_of(group: Resource) -> Members | None:
    """Who is in a group, None where the service shows nobody: a member is what its `type` says, else its `$ref`, else a user."""
    listed = group.get("members")
    if not isinstance(listed, list):
        return None
    members = [m for m in listed if isinstance(m, dict) and isinstance(m.get("value"), str)]
    others = [m for m in members if m.get("type") != "User"]  # of the many nearly all say so
    if not any(map(is_group_member, others)):
        return Members(tuple([m["value"] for m in members]))
    users = [m["value"] for m in members if not is_group_member(m)]
    return Members(tuple(users), tuple([m["value"] for m in others if is_group_member(m)]))


def is_group_member(member: Resource) -> bool:
    """Whether a member of a group is a group itself."""
    kind = member.get("type")
    if isinstance(kind, str) and fold(kind) in ("user", "group"):
        return fold(kind) == "group"
    reference = member.get("$ref")
    return isinstance(reference, str) and "/groups/" in f"/{fold(reference)}"
