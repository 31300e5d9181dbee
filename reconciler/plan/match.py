"""Which live object belongs to which declared one: by the record's id, else by matching attributes. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import cast

from reconciler.declare.model import fold, fold_all
from reconciler.plan.live import Live, LiveObject
from reconciler.plan.model import ObjectError
from reconciler.plan.rotation import not_free
from reconciler.record.entries import Entries
from reconciler.resolve.expressions import IGNORE
from reconciler.resolve.mapping import CompiledMapping
from reconciler.resolve.model import DesiredGroup, DesiredUser, Resolution, Skipped
from reconciler.resolve.resolution import values_as

Desired = DesiredUser | DesiredGroup
Identities = Mapping[str, tuple[str, str | None]]


@dataclass
class Matching:
    """What belongs together.

    recorded:  today's address -> address in the record, for what is declared and known there
    live:      address -> live object, for what is desired
    how:       address -> the matching attribute that found an object that the record did not know
    addresses: live id -> address, for every object that is ours or will be
    failed:    addresses in `errors`, of which nothing can be planned
    refused:   today's address -> the one in the record that is kept, of `failed` whose rename would take another's name
    """

    recorded: dict[str, str] = field(default_factory=dict)
    live: dict[str, LiveObject] = field(default_factory=dict)
    how: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    errors: list[ObjectError] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)

    @cached_property
    def renamed(self) -> dict[str, str]:
        """Address in the record -> today's, where they differ; asked for once everything is matched."""
        return {old: new for new, old in self.recorded.items() if new != old}

    def left_behind(self, ids: Mapping[str, str]) -> dict[str, str]:
        """Account id -> address in the record, of those `ids` by address whose object nobody declares any more."""
        stay = {*self.recorded.values(), *self.refused.values()}
        return {id: old for old, id in ids.items() if old not in stay}

    def add(self, live: dict[str, LiveObject], addresses: dict[str, str]) -> None:
        """Take in what was found of one kind; that of the first is kept as it is, since there may be 100,000."""
        self.live = {**self.live, **live} if self.live else live
        self.addresses = {**self.addresses, **addresses} if self.addresses else addresses

    def error(self, address: str, code: str, reason: str, remedy: str) -> None:
        self.errors.append(ObjectError(address, code, reason, remedy))
        self.failed.add(address)


def match(resolution: Resolution, live: Live, entries: Entries) -> Matching:
    """Match users, then groups (design.md §5 step 5)."""
    result = Matching()
    users = entries.identities()
    groups = {address: users.pop(address) for address in entries if address.startswith("Group/")}
    _Kind("User", resolution, resolution.users, live.users, users, result).run()
    _Kind("Group", resolution, resolution.groups, live.groups, groups, result).run()
    return result


