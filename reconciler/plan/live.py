"""Live resources projected on the mapping: what a plan needs of an account, and no more. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

from reconciler.declare.names import is_user, tuples
from reconciler.resolve.columns import named
from reconciler.resolve.mapping import CompiledMapping

Resource = dict[str, Any]
Row = tuple[Any, ...]
PLAIN = frozenset({str, bool, type(None)})


class LiveObject(NamedTuple):
    """One account or group: `values` by mapping slot; `members` are ids, None where the service shows none."""

    id: str
    name: str
    values: tuple[Any, ...]
    version: str | None
    active: bool
    members: tuple[str, ...] | None = None


@dataclass
class Live:
    """Everything read from the service, by id; `notes` are what it said of the mappings and of itself, in words.

    `unknown` is address -> why nobody knows whether that account or group is there: of these nothing is planned. The address is
    the recorded one, of whom the record does not know the declared one. `unlisted` are ids that no list showed.
    """

    users: dict[str, LiveObject] = field(default_factory=dict)
    groups: dict[str, LiveObject] = field(default_factory=dict)
    reads: int = 0
    notes: tuple[str, ...] = ()
    unknown: Mapping[str, str] = field(default_factory=dict)
    unlisted: frozenset[str] = frozenset()

    def of(self, address: str) -> dict[str, LiveObject]:
        """The objects of an address's kind: users and groups are two spaces of ids (RFC 7643 §3.1)."""
        return self.users if is_user(address) else self.groups


def project_users(mapping: CompiledMapping, page: list[Resource], wanted: Wanted | None = None) -> list[LiveObject]:
    """One page of /Users; values that are as `wanted` are held in memory once."""
    active = [flag is True or str(flag).lower() != "false" for flag in named(page, "active")]
    values = mapping.project(page)
    return _objects(page, "userName", wanted.shared(values) if wanted else values, active, [None] * len(page))


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
    members = [_member_ids(item.get("members")) for item in page]
    return _objects(page, "displayName", mapping.project(page), [True] * len(page), members)


def with_members(groups: list[LiveObject], readable: bool | str, shown: bool) -> list[LiveObject]:
    """Groups whose members are known or not, as the profile's groups.membersReadable says.

    A group without `members` has none where the service shows members: always, or (`seen`) where it does so of any group, or
    has before (`shown`), and of none an empty list: who shows those leaves members out for another reason.
    """
    match readable:
        case False:
            return [group._replace(members=None) for group in groups]
        case "seen" if not shown and all(group.members is None for group in groups):
            return groups
        case "seen" if any(group.members == () for group in groups):
            return groups
        case _:
            return [group._replace(members=group.members or ()) for group in groups]


def _objects(
    page: list[Resource], name: str, values: list[Row], active: list[bool], members: Sequence[tuple[str, ...] | None]
) -> list[LiveObject]:
    ids = [item["id"] for item in page]
    names = named(page, name)
    if set(map(type, names)) != {str}:
        names = ["" if value is None else str(value) for value in names]
    versions = [meta.get("version") if type(meta) is dict else None for meta in named(page, "meta")]
    return tuples(LiveObject, ids, names, values, versions, active, members)


def _member_ids(members: Any) -> tuple[str, ...] | None:
    if not isinstance(members, list):
        return None
    return tuple([m["value"] for m in members if isinstance(m, dict) and isinstance(m.get("value"), str)])
