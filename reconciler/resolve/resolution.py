"""Declarations and a date in, the desired resources of one app out. Pure."""

from __future__ import annotations

from typing import Any

from reconciler.declare.model import App, Declarations, Group, Role, User, fold
from reconciler.resolve.expressions import IGNORE
from reconciler.resolve.filters import compile_filters
from reconciler.resolve.mapping import CompiledMapping, Fault, Get, compile_mapping, source_getter
from reconciler.resolve.model import DesiredGroup, DesiredUser, Resolution, Skipped
from reconciler.resolve.scope import (
    REMEDIES,
    Verdict,
    account_enabled,
    assigned_groups,
    flatten,
    holdings,
    judge,
)


def resolve(app: App, declarations: Declarations, today: str) -> Resolution:
    """Scope, then map. `today` is the ISO date, UTC, against which assignments expire."""
    result = Resolution(compile_mapping(app.users), compile_mapping(app.groups))
    flat = flatten(declarations.groups, app.provisioning.nestedGroups)
    _resolve_users(app, declarations, flat, today, result)
    if app.groups.enabled and app.groups.attributes:
        _resolve_groups(app, declarations, flat, today, result)
    return result


def _resolve_users(
    app: App, declarations: Declarations, flat: dict[str, frozenset[str]], today: str, result: Resolution
) -> None:
    held, verdicts = holdings(app, flat), _Verdicts(app, today)
    passes = compile_filters(app.users.scopingFilters)
    for key, user in declarations.users.items():
        verdict = verdicts.of(held.get(key, ()))
        get = user_source(user, verdict.roles, declarations)
        code, reason = _why_not(user, verdict, passes(get) if app.users.scopingFilters else True)
        if code is None:
            faults: list[Fault] = []
            values = result.user_mapping.values(get, faults)
            if faults:
                result.faults[user_address(user)] = faults
            if all(values[i] is None or values[i] is IGNORE for i in result.user_mapping.matching):
                code, reason = "MatchingAttributeEmpty", "no matching attribute has a value"
            else:
                address = user_address(user)
                result.users[address] = DesiredUser(address, user, values, verdict.roles, verdict.lapsed)
        if code is not None:
            _skip(result, user_address(user), code, reason, user)
    _drop_duplicates(result)


class _Verdicts:
    """Most users hold the same few assignments: judge each distinct set once."""

    def __init__(self, app: App, today: str) -> None:
        self.app, self.today = app, today
        self.known: dict[tuple[Any, ...], Verdict] = {}

    def of(self, assignments: Any) -> Verdict:
        key = tuple([(a.role, a.expires, a.user is None) for a in assignments])
        if key not in self.known:
            self.known[key] = judge(self.app, assignments, self.today)
        return self.known[key]


def _why_not(user: User, verdict: Verdict, passed: bool) -> tuple[str | None, str]:
    if not account_enabled(user):
        return "AccountDisabled", "the account is disabled in the directory"
    if verdict.code is not None:
        return verdict.code, verdict.reason
    if not passed:
        return "OutOfScopingFilter", "no scoping filter lets the user through"
    return None, ""


def _skip(result: Resolution, address: str, code: str, reason: str, source: User | Group) -> None:
    result.skipped[address] = Skipped(address, code, reason, REMEDIES[code], source.file, source.line)


def _drop_duplicates(result: Resolution) -> None:
    """Two users that ask for the same account cannot both have it: neither is provisioned."""
    if not result.user_mapping.matching:
        return
    first = result.user_mapping.matching[0]
    seen: dict[Any, str] = {}
    clashes: dict[str, str] = {}
    for address, user in result.users.items():
        value = user.values[first]
        if value is None:
            continue
        other = seen.setdefault(fold(str(value)), address)
        if other != address:
            clashes[address], clashes[other] = other, address
    for address, other in clashes.items():
        source = result.users.pop(address).source
        target = result.user_mapping.slots[first].target
        _skip(result, address, "DuplicateSource", f"wants the same {target} as {other}", source)


def user_source(user: User, roles: tuple[Role, ...], declarations: Declarations, deleted: str = "False") -> Get:
    """The source attributes of a user, computed ones included; a manager is an address."""
    computed: dict[str, Any] = {
        "IsSoftDeleted": deleted,
        "appRoleAssignments": tuple(
            [{"id": role.key, "value": role.value, "displayName": role.displayName} for role in roles]
        ),
    }
    row = user.row
    if "accountEnabled" not in row:
        computed["accountEnabled"] = True
    if row.get("manager"):
        manager = declarations.users.get(fold(row["manager"]))
        computed["manager"] = user_address(manager) if manager is not None else None
    return source_getter(row, computed)


def _resolve_groups(
    app: App, declarations: Declarations, flat: dict[str, frozenset[str]], today: str, result: Resolution
) -> None:
    passes = compile_filters(app.groups.scopingFilters)
    with_members = any(item.target == "members" for item in app.groups.attributes)
    in_scope = {user.source.key: address for address, user in result.users.items()}
    wanted = assigned_groups(app, declarations, today)
    for key, group in declarations.groups.items():
        if key not in wanted:
            _skip(result, group_address(group), "NotAssigned", f"not assigned to {app.displayName}", group)
            continue
        get = source_getter(group.row, {})
        if app.groups.scopingFilters and not passes(get):
            _skip(result, group_address(group), "OutOfScopingFilter", "no scoping filter lets the group through", group)
            continue
        members = frozenset(in_scope[user] for user in flat[key] if user in in_scope) if with_members else frozenset()
        address, faults = group_address(group), list[Fault]()
        result.groups[address] = DesiredGroup(address, group, result.group_mapping.values(get, faults), members)
        if faults:
            result.faults[address] = faults


def user_address(user: User) -> str:
    return "User/" + str(user.row["userPrincipalName"])


def group_address(group: Group) -> str:
    return "Group/" + str(group.row["displayName"])


def slot_values(mapping: CompiledMapping, get: Get, numbers: tuple[int, ...]) -> list[Any]:
    """The values of some slots alone, for matching under another name."""
    values = mapping.values(get)
    return [values[i] for i in numbers]