class _Kind:
    """One object type; `known` is address -> (id of the account, declared id) of its entries in the record."""

    def __init__(
        self, kind: str, resolution: Resolution, desired: Mapping[str, Desired], live: dict[str, LiveObject],
        known: Identities, result: Matching,
    ) -> None:  # fmt: skip
        self.kind, self.resolution, self.desired, self.live, self.result = kind, resolution, desired, live, result
        self.known = known
        self.mapping = resolution.mapping(kind + "/")
        self.table = resolution.table(kind + "/")

    def run(self) -> None:
        known, live = self.known, self.live
        ids = self._by_record() if known else {}
        found = {address: account for address, id in ids.items() if (account := live.get(id)) is not None}
        by_record = len(found)
        if by_record < len(self.desired):
            self._by_attribute(found)
        owned = {account.id: address for address, account in found.items()}
        if len(owned) < len(found):
            self._refuse_shared(found)
            owned = {account.id: address for address, account in found.items()}
        self.result.add(found, owned)
        addresses = self.result.addresses
        if by_record < len(known):
            for address, (id, _) in known.items():
                # A dangling member keeps the id of an account that is gone: that id is nobody's.
                if id in live:
                    addresses.setdefault(id, address)

    def _by_record(self) -> dict[str, str]:
        """Desired address -> id of the account that it had when we last applied."""
        skipped = {a: s for a, s in self.resolution.skipped.items() if a.startswith(self.kind + "/")}
        known, recorded = self.known, self.result.recorded
        found, others = self._as_named(self.desired), self._as_named(skipped)
        recorded.update(zip(found, found, strict=True))
        recorded.update(zip(others, others, strict=True))
        if len(found) + len(others) < len(self.desired) + len(skipped):
            self._otherwise({a: i for a, i in chain(self.desired.items(), skipped.items()) if a not in recorded})
            for address in found.keys() - recorded.keys():
                del found[address]
            found.update({a: known[recorded[a]][0] for a in self.desired if a not in found and a in recorded})
        return found

    def _as_named(self, items: Mapping[str, Desired] | Mapping[str, Skipped]) -> dict[str, str]:
        """Nearly every object of a large directory is in the record, under its name and with its id."""
        rows = [item.row for item in items.values()]
        owns, previous = (map(self.table.column(name).__getitem__, rows) for name in ("id", "previously"))
        return {
            address: identity[0]
            for address, identity, own, before in zip(items, map(self.known.get, items), owns, previous, strict=True)
            if identity is not None and before is None and (own is None or identity[1] is None or identity[1] == own)
        }

    def _otherwise(self, items: Mapping[str, Desired | Skipped]) -> None:
        """Those who were renamed, whose name is written in another case, or who are somebody else."""
        view, known, recorded = _RecordView(self.known, self.kind), self.known, self.result.recorded
        owns, previous = self.table.column("id"), self.table.column("previously")
        taken: dict[str, str] = {}  # address in the record -> today's
        for address, item in items.items():
            if (old := view.claimed(address, owns[item.row], previous[item.row])) is not None:
                taken.setdefault(old, address)
        for old in taken.keys() & recorded.keys():
            del recorded[old]  # whoever bears the name today is not the one whom the record means
        claims = {address: old for old, address in taken.items()}
        recorded.update(claims)
        for address, item in items.items():
            old, own = view.folded.get(fold(address)), owns[item.row]
            if old is None or old in taken or address in claims:
                continue
            id, last = known[old]
            if own is None or last in (None, own):
                recorded[address] = old
            elif address in self.desired and id in self.live:
                self.result.error(address, "IdentityChanged", f"the record knows this name with id {last}, not {own}",
                                  "remove the first person's account from the service, or declare the rename with "
                                  "`previously`")  # fmt: skip
        renamed = {a: recorded[a] for a in items if a in self.desired and recorded.get(a, a) != a}
        there = {a for a, (id, _) in known.items() if id in self.live} if renamed else set()
        for address, holder in not_free(renamed, view.folded, there).items():
            old = self.result.refused[address] = recorded.pop(address)
            self.result.error(address, "NameInUse", f"{old} cannot take this name yet: another {self.kind.lower()} has it, "
                              f"{known[holder][0]}", "apply the rest; if that one stays on the service, delete it there, or "
                              f"rename it there and `reconcile record forget '{holder}'`")  # fmt: skip

    def _by_attribute(self, found: dict[str, LiveObject]) -> None:
        """In order of precedence; an earlier name is tried where nothing was found (design.md §5 step 5).

        The account of an entry whose name nobody declares any more may be of somebody who has another name now.
        """
        left_behind = self.result.left_behind({old: id for old, (id, _) in self.known.items()})
        claimed = {id for id, _ in self.known.values()} - left_behind.keys()
        matcher = Matcher(self.mapping, [item for id, item in self.live.items() if id not in claimed])
        left = [item for address, item in self.desired.items() if address not in found and address not in self.result.failed]
        for number in self.mapping.matching:
            target, missing = self.mapping.slots[number].target, []
            every = matcher.find(number, [item.values[number] for item in left])
            if set(map(type, every)) == {LiveObject}:
                addresses = [item.address for item in left]
                found.update(zip(addresses, cast(list[LiveObject], every), strict=True))
                self.result.how.update(dict.fromkeys(addresses, target))
                left = []
                break
            for item, candidates in zip(left, every, strict=True):
                if candidates is None:
                    missing.append(item)
                else:
                    self._settle(item.address, target, candidates, found)
            left = missing
        previous = self.table.column("previously")
        for item in left:
            for name in previous[item.row] or ():
                target, candidates = matcher.candidates(values_as(self.resolution, item.address, name))
                if candidates is not None:
                    self._settle(item.address, target, candidates, found)
                    break
        if left_behind:
            self._renamed(left_behind, found)

    def _renamed(self, left_behind: Mapping[str, str], found: dict[str, LiveObject]) -> None:
        """Who has the matching attribute of an entry that was left behind is the same person, but for another declared id."""
        owns, recorded = self.table.column("id"), self.result.recorded
        for address in [a for a in self.result.how if a in found and found[a].id in left_behind]:
            old, own = left_behind[found[address].id], owns[self.desired[address].row]
            last = self.known[old][1]
            del self.result.how[address]
            if address not in recorded and (last is None or own in (None, last)):
                recorded[address] = old
                continue
            del found[address]
            if address not in recorded:
                self.result.error(address, "IdentityChanged", f"the account that matches was {old}'s, with id {last}, not {own}",
                                  "remove the first person's account, or declare the rename with `previously`")  # fmt: skip

    def _settle(
        self, address: str, target: str, candidates: LiveObject | list[LiveObject], found: dict[str, LiveObject]
    ) -> None:
        if isinstance(candidates, list):
            names = ", ".join(sorted(f"{c.name} ({c.id})" for c in candidates))
            self.result.error(address, "DuplicateTargetEntries", f"{len(candidates)} accounts match by {target}: {names}",
                              "remove the surplus accounts on the service, or match by another attribute")  # fmt: skip
        else:
            found[address], self.result.how[address] = candidates, target

    def _refuse_shared(self, found: dict[str, LiveObject]) -> None:
        """Two addresses that matched one account: neither gets it."""
        owners: dict[str, list[str]] = defaultdict(list)
        for address, account in found.items():
            owners[account.id].append(address)
        for shared in (names for names in owners.values() if len(names) > 1):
            account = [found.pop(address) for address in shared][0]
            who = " and ".join(f"{address} by {self.result.how.get(address, 'the record')}" for address in shared)
            for address in shared:
                self.result.error(address, "DuplicateSource", f"{who} match the same account, {account.name} ({account.id})",
                                  "mend the value by which those match whose account it is not")  # fmt: skip


