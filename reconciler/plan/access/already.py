"""What people and groups had that were there before they were adopted, with the line that gives it: a context in, rows out. Pure.

The rows are those of what is gained, though nobody gains anything: it was there, and stays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from reconciler.declare.names import DEFAULT_ACCESS_KEY, fold
from reconciler.plan.access.given import Given
from reconciler.plan.access.members import everybody
from reconciler.plan.context import Context
from reconciler.plan.model import Access
from reconciler.plan.roles import privileged_groups


def already(
    context: Context, people: Mapping[str, Collection[str]], groups: Iterable[str], joined: Mapping[str, Iterable[str]]
) -> dict[str, tuple[Access, ...]]:
    """By address; `people` have roles, by their keys. Each of `groups` has one row, which is of everybody inside.

    `joined` are groups that have no row of their own, and those of `people` who are in them.
    """
    given, privileged = Given(context), privileged_groups(context)
    found = {address: [*_of_person(given, address, keys)] for address, keys in people.items()}
    found.update({group: [_of_group(given, privileged, group)] for group in groups})
    for group, members in joined.items():
        row = _of_group(given, privileged, group)
        for person in members:
            found[person].append(row._replace(address=person))
    return {address: tuple(rows) for address, rows in found.items()}


def _of_person(given: Given, address: str, roles: Collection[str]) -> Iterator[Access]:
    """What a person has of roles; an account without one is something too."""
    context = given.context
    for key in roles:
        yield _row(given, address, "role", given.app.roles[key].displayName, key, key in context.privileged)
    if not roles:
        yield _row(given, address, "account", "an account", DEFAULT_ACCESS_KEY, False)


def _row(given: Given, address: str, kind: str, what: str, role: str, privileged: bool) -> Access:
    """By the assignment of a role, by its key; by the person's own line where none is needed."""
    item, context = given.role(address, role), given.context
    if item is None:
        place = context.place(address, context.resolution.users[address].row)
        return Access(address, "", True, kind, what, privileged, "", place.file, place.line, None)
    through = given.through(address, item.group)
    return Access(address, "", True, kind, what, privileged, through, item.file, item.line, item.expires, item.reason or "")


def _of_group(given: Given, privileged: set[str], group: str) -> Access:
    place = given.context.place(group, given.context.resolution.groups[group].row)
    return everybody(given, group, place, fold(group) in privileged)
