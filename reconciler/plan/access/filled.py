"""What declarations gave at a time, and what a log with a gap says of it, in; both together out. Pure.

A gap is filled with what was to be, which is not what was: each such row stays one that nobody knows, and names its line.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from reconciler.declare.model import App
from reconciler.declare.names import fold, name_of, row_key
from reconciler.declare.place import Place
from reconciler.plan.access.given import Given, longest
from reconciler.plan.access.had import Declared, Had, Past
from reconciler.plan.context import Context, gather
from reconciler.plan.live import Live
from reconciler.plan.matching.match import match
from reconciler.plan.roles import privileged_groups
from reconciler.record.entries import Entries
from reconciler.resolve.model import DesiredUser, Resolution


def declared_rows(app: App, resolution: Resolution, commit: str) -> tuple[Had, ...]:
    """What each person in scope was to have, by address; `resolution` is of the day, of what the commit declares."""
    live = Live()
    work = _Work(gather(app, resolution, live, None, match(resolution, live, Entries())), commit)
    return tuple(row for user in resolution.users.values() for row in work.rows(user))


def filled(past: Past, at: str, rows: Iterable[Had], declared: Iterable[Had]) -> tuple[Had, ...]:
    """The rows of a time, what nobody knows with what was declared then; within a gap also what was declared and has no row."""
    given = {_key(row): row for row in declared}
    found = [
        row if row.known else row._replace(declared=given[_key(row)].declared if _key(row) in given else None) for row in rows
    ]
    if any(gap.since <= at < gap.until for gap in past.gaps):
        there = {_key(row) for row in found}
        found += [row for key, row in given.items() if key not in there]
    return tuple(sorted(found, key=lambda row: (fold(row.address), row.privileged is False, row.kind, fold(row.what))))


def _key(row: Had) -> tuple[str, str, str]:
    return fold(row.address), row.kind, fold(row.what)


class _Work:
    def __init__(self, context: Context, commit: str) -> None:
        self.context, self.commit, self.given = context, commit, Given(context)
        self.privileged = privileged_groups(context)
        self.inside: dict[str, list[str]] = defaultdict(list)  # of each person the groups, by address
        for group in context.resolution.groups.values():
            for member in group.members:
                self.inside[member].append(group.address)

    def rows(self, user: DesiredUser) -> Iterator[Had]:
        row = Had(user.address, name_of(user.address), user.address, "account", "an account", False, False)
        rows = [*self._roles(row, user), *self._groups(row)]
        yield from rows or self._any(row)

    def _roles(self, row: Had, user: DesiredUser) -> Iterator[Had]:
        for role in user.roles:
            if (item := self.given.role(user.address, role.key)) is not None:
                place = Place(item.file, item.line)
                yield self._with(row._replace(kind="role", what=role.displayName, privileged=role.privileged), place)

    def _groups(self, row: Had) -> Iterator[Had]:
        for address in self.inside[row.address]:
            inner = self.given.ways.chain(row_key(address), row_key(row.address))[-1]
            place = self.context.place("Group/", self.given.groups.index[inner])
            found = row._replace(kind="group", what=name_of(address), privileged=fold(address) in self.privileged)
            yield self._with(found, place)

    def _any(self, row: Had) -> Iterator[Had]:
        """What gives an account, where neither a role nor a group is told to the service."""
        item = longest(self.given.reach.all(row_key(row.address)), self.context.resolution.today)
        if item is not None:
            yield self._with(row, Place(item.file, item.line))

    def _with(self, row: Had, place: Place) -> Had:
        return row._replace(declared=Declared(place.file, place.line, self.commit))