class _RecordView:
    """The record's entries of one kind, found by a name in any case, or by the declared id."""

    def __init__(self, known: Identities, kind: str) -> None:
        self.known, self.kind = known, kind

    @cached_property
    def folded(self) -> dict[str, str]:
        return dict(zip(fold_all(list(self.known)), self.known, strict=True))

    @cached_property
    def by_declared_id(self) -> dict[str, str]:
        return {own: address for address, (_, own) in self.known.items() if own is not None}

    def claimed(self, address: str, own: str | None, previously: list[str] | None) -> str | None:
        """The entry under another name that an earlier name or the id says to be this object's.

        Previous names come first, since today's may have been another's.
        """
        for name in previously or ():
            old = self.folded.get(fold(f"{self.kind}/{name}"))
            # A recorded id that differs says that the earlier name has passed to somebody else since.
            if old is not None and (own is None or self.known[old][1] in (None, own)):
                return old
        named = self.folded.get(fold(address))
        if own is None or (named is not None and self.known[named][1] in (None, own)):
            return None
        return self.by_declared_id.get(own)


class Matcher:
    """Live objects by the values of their matching attributes."""

    def __init__(self, mapping: CompiledMapping, live: list[LiveObject]) -> None:
        self.mapping, self.live = mapping, live
        self._indexes: dict[int, dict[str, LiveObject | list[LiveObject]]] = {}

    def candidates(self, values: tuple[object, ...]) -> tuple[str, LiveObject | list[LiveObject] | None]:
        """The first matching attribute, in order of precedence, that finds anything, and what it finds."""
        for number in self.mapping.matching:
            found = self.find(number, [values[number]])[0]
            if found is not None:
                return self.mapping.slots[number].target, found
        return "", None

    def find(self, number: int, values: list[object]) -> list[LiveObject | list[LiveObject] | None]:
        """What each value of a slot finds: one account, a list of several, or None."""
        index = self._index(number)
        keys = self.mapping.slots[number].alike(["" if v is None or v is IGNORE else str(v) for v in values])
        return [index.get(key) if key else None for key in keys]

    def _index(self, number: int) -> dict[str, LiveObject | list[LiveObject]]:
        if number not in self._indexes:
            have = [item for item in self.live if item.values[number] is not None]
            keys = self.mapping.slots[number].alike([str(item.values[number]) for item in have])
            index: dict[str, LiveObject | list[LiveObject]] = dict(zip(keys, have, strict=True))
            if len(index) < len(have):
                several: dict[str, list[LiveObject]] = defaultdict(list)
                for key, item in zip(keys, have, strict=True):
                    several[key].append(item)
                index.update({key: items for key, items in several.items() if len(items) > 1})
            self._indexes[number] = index
        return self._indexes[number]
