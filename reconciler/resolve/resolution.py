"""Declarations and a date in, the desired resources of one app out. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from reconciler.declare.model import App, Assignment, Declarations, Role
from reconciler.declare.names import tuples, user_address
from reconciler.resolve.capabilities import limit
from reconciler.resolve.expressions.language import IGNORE
from reconciler.resolve.filters import passing
from reconciler.resolve.mapping import CompiledMapping, Fault, compile_mapping
from reconciler.resolve.model import DesiredGroup, DesiredUser, Resolution, Skipped
from reconciler.resolve.scope import (
    Verdict,
    flatten,
    group_verdicts,
    holdings,
    judge,
    remedy,
)
from reconciler.resolve.sources import GroupSource, UserSource, group_addresses, user_addresses

T = TypeVar("T", DesiredUser, DesiredGroup)


def resolve(app: App, declarations: Declarations, today: str) -> Resolution:
    """Leave out what the service would ignore, scope, then map. `today` is the ISO date, UTC, on which assignments expire."""
    limited = limit(app)
    app = limited.app
    result = Resolution(declarations, today, compile_mapping(app.users), compile_mapping(app.groups), limited)
    flat = flatten(declarations.groups, app.provisioning.nestedGroups)
    _Users(app, result).resolve(flat)
    if app.groups.enabled and app.groups.attributes:
        _Groups(app, result).resolve(flat)
    return result


def _grounds(item: Assignment) -> tuple[Any, ...]:
    """What a verdict rests on: role, expiry, and whether a group gives it."""
    return item[2], item[3], item[0] is None


class _Users:
    def __init__(self, app: App, result: Resolution) -> None:
        self.app, self.result, self.users = app, result, result.declarations.users
        self.addresses = user_addresses(self.users)

    def resolve(self, flat: dict[str, frozenset[str]]) -> None:
        verdicts = self._verdicts(holdings(self.app, flat))
        rows = self._passed([row for row, verdict in verdicts.items() if verdict.code is None])
        self._map(rows, verdicts, {self.addresses[row] for row in rows})
        for row, verdict in verdicts.items():
            if verdict.code is not None:
                self._skip(row, verdict.code, verdict.reason, verdict.lapsed)
        for user, code, reason in unmatchable(list(self.result.users.values()), self.result.user_mapping):
            del self.result.users[user.address]
            self._skip(user.row, code, reason)
        if len(self.result.users) < len(rows) and self.result.user_mapping.references:
            # Nobody can refer to those who have just been dropped.
            self._map([user.row for user in self.result.users.values()], verdicts, set(self.result.users))

    def _map(self, rows: list[int], verdicts: dict[int, Verdict], linked: set[str]) -> None:
        held = [verdicts[row] for row in rows]
        roles = [verdict.roles for verdict in held]
        faults: dict[int, list[Fault]] = {}
        source = UserSource(self.result.declarations, rows, roles, linked)
        values = self.result.user_mapping.values(source, len(rows), faults)
        addresses = [self.addresses[row] for row in rows]
        self.result.faults.update({addresses[number]: fault for number, fault in faults.items()})
        users = tuples(DesiredUser, addresses, rows, values, roles, [verdict.lapsed for verdict in held])
        self.result.users.update(zip(addresses, users, strict=True))

    def _verdicts(self, held: Mapping[str, Sequence[Assignment]]) -> dict[int, Verdict]:
        """By row. Most users hold the same few assignments: each distinct set is judged once."""
        assignments = [held.get(name, ()) for name in self.users.index]
        keys = [_grounds(items[0]) if len(items) == 1 else tuple(map(_grounds, items)) for items in assignments]
        distinct = dict(zip(keys, assignments, strict=True))
        known = {key: judge(self.app, items, self.result.today) for key, items in distinct.items()}
        by_row = dict(zip(self.users.index.values(), map(known.__getitem__, keys), strict=True))
        disabled = Verdict("AccountDisabled", "the account is disabled in the directory")
        enabled = self.users.columns.get("accountEnabled", ())
        by_row.update({row: disabled for row, value in enumerate(enabled) if value is False and row in by_row})
        return by_row

    def _passed(self, rows: list[int]) -> list[int]:
        filters = self.app.users.scopingFilters
        if not filters:
            return rows
        source = UserSource(self.result.declarations, rows, [()] * len(rows))
        kept = []
        for row, passes in zip(rows, passing(filters, source, len(rows)), strict=True):
            if passes:
                kept.append(row)
            else:
                self._skip(row, "OutOfScopingFilter", "no scoping filter lets the user through")
        return kept

    def _skip(self, row: int, code: str, reason: str, lapsed: Iterable[Role] = ()) -> None:
        _skip(self.result, self.addresses[row], code, reason, row, lapsed)


class _Groups:
    def __init__(self, app: App, result: Resolution) -> None:
        self.app, self.result, self.groups = app, result, result.declarations.groups
        self.addresses = group_addresses(self.groups)
        self.with_members = any(item.target == "members" for item in app.groups.attributes)

    def resolve(self, flat: dict[str, frozenset[str]]) -> None:
        verdicts = group_verdicts(self.app, self.groups, self.result.today)
        for row, verdict in verdicts.items():
            if verdict.code is not None:
                self._skip(row, verdict.code, verdict.reason)
        rows = self._passed([row for row, verdict in verdicts.items() if verdict.code is None])
        faults: dict[int, list[Fault]] = {}
        values = self.result.group_mapping.values(GroupSource(self.result.declarations, rows), len(rows), faults)
        self.result.faults.update({self.addresses[rows[number]]: own for number, own in faults.items()})
        names = {row: name for name, row in self.groups.index.items()}
        columns = self.result.declarations.users.index
        for row, own in zip(rows, values, strict=True):
            members = self._members(flat[names[row]], columns) if self.with_members else frozenset()
            address = self.addresses[row]
            self.result.groups[address] = DesiredGroup(address, row, own, members)
        for group, code, reason in unmatchable(list(self.result.groups.values()), self.result.group_mapping):
            del self.result.groups[group.address]
            self._skip(group.row, code, reason)

    def _members(self, names: frozenset[str], rows: dict[str, int]) -> frozenset[str]:
        declared = self.result.declarations.users.columns["userPrincipalName"]
        addresses = [user_address(declared[rows[name]]) for name in names if name in rows]
        return frozenset([address for address in addresses if address in self.result.users])

    def _passed(self, rows: list[int]) -> list[int]:
        verdicts = passing(self.app.groups.scopingFilters, GroupSource(self.result.declarations, rows), len(rows))
        for row, passes in zip(rows, verdicts, strict=True):
            if not passes:
                self._skip(row, "OutOfScopingFilter", "no scoping filter lets the group through")
        return [row for row, passes in zip(rows, verdicts, strict=True) if passes]

    def _skip(self, row: int, code: str, reason: str) -> None:
        _skip(self.result, self.addresses[row], code, reason, row)


def _skip(result: Resolution, address: str, code: str, reason: str, row: int, lapsed: Iterable[Role] = ()) -> None:
    result.skipped[address] = Skipped(address, code, reason, remedy(address, code), row, tuple([role.key for role in lapsed]))


def getter(result: Resolution, address: str) -> Callable[[str], Any]:
    """The source attributes of one desired object, by name."""
    user = result.users.get(address)
    if user is not None:
        users = UserSource(result.declarations, [user.row], [user.roles], result.users)
        return lambda name: users(name)[0]
    groups = GroupSource(result.declarations, [result.groups[address].row])
    return lambda name: groups(name)[0]


def values_with_roles(result: Resolution, row: int, roles: tuple[Role, ...]) -> tuple[Any, ...]:
    """What the mapping would want of one user who held these roles."""
    return result.user_mapping.values(UserSource(result.declarations, [row], [roles], result.users), 1)[0]


def values_as(result: Resolution, address: str, name: str) -> tuple[Any, ...]:
    """What the mapping would want of one object that bore another name; of slots that use the name alone, else None."""
    return result.mapping(address).of_name(result.table(address).key, name)


def unmatchable(items: Sequence[T], mapping: CompiledMapping) -> Iterator[tuple[T, str, str]]:
    """Those of whom no account can be told: (object, code, reason).

    Each is matched by the first of its matching attributes that has a value; two that ask for one account by it cannot
    both have it, so neither is provisioned.
    """
    left = items
    for number in mapping.matching:
        slot, column = mapping.slots[number], [item.values[number] for item in left]
        having = left
        if set(map(type, column)) != {str}:
            having = [item for item, value in zip(left, column, strict=True) if value is not None and value is not IGNORE]
            column = [str(item.values[number]) for item in having]
        keys = slot.alike(column)
        if len(set(keys)) < len(keys):
            for item, other in _clashing(having, keys):
                yield item, "DuplicateSource", f"wants the same {slot.target} as {other.address}"
        if len(having) == len(left):
            return
        left = [item for item in left if item.values[number] is None or item.values[number] is IGNORE]
    for item in left if mapping.matching else ():
        yield item, "MatchingAttributeEmpty", "no matching attribute has a value"


def _clashing(items: Sequence[T], keys: Sequence[str]) -> Iterator[tuple[T, T]]:
    """(object, another that has the same key), once each."""
    first: dict[str, T] = {}
    clashing: dict[str, tuple[T, T]] = {}
    for key, item in zip(keys, items, strict=True):
        other = first.setdefault(key, item)
        if other is not item:
            clashing.setdefault(other.address, (other, item))
            clashing[item.address] = (item, other)
    yield from clashing.values()
