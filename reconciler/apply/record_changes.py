"""The record's entries while an apply changes them: under which address, and on what each starts. No I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from reconciler.apply.model import Job
from reconciler.plan.model import Change
from reconciler.record.entries import Entry, renamed_references


class Book:
    """`touched` are the addresses of which a step is done; `moved` are entries that got another address, as (new, old)."""

    def __init__(self, job: Job) -> None:
        self.entries, self.baselines = job.record.entries, job.settled.baselines
        self.renamed = dict(job.settled.renamed)
        self.touched: set[str] = set()
        self.moved: list[tuple[str, str]] = []
        for address in job.settled.gone:
            del self.entries[address]
        today = {old: new for new, old in self.renamed.items() if old in self.entries}
        self._name_others(today, job.resolution.user_mapping.references)

    def _name_others(self, today: dict[str, str], references: Collection[str]) -> None:
        """The record names members of groups, and whomever else it refers to, as they are called today."""
        for address in list(self.entries) if today else ():
            entry = self.entries[address] = renamed_references(self.entries[address], references, today)
            for column in ("members", "kept"):
                if column in entry:
                    entry[column] = sorted(today.get(member, member) for member in entry[column])

    def rename(self, addresses: Iterable[str]) -> None:
        """Entries get today's address, all at once, since one may take another's name; but none that somebody else still has."""
        ready = {new: old for new in addresses if (old := self.renamed[new]) in self.entries}
        while taken := [new for new in ready if new in self.entries and new not in ready.values()]:
            for new in taken:
                del ready[new]
        self.entries.update({new: self.entries.pop(old) for new, old in ready.items()})
        for new in ready:
            del self.renamed[new]

    def arrive(self, address: str) -> None:
        """The entry gets today's address only now that the service has it too."""
        old = self.renamed.pop(address, None)
        if old is None or old not in self.entries:
            return
        entry = self.entries.pop(old)
        if address in self.entries:  # whoever had this name is still recorded under it
            self.arrive(next((new for new, before in self.renamed.items() if before == address), ""))
        self.entries[address] = entry
        self.moved.append((address, old))

    def base(self, address: str) -> Entry:
        """The entry of an object of which nothing has been written yet."""
        return {**self.baselines[address]}

    def entry(self, change: Change, id: str) -> Entry:
        """The entry that is being changed; at first the one that holds what needs no write."""
        self.arrive(change.address)
        if change.address not in self.touched and change.action != "create" and change.address in self.baselines:
            self.entries[change.address] = self.base(change.address)
        return self.entries.setdefault(change.address, {"id": id})

    def create(self, address: str, id: str) -> None:
        """The entry of an account that we have created."""
        self.arrive(address)
        entry: Entry = {**self.baselines.get(address, {}), "id": id, "created": True}
        entry.setdefault("wanted", {})
        if address.startswith("Group/"):
            entry.setdefault("members", [])
        self.entries[address] = entry

    def drop(self, address: str) -> None:
        self.entries.pop(address, None)
        self.baselines.pop(address, None)

    def settle(self) -> None:
        """What is matched goes into the record, also where its change failed."""
        for address in self.baselines.keys() - self.entries.keys():
            entry = self.base(address)
            # A create that failed has no id, and what could not be renamed is recorded under its earlier name.
            if "id" in entry and self.renamed.get(address) not in self.entries:
                self.entries[address] = entry
