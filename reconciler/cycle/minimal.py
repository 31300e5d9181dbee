"""Of a service, what the declaration's change since the last complete apply can touch, and no more: a client in, a Live out.

Asks git what was declared then, and the service for those objects; where that cannot be told, or is too much, for everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import compress
from operator import attrgetter

from reconciler.cycle.asking import Asking
from reconciler.cycle.declared_then import NotKnown, declared_then
from reconciler.cycle.read import read_live
from reconciler.cycle.session import Read
from reconciler.declare.names import fold, fold_all, kind_of
from reconciler.declare.warned import Warned
from reconciler.declare.wording import plural
from reconciler.plan.live import Live, Part
from reconciler.plan.minimal import BEFORE_ANY_DAY, around, both_names, gone, holders, of_members, referring, to_ask
from reconciler.plan.not_listed import KINDS, recorded, unmatched
from reconciler.record.model import Record
from reconciler.resolve.model import Resolution
from reconciler.resolve.resolution import resolve
from reconciler.scim.client import ScimClient
from reconciler.scim.discovery import refine

MOST_COMMITS = 4
FEW = 10  # requests that single objects may take, also where the whole list takes fewer


def minimal_read(only: Iterable[str] = (), also: Iterable[str] = ()) -> Read:
    """What reads a service for a plan of what has changed, as `read_and_plan` takes it.

    `only` are the addresses to read instead, whatever has changed; `also` are some to read beside, those of a reviewed plan.
    What is read says so (Live.part); where everything is, a note says why. It raises ServiceError, as `read_live` does.
    """
    named, more = frozenset(map(fold, only)), frozenset(also)

    def read(client: ScimClient, resolution: Resolution, record: Record | None) -> Live:
        try:
            return _Minimal(client, resolution, record).read(named, more)
        except NotKnown as why:
            live = read_live(client, resolution, record)
            note = Warned("EverythingRead", f"everything was read, although less was asked for: {why}")
            return replace(live, notes=(*live.notes, note))

    return read


def minimal_if_large(only: Iterable[str] = ()) -> Read:
    """The same for an app with more objects in its record than its `provisioning.minimalOver`; everything of any other."""

    def read(client: ScimClient, resolution: Resolution, record: Record | None) -> Live:
        most = resolution.limited.app.provisioning.minimalOver
        is_large = most is not None and record is not None and len(record.entries) > most
        return (minimal_read(only) if is_large else read_live)(client, resolution, record)

    return read


class _Minimal:
    def __init__(self, client: ScimClient, resolution: Resolution, record: Record | None) -> None:
        if record is None:
            raise NotKnown("there is no record yet")
        if record.unanswered:
            raise NotKnown("an earlier apply had no answer to some of its writes")
        if record.base_url not in ("", client.shown_url):
            raise NotKnown("the record was made with another address")
        self.client, self.resolution, self.record = client, resolution, record
        self.app = resolution.declarations.apps[resolution.limited.app.name]
        self.kinds = KINDS if self.app.groups.enabled else KINDS[:1]
        self.nothing = Asking(client, resolution, record, Live(part=Part(frozenset()))).context()

    def read(self, only: frozenset[str], also: frozenset[str]) -> Live:
        """Raises NotKnown, before anything is asked for, or where more hangs on what is read than may be asked for."""
        asked = self._named(only) if only else self._changed()
        asked |= both_names(self.nothing, set(also))
        asked |= holders(self.nothing) if asked else frozenset()
        refine(self.client)
        return self._ask(asked, "" if only else self.record.commit)

    def _changed(self) -> frozenset[str]:
        """Since the last complete apply, and since what was applied in part after it."""
        commits = [self.record.commit, *self.record.begun]
        if len(commits) > MOST_COMMITS:
            raise NotKnown(f"{len(commits) - 1} applies since the last complete one left something to do")
        befores = [before for commit in commits for before in self._resolved(commit)]
        return to_ask(befores, self.nothing, self.record)

    def _resolved(self, commit: str) -> Iterator[Resolution]:
        then = declared_then(self.app, self.resolution.declarations, commit)
        app = then.apps[self.app.name]
        yield resolve(app, then, BEFORE_ANY_DAY)
        if any(map(attrgetter("expires"), app.assignments)):
            yield resolve(app, then, self.resolution.today)

    def _named(self, only: frozenset[str]) -> frozenset[str]:
        """Those that were named, and the groups that a person is in, or is to be in."""
        every = [*self.resolution.users, *self.resolution.groups, *self.record.entries]
        named = both_names(self.nothing, set(compress(every, map(only.__contains__, fold_all(every)))))
        return named | around(self.nothing, named)

    def _ask(self, asked: frozenset[str], since: str) -> Live:
        """First those, then whom what is found about them has to do with, until that is nobody more."""
        asking = Asking(self.client, self.resolution, self.record, Live(part=Part(asked, since)))
        fresh = asked
        while fresh:
            self._refuse_costly(asked)
            asking.live = replace(asking.live, part=Part(asked, since))
            self._round(asking, fresh)
            fresh = self._further(asking, fresh) - asked
            asked |= fresh
        return asking.live

    def _round(self, asking: Asking, fresh: frozenset[str]) -> None:
        ids = self.record.entries.ids()
        known = {address: ids[old] for address, old in self.nothing.matching.recorded.items() if old in fresh}
        for kind in self.kinds:
            asking.recorded(kind, {a: ids[a] for a in sorted(fresh) if kind_of(a) == kind and a in ids})
            desired: Mapping[str, object] = self.resolution.users if kind == "User" else self.resolution.groups
            if any(known.get(address) not in asking.shown(kind) for address in fresh & desired.keys()):
                self._new(asking, kind, fresh)

    def _further(self, asking: Asking, fresh: frozenset[str]) -> frozenset[str]:
        """The members by whom a group differs from what is declared, and who has to do with those whose account is gone."""
        lost = gone(self.nothing, fresh, asking.live)
        beside = referring(self.nothing, lost) if lost else frozenset[str]()
        if not self.app.groups.enabled:
            return beside
        shown = any(kind_of(address) == "Group" for address in fresh)
        members = of_members(asking.context(), fresh) if shown else frozenset[str]()
        return beside | members | (around(self.nothing, lost) if lost else frozenset())

    def _new(self, asking: Asking, kind: str, fresh: frozenset[str]) -> None:
        """Whoever has no account that the record knows is looked for by all that could find one, or not at all."""
        if not unmatched(asking.context(), kind).keys() & fresh:
            return
        mapping = self.resolution.mapping(kind + "/")
        for target in (mapping.slots[number].target for number in mapping.matching):
            if not self.client.profile.filters_on(target):
                raise NotKnown(f"the service cannot filter on {target}, by which accounts are matched")
        asking.new(kind, fresh)

    def _refuse_costly(self, asked: frozenset[str]) -> None:
        """What the record knows says at first how long the lists are; the service, which may hold many more, only if need be."""
        if len(asked) <= FEW or (requests := self._requests(asked)) <= max(FEW, self._listing(self._managed)):
            return
        if requests > (most := self._listing(self._told)):
            raise NotKnown(
                f"{plural(len(asked), 'object')} would have to be asked for in {plural(requests, 'request')}, and "
                f"{plural(most, 'request')} list everything"
            )

    def _requests(self, asked: frozenset[str]) -> int:
        """For objects of the record, where all are there, and for new ones, each by one filter."""
        known = [{ids[address] for address in asked & ids.keys()} for ids in self._ids.values()]
        declared = (asked & self.resolution.users.keys()) | (asked & self.resolution.groups.keys())
        new = declared - self.nothing.matching.recorded.keys()
        return len(new) + sum(self.client.profile.requests_by_id(len(ids)) for ids in known)

    def _listing(self, objects: Mapping[str, int]) -> int:
        return sum(map(self.client.profile.paging.requests, objects.values()))

    @cached_property
    def _ids(self) -> dict[str, dict[str, str]]:
        return recorded(self.record.entries)

    @cached_property
    def _managed(self) -> dict[str, int]:
        return {kind: len(self._ids[kind]) for kind in self.kinds}

    @cached_property
    def _told(self) -> dict[str, int]:
        return {kind: max(number, self.client.total(kind + "s")) for kind, number in self._managed.items()}
