"""Who is in scope of an app: assignments, groups, roles, expiry, scoping filters. Pure."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from reconciler.declare.model import App, Assignment, Group, Role
from reconciler.declare.names import DEFAULT_ACCESS_KEY, fold, is_group
from reconciler.declare.table import Table

Refusal = Literal["disabled", "member type"]
REMEDIES = {
    "AccountDisabled": "set accountEnabled to true, if the person should have access",
    "NotAssigned": "assign the user, or a group that the user is in, to the app",
    "AssignmentExpired": "set a later `expires`, if the person should keep access",
    "RoleDisabled": "assign a role that is enabled and open to this kind of member, or enable it in roles.yaml",
    "DefaultAccessRole": "assign a role of the app, or set provisioning.defaultAccess to provision",
    "OutOfScopingFilter": "change the user's attributes, or the scoping filters in mappings.yaml",
    "MatchingAttributeEmpty": "give the source of the matching attribute a value",
    "DuplicateSource": "give each of the two a matching attribute of its own",
}
FOR_GROUPS = {
    "NotAssigned": "assign the group to the app",
    "AssignmentExpired": "set a later `expires`, if the group should stay",
    "OutOfScopingFilter": "change the group's attributes, or the scoping filters in mappings.yaml",
}


def remedy(address: str, code: str) -> str:
    """What to do about a skipped user or group."""
    return (FOR_GROUPS.get(code) if is_group(address) else None) or REMEDIES[code]


class Verdict(NamedTuple):
    """What the assignments of one user come to: `code` is None where they put the user in scope."""

    code: str | None
    reason: str
    roles: tuple[Role, ...] = ()
    lapsed: tuple[Role, ...] = ()


class _Flat(dict[str, frozenset[str]]):
    """Works a group out when it is asked for: all of a chain of 20,000 groups would be 200 million names."""

    def __init__(self, groups: Mapping[str, Group], nested: str) -> None:
        self.groups, self.expand = groups, nested == "expand"

    def __missing__(self, key: str) -> frozenset[str]:
        """Breadth first, without recursion; a cycle has been refused before, and ends here all the same."""
        members: set[str] = set()
        seen, todo = {key}, [key]
        for name in todo:
            users, inner = _members(self.groups[name])
            members.update(users)
            fresh = [other for other in inner if self.expand and other in self.groups and other not in seen]
            seen.update(fresh)
            todo += fresh
        self[key] = frozenset(members)
        return self[key]

    def get(self, key: str, default: Any = None) -> Any:
        return self[key] if key in self.groups else default


def flatten(groups: Mapping[str, Group], nested: str) -> dict[str, frozenset[str]]:
    """Group key -> the folded names of all its users, through nested groups where `nested` is expand."""
    return _Flat(groups, nested)


def _members(group: Group) -> tuple[list[str], list[str]]:
    users: list[str] = []
    inner: list[str] = []
    for member in group.row.get("members") or ():
        if isinstance(member, str):
            users.append(fold(member))
        elif member is not None:  # what was no member has been reported
            inner.append(fold(member["group"]))
    return users, inner


class Ways:
    """The shortest way from a group to a user in it; each group is looked through once, as far as somebody was asked for."""

    def __init__(self, groups: Mapping[str, Group]) -> None:
        self.groups, self.begun = groups, dict[str, _Way]()

    def chain(self, group: str, user: str) -> list[str]:
        """Folded names of the group and of the groups inside it; the group's alone where no way leads to the user."""
        return self.begun.setdefault(group, _Way(self.groups, group)).to(user)


class _Way:
    """Breadth first from one group: `above` are the groups that were met, each with the one that it lies in."""

    def __init__(self, groups: Mapping[str, Group], group: str) -> None:
        self.groups, self.group = groups, group
        self.above: dict[str, str | None] = {group: None}
        self.left = deque([group])
        self.inside: dict[str, str] = {}

    def to(self, user: str) -> list[str]:
        while self.left and user not in self.inside:
            self._look(self.left.popleft())
        name: str | None = self.inside.get(user, self.group)
        path: list[str] = []
        while name is not None:
            path.append(name)
            name = self.above[name]
        return path[::-1]

    def _look(self, name: str) -> None:
        users, inner = _members(self.groups[name])
        for user in users:
            self.inside.setdefault(user, name)
        for other in inner:
            if other in self.groups and other not in self.above:
                self.above[other] = name
                self.left.append(other)


