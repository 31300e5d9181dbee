"""The record's entries while an apply changes them: under which address, and what each holds. Changes the record; no I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from reconciler.declare.names import is_group
from reconciler.record.entries import Entry, renamed_references
from reconciler.record.model import Record
from reconciler.record.unfinished import Work


class EntryChanges:
    """`touched` are the addresses of which a step is done, `begun` those whose entry is being changed.

    `moved` are entries that got another address, as (new, old); `baselines` are entries as if nothing had to change; `renamed` is
    today's address -> recorded one; `gone` are recorded addresses of accounts that are gone; `references` are the paths that
    refer to others.
    """

    def __init__(
        self,
        record: Record,
        baselines: dict[str, Entry],
        renamed: Mapping[str, str],
        gone: Iterable[str],
        references: Collection[str],
    ) -> None:
        self.entries, self.baselines, self.renamed = record.entries, baselines, dict(renamed)
        self.touched: set[str] = set()
        self.begun: set[str] = set()
        self.moved: list[tuple[str, str]] = []
        for address in gone:
            del self.entries[address]
        self._today = {old: new for new, old in self.renamed.items() if old in self.entries}
        self._name_others(self._today, references)

    def _name_others(self, today: dict[str, str], references: Collection[str]) -> None:
        """The record names members of groups, and whomever else it refers to, as they are called today."""
        for address in list(self.entries) if today else ():
            entry = self.entries[address] = renamed_references(self.entries[address], references, today)
            for column in ("members", "kept", "unseen"):
                if column in entry:
                    entry[column] = sorted(today.get(member, member) for member in entry[column])

    # Under which address

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
        self._vacate(address, entry["id"])
        self.entries[address] = entry
        self.moved.append((address, old))

    def _vacate(self, address: str, id: str) -> None:
        """Whoever had this name, and is still recorded under it, gets today's address before the account `id` takes it."""
        if address in self.entries and self.entries[address]["id"] != id:
            new = self._today.get(address, "")
            if self.renamed.get(new) == address:
                self.arrive(new)

    def take_moved(self) -> list[tuple[str, str]]:
        """The entries that have got another address since somebody asked."""
        moved, self.moved = self.moved, []
        return moved

    # Which entry

    def adopt(self, but: Collection[str]) -> list[str]:
        """What needs no write goes into the record, `but` for these addresses; returns those that are new there."""
        adopted = []
        for address, entry in self.baselines.items():
            if address not in but and "id" in entry and self.renamed.get(address) not in self.entries:
                self._vacate(address, entry["id"])
                if address not in self.entries:
                    adopted.append(address)
                self.entries[address] = entry
        self.moved.clear()  # all of it is saved before the journal's first line
        return adopted

    def entry(self, change: Work, id: str) -> Entry:
        """The entry that is being changed; at first the one that holds what needs no write."""
        self.arrive(change.address)
        self._vacate(change.address, id)
        if change.account:
            self._begin(change, change.address)
        return self.entries.setdefault(change.address, {"id": id})

    def unmoved(self, change: Work, old: str) -> Entry:
        """The entry that is being changed, of an object that the service has not renamed: where it is recorded, at `old`."""
        self._begin(change, old)
        return self.entries.setdefault(old, {"id": change.account})

    def _begin(self, change: Work, recorded: str) -> None:
        """Once: a step that writes twice must not lose what came of its first write."""
        if change.address in self.baselines and change.address not in self.touched and change.address not in self.begun:
            self.entries[recorded] = {**self.baselines[change.address]}
        self.begun.add(change.address)

    def create(self, address: str, id: str) -> None:
        """The entry of an account that we have created; whoever had the name before goes on under today's."""
        self.arrive(address)
        self._vacate(address, id)
        entry: Entry = {**self.baselines.get(address, {}), "id": id, "created": True}
        entry.setdefault("wanted", {})
        if is_group(address):
            entry.setdefault("members", [])
        self.entries[address] = entry

    def take_over(self, address: str, id: str) -> None:
        """The entry of an account that was there where we wanted to create one."""
        self.create(address, id)
        del self.entries[address]["created"]

    def drop(self, address: str) -> None:
        self.entries.pop(address, None)
        self.baselines.pop(address, None)

    def keep_matched(self) -> None:
        """What is matched goes into the record, also where its change failed."""
        for address in self.baselines.keys() - self.entries.keys():
            entry: Entry = {**self.baselines[address]}
            # A create that failed has no id, and what could not be renamed is recorded under its earlier name.
            if "id" in entry and self.renamed.get(address) not in self.entries:
                self.entries[address] = entry


def tell(entry: Entry, sent: Mapping[str, Any], otherwise: Mapping[str, Any]) -> None:
    """The service has been sent these values, by path, and answers some of them `otherwise`."""
    answered = {path: value for path, value in entry.get("answered", {}).items() if path not in sent}
    entry["wanted"], entry["answered"] = {**entry.get("wanted", {}), **sent}, {**answered, **otherwise}


def change_members(entry: Entry, add: Collection[str], remove: Collection[str]) -> None:
    entry["members"] = sorted((set(entry.get("members", ())) | set(add)) - set(remove))


def keep_members(entry: Entry, remove: Collection[str], stayed: Collection[str]) -> None:
    """Of those who were to leave a group some are still shown inside."""
    entry["kept"] = sorted((set(entry.get("kept", ())) - set(remove)) | set(stayed))
    if not entry["kept"]:
        del entry["kept"]


def miss_members(entry: Entry, gone: Collection[str], unseen: Collection[str]) -> None:
    """Of those who were put into a group some are not shown inside; those who are `gone` are, or have been taken out."""
    entry["unseen"] = sorted((set(entry.get("unseen", ())) | set(unseen)) - set(gone))
    if not entry["unseen"]:
        del entry["unseen"]


def give_roles(entry: Entry, keys: Iterable[str]) -> None:
    entry["roles"] = list(keys)


def disable(entry: Entry, at: str) -> None:
    entry["disabledAt"] = at


def retain(entry: Entry) -> None:
    """Nothing is left to be done with the account."""
    entry["retained"] = True


def enable(entry: Entry) -> None:
    entry.pop("disabledAt", None)
