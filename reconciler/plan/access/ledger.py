"""What records tell of each thing in, the moments of each in the order of the log out. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from reconciler.declare.names import fold
from reconciler.plan.access.keys import Names, Thing
from reconciler.plan.access.past import Moment, Record

# What is told of the change that gave or took something: of a million records the rest would fill the memory.
LASTING = ("id", "activityDateTime", "cycleId", "provisioningAction", "initiatedBy")
UNTOLD: Record = {}
OURS = (
    "kind", "address", "action", "declaredAt", "commit", "pullRequest", "approvals", "access", "held", "startedBy", "readBack",
)  # fmt: skip
REVOKE = "revoke: "  # how the occasion of a revocation begins; its reason follows


class Ledger:
    """`moments` are those of each thing, in the order of the log; `names` those of accounts, `groups` those of groups;
    `spelled` is how a role is written, by its folded name. `of` are the things that are told of an account, `inside` those of a
    group. `known` is whether it is known what came of the record that is looked at.
    """

    def __init__(self) -> None:
        self.names, self.groups = Names(), Names()
        self.moments: dict[Thing, list[Moment]] = defaultdict(list)
        self.spelled: dict[str, str] = {}
        self.of: dict[str, list[Thing]] = defaultdict(list)
        self.inside: dict[str, set[Thing]] = defaultdict(set)
        self.known = False
        self._kept: tuple[Record, Record] = ({}, {})  # the record that was looked at last, and what of it lasts

    def put(
        self, thing: Thing, record: Record, before: bool | None, after: bool | None, sure: bool = True, stays: bool = False
    ) -> None:
        """That a record gave or took it, or found it so; see Moment."""
        if not self.known:
            after = None
        if before is None and not sure and self._is(thing, after):
            before = after  # as it was
        steady, moments = before is True and after is True and sure and not stays, self.moments[thing]
        if steady and len(moments) > 1 and moments[-1].is_steady and moments[-2].is_steady:
            moments.pop()
        # What neither gave nor took tells no more: there may be a million.
        told = UNTOLD if steady else self.lasting(record)
        at = str(record.get("activityDateTime", ""))
        if not moments:
            self.of[thing.account].append(thing)
        # A clock that was set back between two of them does not change their order.
        moments.append(Moment(max(at, moments[-1].at) if moments else at, before, after, sure, told, stays=stays))

    def _is(self, thing: Thing, after: bool | None) -> bool:
        """Whether the last that is told of it is the same."""
        return bool(self.moments.get(thing)) and self.moments[thing][-1].after is after

    def absent(self, thing: Thing, *times: str, before: bool | None = False) -> None:
        """That it was not there at these times, the earliest first, by what was told of all that an account had, or a group."""
        moments = self.moments[thing]
        if not moments:
            self.of[thing.account].append(thing)
            first, *later = dict.fromkeys(times)
            moments += [Moment(first, before, False, True, UNTOLD), *(Moment(at, False, False, True, UNTOLD) for at in later)]

    def is_out(self, thing: Thing) -> bool:
        """Whether the last that is told of it is that somebody does not have it."""
        return self._is(thing, False)

    def found_gone(self, things: Iterable[Thing], record: Record) -> None:
        """What somebody deleted by hand, at a time that nobody knows."""
        for thing in things:
            if self.moments.get(thing) and not self.is_out(thing):
                self.put(thing, record, False, False, sure=False)

    def forget(self, thing: Thing, before: bool | None, record: Record) -> None:
        """Nobody manages it since; whoever was out already is told of as before."""
        if before is not False and not self.is_out(thing):
            self.put(thing, record, before, None)

    def lasting(self, record: Record) -> Record:
        """What is kept of a record: the same for every moment of one."""
        if self._kept[0] is not record:
            ours = record["reconcile"]
            told = {name: ours[name] for name in OURS if name in ours}
            if str(occasion := ours.get("occasion")).startswith(REVOKE):
                told["occasion"] = occasion
            self._kept = record, {**{name: record[name] for name in LASTING if name in record}, "reconcile": told}
        return self._kept[1]

    def spell(self, name: Any) -> str:
        """A role's name, folded; how it is written is kept."""
        folded = fold(str(name))
        # Of a role that is no longer declared the log may know the key alone.
        if str(name) != folded or folded not in self.spelled:
            self.spelled[folded] = str(name)
        return folded
