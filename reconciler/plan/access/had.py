"""What is known of an app's past in, who had what at a time out, with what gave it and what took it since. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from reconciler.declare.names import fold, name_of
from reconciler.plan.access.keys import Thing
from reconciler.plan.access.ledger import REVOKE
from reconciler.plan.access.marks import NOTHING, Marks, group_mark, role_mark
from reconciler.plan.access.one_record import address_of
from reconciler.plan.access.past import Gap, Moment, Record, State, both, state
from reconciler.plan.access.revocations import Revoked
from reconciler.plan.access.role_names import LATEST, truly_gave, truly_took
from reconciler.plan.access.told import Told
from reconciler.record.log.chain import Problem


class Declared(NamedTuple):
    """What a commit of the declarations gave somebody: by which line."""

    file: str
    line: int
    commit: str


class Deed(NamedTuple):
    """A record of the log that gave something or took it, and by which address and which name it says so; `revoked` is why
    somebody was revoked from whom it took that, empty where nobody was.
    """

    record: Record
    address: str
    what: str
    revoked: str = ""

    @property
    def at(self) -> str:
        """When, UTC."""
        return str(self.record.get("activityDateTime", ""))

    def row(self, kind: str) -> Record:
        """The row of the record that tells of this person and thing, by their names of then; empty where none does."""
        ours, own = self.record.get("reconcile", {}), {fold(self.address)}
        whole = own | {fold(address_of(self.record))}
        moved, held = ([item for item in ours.get(name) or () if isinstance(item, dict)] for name in ("access", "held"))
        # A row of an adopted group's own is of everybody inside.
        found = self._among(moved, kind, own if kind == "group" else whole) or self._among(held, kind, whole)
        # Where no role is told to the service, or nobody has one, the log tells of the account.
        return found or next((item for item in (*moved, *held) if kind != "group" and item.get("kind") == "account"), {})

    def _among(self, rows: Iterable[Record], kind: str, addresses: Collection[str]) -> Record:
        same = (item for item in rows if fold(str(item.get("what", ""))) == fold(self.what) and item.get("kind") == kind)
        return next((item for item in same if fold(str(item.get("address", ""))) in addresses), {})

    def place(self, kind: str) -> tuple[str, int]:
        """The file and the line that gave it, or took it."""
        said = self.row(kind) or self.record.get("reconcile", {}).get("declaredAt") or {}
        return str(said.get("file", "")), int(said.get("line", 0))


class Had(NamedTuple):
    """One role or group that somebody had at a time; `kind` is role, group, or account where it was neither.

    `address` is as it was then, `login` its name, `id` a key that a rename does not change. `known` is false where nobody knows
    whether they had it then; `privileged` is None where nobody knows whether that was so then. `gave` is what gave it, None where
    that was before the log or by hand, `took` what took it since.
    `approvers` are those of the pull requests that these name, by number, as far as GitHub told. `seen` is when the log last
    said that it was so, until then. `part` is a key of the role or group, of a group one that a rename does not change.
    `declared` is what the declarations of that time say of what a gap of the log leaves unknown: it was to be so then, and no log
    confirms it. `revoked` is a revocation that stood then, so that they were to have nothing. `stays` is since what nothing
    assigns the role, which the mapping leaves where it is.
    """

    address: str
    login: str
    id: str
    kind: str
    what: str
    privileged: bool | None
    known: bool
    gave: Deed | None = None
    took: Deed | None = None
    approvers: Mapping[int, Sequence[str]] = MappingProxyType({})
    seen: str = ""
    part: str = ""
    declared: Declared | None = None
    revoked: Revoked | None = None
    stays: Deed | None = None

    def pulls(self) -> set[int]:
        """The pull requests in which what gave it, what took it, and what ended its assignment were reviewed."""
        named = (d.record.get("reconcile", {}).get("pullRequest") for d in (self.gave, self.took, self.stays) if d is not None)
        return {number for number in named if isinstance(number, int)}


@dataclass
class Past:
    """What is known of an app's past.

    begins:   when the log's first complete record was written, UTC; "" where there is none
    newest:   the time of its newest record
    records:  how many were read; `earlier` are those of earlier versions, which tell too little
    gaps:     what the log has lost
    problems: what else is wrong with its chain
    head:     the newest record that has a link
    is_whole: whether the log has all since its first record
    now:      what the record says of what accounts have, as far as it says it
    marks:    what is privileged by today's declarations
    """

    told: Told = field(default_factory=Told)
    begins: str = ""
    newest: str = ""
    records: int = 0
    earlier: int = 0
    gaps: tuple[Gap, ...] = ()
    problems: tuple[Problem, ...] = ()
    head: Record | None = None
    is_whole: bool = False
    now: Mapping[Thing, bool | None] = field(default_factory=dict)
    marks: Marks = NOTHING

    def at(self, at: str, then: Marks = NOTHING) -> tuple[Had, ...]:
        """Who had what at a time that the log covers, by address; an account that nobody had is in no row.

        `then` is what was privileged by the declarations of that time, as far as that is known.
        """
        rows = [row for account, things in self._accounts().items() for row in self._rows(account, things, at)]
        marks = {part: self._mark(*part, at, then) for part in {(row.kind, row.what, row.part) for row in rows}}
        rows = [row._replace(privileged=marks[row.kind, row.what, row.part]) for row in rows]
        # An account that was deleted and made anew under the name is the same person's.
        unsure = {named_of(row): row for row in rows if not row.known}
        for row in (known := [row for row in rows if row.known]):
            unsure.pop(named_of(row), None)
        rows = [*known, *unsure.values()]
        return tuple(sorted(rows, key=lambda row: (fold(row.address), row.privileged is False, row.kind, fold(row.what))))

    def gone(self, at: str) -> Iterator[Had]:
        """Accounts that had nothing any more at a time, each with what took the last of it before."""
        for key, things in self._accounts().items():
            account = Thing(key, "account")
            last = ((moment, thing) for thing in things for moment in self._last(thing, at))
            taken = [(moment, thing) for moment, thing in last if moment.after is False and moment.record]
            if taken and self._state(account, at).had is False:
                moment, thing = max(taken, key=lambda pair: pair[0].at)
                address = self.told.names.at(key, at)
                row = Had(address, name_of(address) or address, key, "account", "an account", False, True)
                yield self._taken(row, thing, self._deed(thing, moment, thing.what))

    def _last(self, thing: Thing, at: str) -> list[Moment]:
        """What is told of it last until a time."""
        moments = self.told.moments.get(thing, [])
        number = bisect_right(moments, at, key=lambda moment: moment.at)
        return moments[max(number - 1, 0) : number]

    def _accounts(self) -> dict[str, list[Thing]]:
        found: dict[str, list[Thing]] = {}
        for thing in {**self.told.moments, **self.now}:
            found.setdefault(thing.account, []).append(thing)
        return found

    def _rows(self, key: str, things: list[Thing], at: str) -> Iterator[Had]:
        account = self._state(Thing(key, "account"), at)
        if account.had is False:
            return
        address = self.told.names.at(key, at)
        row = Had(address, name_of(address) or address, key, "account", "an account", False, account.had is True)
        row = row._replace(revoked=self.told.revocations.at(key, at))
        rows = list(self._parts(row, things, account, at))
        yield from rows or [self._with(row, Thing(key, "account"), account, account)]

    def _parts(self, row: Had, things: list[Thing], account: State, at: str) -> Iterator[Had]:
        """The roles and groups of an account."""
        for thing in things:
            found = self._state(thing, at)
            had = both(found.had, True if row.known else None)
            if thing.kind == "account" or had is False:
                continue
            what = self.told.spelled.get(thing.what, thing.what) if thing.kind == "role" else self._group(thing.what, at)
            named = row._replace(kind=thing.kind, what=what, known=had is True, part=thing.what)
            yield self._with(named, thing, found, account)

    def _with(self, row: Had, thing: Thing, found: State, account: State) -> Had:
        """With what gave a role or group of an account, and what took it."""
        gave, given_as = truly_gave(self.told.moments, thing, found.gave, account.gave.at if account.gave else "")
        took, taken_as = truly_took(self.told.moments, thing, found.took, account.took.at if account.took else LATEST)
        stays = self._deed(thing, found.stays, thing.what)
        row = row._replace(gave=self._deed(thing, _later(gave, account), given_as), seen=found.seen, stays=stays)
        return self._taken(row, thing, self._deed(thing, _sooner(took, account.took), taken_as))

    def _taken(self, row: Had, thing: Thing, deed: Deed | None) -> Had:
        return row._replace(took=deed._replace(revoked=self._revoked(thing.account, deed)) if deed is not None else None)

    def _revoked(self, account: str, taken: Deed) -> str:
        """Why somebody was revoked: by the very record, or by a revocation that stood when it was taken."""
        occasion = str(taken.record.get("reconcile", {}).get("occasion", ""))
        stood = self.told.revocations.at(account, taken.at)
        return occasion.removeprefix(REVOKE) if occasion.startswith(REVOKE) else stood.reason if stood is not None else ""

    def _deed(self, thing: Thing, moment: Moment | None, role: str = "") -> Deed | None:
        """By the names of its own time; a role is called as is said."""
        if moment is None:
            return None
        what = self._group(thing.what, moment.at) if thing.kind == "group" else self.told.spelled.get(role, role)
        return Deed(moment.record, self.told.names.at(thing.account, moment.at), what)

    def _mark(self, kind: str, what: str, part: str, at: str, then: Marks) -> bool | None:
        """Whether a role or group of that time was privileged then."""
        if kind == "account":
            return False
        said = (then.groups if kind == "group" else then.roles).get(fold(what))
        if said is not None:
            return said
        return (
            group_mark(self.told, part, at, self.marks)
            if kind == "group"
            else role_mark(self.told, self.gaps, part, at, self.marks)
        )

    def _group(self, key: str, at: str) -> str:
        address = self.told.groups.at(key, at)
        return name_of(address) or address

    def _state(self, thing: Thing, at: str) -> State:
        return state(self.told.moments.get(thing, ()), at, self.now.get(thing), self.gaps, self.is_whole)


def named_of(row: Had) -> tuple[str, str, str]:
    """By the address, which is the same for an account that was made anew."""
    return fold(row.address), row.kind, row.part or fold(row.what)


def _later(thing: Moment | None, account: State) -> Moment | None:
    """An account that was disabled and came back gave all again that it had; none where a hand brought it back."""
    if thing is not None and (gave := account.gave) is not None:
        return gave if thing.at < gave.at else thing
    return thing if thing is None or thing.at >= account.lost else None


def _sooner(thing: Moment | None, account: Moment | None) -> Moment | None:
    return min(filter(None, (thing, account)), key=lambda moment: moment.at, default=None)
