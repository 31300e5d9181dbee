"""Which live object belongs to which declared one: by the record's id, else by matching attributes. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.declare.model import fold, fold_all
from reconciler.plan.live import Live, LiveObject
from reconciler.plan.model import ObjectError
from reconciler.record.model import Entry
from reconciler.resolve.mapping import CompiledMapping
from reconciler.resolve.model import DesiredGroup, DesiredUser, Resolution
from reconciler.resolve.resolution import values_as

Desired = DesiredUser | DesiredGroup
Candidates = tuple[str, list[LiveObject]]


@dataclass
class Matching:
    """What belongs together.

    recorded:  today's address -> address in the record, for what is declared and known there
    live:      address -> live object, for what is desired
    how:       address -> the matching attribute that found an object that the record did not know
    addresses: live id -> address, for every object that is ours or will be
    failed:    addresses in `errors`, of which nothing can be planned
    """

    recorded: dict[str, str] = field(default_factory=dict)
    live: dict[str, LiveObject] = field(default_factory=dict)
    how: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    errors: list[ObjectError] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)

    def error(self, address: str, code: str, reason: str, remedy: str) -> None:
        self.errors.append(ObjectError(address, code, reason, remedy))
        self.failed.add(address)


def match(resolution: Resolution, live: Live, entries: Mapping[str, Entry]) -> Matching:
    """Match users, then groups (design.md §5 step 5)."""
    result = Matching()
    _Kind("User", resolution, resolution.users, live.users, entries, result).run()
    _Kind("Group", resolution, resolution.groups, live.groups, entries, result).run()
    return result


class _Kind:
    """One object type."""

    def __init__(
        self, kind: str, resolution: Resolution, desired: Mapping[str, Desired], live: dict[str, LiveObject],
        entries: Mapping[str, Entry], result: Matching,
    ) -> None:  # fmt: skip
        self.kind, self.resolution, self.desired, self.live, self.result = kind, resolution, desired, live, result
        self.entries = {address: entry for address, entry in entries.items() if address.startswith(kind + "/")}
        self.mapping = resolution.mapping(kind + "/")
        self.table = resolution.table(kind + "/")

    def run(self) -> None:
        skipped = {a: s for a, s in self.resolution.skipped.items() if a.startswith(self.kind + "/")}
        if self.entries:
            self._by_record(skipped)
        found = {}
        for address in self.desired:
            old = self.result.recorded.get(address)
            account = self.live.get(self.entries[old]["id"]) if old is not None else None
            if account is not None:
                found[address] = account
        if len(found) < len(self.desired):
            self._by_attribute(found)
        self._refuse_shared(found)
        self.result.live.update(found)
        self.result.addresses.update({item.id: address for address, item in found.items()})
        for address, entry in self.entries.items():
            # A dangling member keeps the id of an account that is gone: that id is nobody's.
            if entry["id"] in self.live:
                self.result.addresses.setdefault(entry["id"], address)

    def _by_record(self, skipped: Mapping[str, object]) -> None:
        view = _RecordView(self.entries, self.kind, {*self.desired, *skipped})
        ids, previous = self.table.column("id"), self.table.column("previously")
        for address, item in [*self.desired.items(), *self.resolution.skipped.items()]:
            if not address.startswith(self.kind + "/"):
                continue
            own, before = ids[item.row], previous[item.row]
            old = address if before is None and address in self.entries else view.find(address, own, before)
            if old is None:
                continue
            known = self.entries[old].get("declaredId")
            if own is None or known is None or known == own:
                self.result.recorded[address] = old
            elif address in self.desired:
                self.result.error(address, "IdentityChanged", f"the record knows this name with id {known}, not {own}",
                                  "remove the first person's account, or declare the rename with `previously`")  # fmt: skip

    def _by_attribute(self, found: dict[str, LiveObject]) -> None:
        claimed = {entry["id"] for entry in self.entries.values()}
        matcher = Matcher(self.mapping, self.live.values(), claimed)
        previous = self.table.column("previously")
        for address, item in self.desired.items():
            if address in found or address in self.result.failed:
                continue
            target, candidates = matcher.candidates(item.values)
            for name in previous[item.row] or () if not candidates else ():
                target, candidates = matcher.candidates(values_as(self.resolution, address, name))
                if candidates:
                    break
            if len(candidates) > 1:
                names = ", ".join(sorted(f"{c.name} ({c.id})" for c in candidates))
                self.result.error(
                    address, "DuplicateTargetEntries", f"{len(candidates)} accounts match by {target}: {names}",
                    "remove the surplus accounts on the service, or match by another attribute",
                )  # fmt: skip
            elif candidates:
                found[address], self.result.how[address] = candidates[0], target

    def _refuse_shared(self, found: dict[str, LiveObject]) -> None:
        """Two addresses that matched one account: neither gets it."""
        if len({account.id for account in found.values()}) == len(found):
            return
        owners: dict[str, list[str]] = defaultdict(list)
        for address, account in found.items():
            owners[account.id].append(address)
        for shared in (names for names in owners.values() if len(names) > 1):
            for address in shared:
                found.pop(address)
                self.result.error(address, "DuplicateSource", f"{' and '.join(shared)} match the same account",
                                  "give each its own matching attribute")  # fmt: skip


class _RecordView:
    """The record's entries of one kind, found by an earlier name, today's in any case, or the declared id."""

    def __init__(self, entries: Mapping[str, Entry], kind: str, declared: Iterable[str]) -> None:
        self.entries, self.kind = entries, kind
        self.folded = dict(zip(fold_all(list(entries)), entries, strict=True))
        here = set(fold_all(list(declared)))
        self.by_declared_id = {
            entry["declaredId"]: address
            for name, address in self.folded.items()
            if name not in here and "declaredId" in (entry := entries[address])
        }

    def find(self, address: str, own: str | None, previously: list[str] | None) -> str | None:
        """Previous names first, since a name may have been taken over."""
        for name in previously or ():
            old = self.folded.get(fold(f"{self.kind}/{name}"))
            # A recorded id that differs says that the earlier name has passed to somebody else since.
            if old is not None and (own is None or self.entries[old].get("declaredId") in (None, own)):
                return old
        return self.folded.get(fold(address)) or (self.by_declared_id.get(own) if own is not None else None)


class Matcher:
    """Live objects by the values of their matching attributes, in order of precedence."""

    def __init__(self, mapping: CompiledMapping, live: Iterable[LiveObject], claimed: set[str]) -> None:
        self.mapping = mapping
        self.live = [item for item in live if item.id not in claimed]
        self._indexes: dict[int, dict[str, list[LiveObject]]] = {}

    def candidates(self, values: tuple[object, ...]) -> Candidates:
        """The first matching attribute that finds anything, and what it finds."""
        for number in self.mapping.matching:
            value = values[number]
            found = self._index(number).get(fold(str(value)), []) if value is not None else []
            if found:
                return self.mapping.slots[number].target, found
        return "", []

    def _index(self, number: int) -> dict[str, list[LiveObject]]:
        if number not in self._indexes:
            index: dict[str, list[LiveObject]] = {}
            have = [item for item in self.live if item.values[number] is not None]
            for key, item in zip(fold_all([str(item.values[number]) for item in have]), have, strict=True):
                index.setdefault(key, []).append(item)
            self._indexes[number] = index
        return self._indexes[number]