def holdings(app: App, flat: Mapping[str, frozenset[str]]) -> Mapping[str, Sequence[Assignment]]:
    """Folded user name -> the assignments that reach the user, directly or through a group."""
    users = [assignment.user for assignment in app.assignments]
    single = dict(zip(users, zip(app.assignments, strict=True), strict=True))
    if len(single) == len(users) and None not in single:
        return single  # type: ignore[return-value]
    by_user: dict[str, list[Assignment]] = defaultdict(list)
    for assignment in app.assignments:
        if assignment.user is not None:
            by_user[assignment.user].append(assignment)
        elif assignment.group is not None:
            for user in flat.get(assignment.group, ()):
                by_user[user].append(assignment)
    return by_user


def judge(app: App, assignments: Iterable[Assignment], today: str) -> Verdict:
    """Whether these assignments entitle a user, and to which roles in the order of roles.yaml.

    Where they do not, as where all have expired, plan/removed.py decides what becomes of the account.
    `today` is an ISO date, UTC; `expires` is the last valid day.
    """
    held = list(assignments)
    if not held and app.provisioning.scope != "all":
        return Verdict("NotAssigned", f"not assigned to {app.displayName}")
    current = [item for item in held if item.expires is None or item.expires >= today]
    lapsed = _roles(app, (item for item in held if item.expires is not None and item.expires < today))
    roles = _roles(app, current)
    if app.provisioning.scope == "all":
        return Verdict(None, "every user is in scope", roles, lapsed)
    if not current:
        last = max(item.expires or "" for item in held)
        return Verdict("AssignmentExpired", f"the last assignment expired on {last}", (), lapsed)
    if roles or (app.provisioning.defaultAccess == "provision" and any(_default(item) for item in current)):
        return Verdict(None, "assigned", roles, lapsed)
    if not all(_default(item) for item in current):
        names = ", ".join(sorted({app.roles[item.role].displayName for item in current if item.role in app.roles}))
        return Verdict("RoleDisabled", f"the role {names} is disabled or not open to this kind of member", (), lapsed)
    return Verdict("DefaultAccessRole", "holds Default Access alone, which is not provisioned", (), lapsed)


def member_type(assignment: Assignment) -> str:
    """To what an assignment gives its role: User or Group, as a role's allowedMemberTypes has them."""
    return "User" if assignment.user is not None else "Group"


def refusal(role: Role, member: str) -> Refusal | None:
    """Why a role entitles no User or no Group; None where it entitles."""
    if not role.enabled:
        return "disabled"
    return None if member in role.allowedMemberTypes else "member type"


def _default(assignment: Assignment) -> bool:
    return assignment.role == DEFAULT_ACCESS_KEY


def _roles(app: App, assignments: Iterable[Assignment]) -> tuple[Role, ...]:
    keys = set()
    for item in assignments:
        role = app.roles.get(item.role)
        if role is not None and refusal(role, member_type(item)) is None and not _default(item):
            keys.add(item.role)
    return tuple(role for key, role in app.roles.items() if key in keys) if keys else ()


def roles_given(app: App, today: str) -> dict[str, set[str]]:
    """Folded group name -> the keys of the roles that its assignments give on that day."""
    by_group: dict[str, set[str]] = {}
    for item in app.assignments:
        if item.group is not None and (item.expires is None or item.expires >= today):
            by_group.setdefault(item.group, set()).update(role.key for role in _roles(app, [item]))
    return by_group


def group_verdicts(app: App, groups: Table[Group], today: str) -> dict[int, Verdict]:
    """By row: a group is in scope while it is assigned, or always where scope is all."""
    if app.provisioning.scope == "all":
        return dict.fromkeys(groups.index.values(), Verdict(None, "every group is in scope"))
    last: dict[str, str] = {}
    for item in app.assignments:
        if item.group is not None:
            last[item.group] = max(last.get(item.group, ""), item.expires or "9999-12-31")
    return {row: _group_verdict(app, last.get(name), today) for name, row in groups.index.items()}


def _group_verdict(app: App, last: str | None, today: str) -> Verdict:
    if last is None:
        return Verdict("NotAssigned", f"not assigned to {app.displayName}")
    if last < today:
        return Verdict("AssignmentExpired", f"the last assignment expired on {last}")
    return Verdict(None, "assigned")
