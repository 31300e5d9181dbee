"""What people have already and now have until another day: today's assignments and those of an earlier commit in, rows out. Pure.

An assignment's last day is told to no service, so that no change says it: it is compared with what the files said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from reconciler.declare.model import Assignment
from reconciler.declare.names import DEFAULT_ACCESS, DEFAULT_ACCESS_KEY, fold, group_address, row_key, user_address
from reconciler.plan.access.given import Given, Reach, longest
from reconciler.plan.access.lasting import after
from reconciler.plan.change import Cause
from reconciler.plan.context import Context
from reconciler.plan.model import Access, Ending
from reconciler.plan.selection import Selection
from reconciler.resolve.scope import member_type, refusal

ACCOUNT = "the account is "


class _Moved(NamedTuple):
    """By which assignment a role is held now, and until when it was held before; None for no end."""

    by: Assignment
    was: str | None


def endings(context: Context, gained: Iterable[Access], selection: Selection) -> tuple[Ending, ...]:
    """One row an assignment, privileged ones first; who only gains a role by this plan is told of in `gained`."""
    if not context.earlier.commit or (selection.causes and Cause.CONFIG not in selection.causes):
        return ()
    given = Given(context)
    moved = _moved(given, {(row_key(row.address), row.what) for row in gained if row.gains})
    rows = [_row(given, by, people) for by, people in moved.items()]
    chosen = (row for row in rows if selection.names(row.address))
    return tuple(sorted(chosen, key=lambda row: (not row.privileged, fold(row.address), row.what, row.was or "")))


def _moved(given: Given, gained: set[tuple[str, str]]) -> dict[_Moved, list[str]]:
    """Whom each of them concerns: folded names."""
    context, flat = given.context, given.flat
    today, earlier = _now(context), context.earlier.assignments
    touched = _touched(today, earlier)
    if not touched:
        return {}
    same = (item for item in given.app.assignments if item.file not in context.earlier.files)
    now, then, found = given.reach, Reach([*same, *earlier], flat), dict[_Moved, list[str]]()
    in_scope = {row_key(address) for address in context.resolution.users if address not in context.revoked}
    pairs = {(user, item.role) for item in touched for user in now.people(item) if user in in_scope}
    for user, role in sorted(pairs):
        by, before = (_longest(given, reach.all(user), role) for reach in (now, then))
        if by and before and by.expires != before.expires and (user, _called(given, role)) not in gained:
            found.setdefault(_Moved(by, before.expires), []).append(user)
    return found


def _now(context: Context) -> list[Assignment]:
    return [item for item in context.app.assignments if item.file in context.earlier.files]


def _touched(today: Iterable[Assignment], earlier: Iterable[Assignment]) -> list[Assignment]:
    """Those that came, went, or have another last day."""
    now, then = ({_key(item): item for item in items} for items in (today, earlier))
    return [
        (now.get(key) or then[key])
        for key in now.keys() | then.keys()
        if key not in now or key not in then or now[key].expires != then[key].expires
    ]


def _key(item: Assignment) -> tuple[str | None, str | None, str]:
    return item.user, item.group, item.role


def _longest(given: Given, assignments: Iterable[Assignment], key: str) -> Assignment | None:
    """The one that gives a role for the longest, of those that hold today and entitle."""
    role, whom = given.app.roles.get(key), [item for item in assignments if item.role == key]
    if role is not None:
        whom = [item for item in whom if refusal(role, member_type(item)) is None]
    elif key != DEFAULT_ACCESS_KEY or given.app.provisioning.defaultAccess != "provision":
        return None
    return longest(whom, given.context.resolution.today)


def _called(given: Given, key: str) -> str:
    role = given.app.roles.get(key)
    return role.displayName if role is not None else DEFAULT_ACCESS


def _row(given: Given, moved: _Moved, people: list[str]) -> Ending:
    by, users = moved.by, given.context.resolution.declarations.users
    names = [user_address(users.columns["userPrincipalName"][users.index[name]]) for name in people]
    address = group_address(given.groups[by.group].row["displayName"]) if by.group is not None else names[0]
    return Ending(
        address,
        _called(given, by.role),
        by.role in given.context.privileged,
        by.expires,
        moved.was,
        ", ".join(_then(given, by, names)) if by.expires is not None else "",
        len(names) if by.group is not None else 1,
        by.file,
        by.line,
        by.reason or "",
    )


def _then(given: Given, by: Assignment, names: list[str]) -> Iterator[str]:
    """What becomes of the people, and of the group that the assignment names."""
    kind, last = "role" if given.context.carrying else "account", by.expires or ""
    outcomes = Counter(after(given, name, last, kind) for name in names)
    worst_first = sorted(outcomes.items(), key=lambda found: (not found[0].startswith(ACCOUNT), found[0]))
    yield from outcomes if by.group is None else (_many(words, number) for words, number in worst_first)
    if by.group is not None and _group_ends(given, by.group, last):
        emptied = given.app.deprovisioning.outOfScope == "empty"
        yield "its members leave the group" if emptied else "the group keeps the members who stay active"


def _group_ends(given: Given, group: str, last: str) -> bool:
    """Whether a group that is provisioned is assigned until that day by whatever role."""
    days = [item.expires for item in given.of_groups if item.group == group]
    provisioned = f"group/{group}" in {fold(address) for address in given.context.resolution.groups}
    return provisioned and given.app.provisioning.scope != "all" and None not in days and max(map(str, days)) == last


def _many(words: str, number: int) -> str:
    """`2 accounts are disabled`, `1 keeps it`."""
    if words.startswith(ACCOUNT):
        return f"{number} {'account is' if number == 1 else 'accounts are'} {words.removeprefix(ACCOUNT)}"
    verb, space, rest = words.partition(" ")
    return f"{number} {verb if number == 1 else verb.removesuffix('s')}{space}{rest}"
