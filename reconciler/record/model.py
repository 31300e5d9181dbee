"""The record's nouns: what was last applied, as plain JSON values, and all that changes them. No I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from typing import Any

from reconciler.declare.names import fold
from reconciler.record.entries import Entries, Entry
from reconciler.record.service import Service
from reconciler.record.told import Told
from reconciler.record.values import Asked, Learned, Removal, Revocation, RoleMemory, SeenRoles, Unanswered

RECORD_VERSION = 1
# Keys that are written only where there is something.
WHERE_SOME = frozenset({"learned", "incomplete", "unmapped", "begun", "running", "service", "told", "configuration", "role_api"})


@dataclass
class Record:
    """Per app: address -> Entry, and the origin that it was made with.

    under_way:  digests of changes that an apply has begun and not ended
    runs:       how many applies have begun; the journal's lines of earlier ones are in here
    unanswered: address -> the write there whose outcome nobody knows
    protected:  addresses that were protected when we last applied
    limits:     the safeguards' limits when we last applied, by name
    breaches:   assignments that lacked then what a policy asks for, by policy and address
    carrying:   targets that carried roles when we last applied
    unmapped:   of targets that carried roles, and of `members`, those that nothing carries any more; people keep what they gave
    removals:   those of the last 24 hours, without what an approval let through
    approved:   digest of an approved plan that is not done yet -> a digest of each thing that it would do
    asked:      digest of a plan that was applied by it -> what is left of it
    revoked:    people who must stay out until the declaration agrees, by address
    members_shown: the service has shown who is in a group: one without members has none
    incomplete: resource types (User, Group) whose lists do not show all that there are; written where there is one
    declared:   the names and places in app.yaml and reconciler.yaml when we last applied, as they are written
    skips:      address -> the code with which the provisioning log last said that the object is left out
    learned:    what applies have found of the service; written where there is something
    service:    the cycles of the running service; written where there was one
    configuration: the beginning of a digest of each setting when we last applied, by key; written where there is one
    told:       the causes that people have been told of; written where there is one
    role_api:   roles that are held over an API beside SCIM; written where there is one
    commit:     the declaration's commit after whose apply no declared change was left to do; "" where none was known
    running:    since when an apply is under way, or was lost with its machine, UTC; written where there is one
    begun:      commits of which something was applied since then, and something left; "" for files that are in none; written
                where there is one
    """

    app: str
    base_url: str = ""
    entries: Entries = field(default_factory=Entries)
    under_way: list[str] = field(default_factory=list)
    revoked: dict[str, Revocation] = field(default_factory=dict)
    commit: str = ""
    begun: list[str] = field(default_factory=list)
    running: str = ""
    protected: list[str] = field(default_factory=list)
    limits: dict[str, int] = field(default_factory=dict)
    breaches: list[str] = field(default_factory=list)
    carrying: list[str] = field(default_factory=list)
    unmapped: list[str] = field(default_factory=list)
    removals: list[Removal] = field(default_factory=list)
    approved: dict[str, list[str]] = field(default_factory=dict)
    asked: dict[str, Asked] = field(default_factory=dict)
    runs: int = 0
    unanswered: dict[str, Unanswered] = field(default_factory=dict)
    members_shown: bool = False
    incomplete: list[str] = field(default_factory=list)
    skips: dict[str, str] = field(default_factory=dict)
    declared: dict[str, str] = field(default_factory=dict)
    learned: Learned = field(default_factory=Learned)
    service: Service = field(default_factory=Service)
    told: Told = field(default_factory=Told)
    configuration: dict[str, str] = field(default_factory=dict)
    role_api: RoleMemory = field(default_factory=RoleMemory)

    def __post_init__(self) -> None:
        if not isinstance(self.entries, Entries):
            self.entries = Entries(self.entries)
        self.heard: dict[str, Unanswered] = {}  # what was unanswered until this run read the service: it is not kept

    def head(self) -> dict[str, Any]:
        """All but the entries, by name, as it is written."""
        names = [item.name for item in fields(self) if item.name != "entries"]
        return {name: getattr(self, name) for name in names if name not in WHERE_SOME or getattr(self, name)}

    @property
    def is_of_an_apply(self) -> bool:
        """Whether anything was ever applied: a first cycle that failed leaves no more than its figures."""
        return bool(self.base_url or self.entries or self.revoked or self.runs or self.asked)

    def keep_service(self, service: Service) -> None:
        """What the running service's last cycle came to."""
        self.service = service

    def keep_told(self, told: Told) -> None:
        """The causes that people have been told of, and that hold on."""
        self.told = told

    # The app and its safeguards

    def describe(self, base_url: str, declared: dict[str, str]) -> None:
        """Which service this is the record of, and what app.yaml and reconciler.yaml say of it."""
        self.base_url, self.declared = base_url, declared

    def configure(self, configuration: dict[str, str]) -> None:
        """The app's settings that the log has heard of."""
        self.configuration = configuration

    def protect(self, protected: list[str], carrying: Iterable[str]) -> None:
        self.protected, self.carrying = protected, sorted(carrying)

    def leave(self, unmapped: Iterable[str]) -> None:
        """Nothing carries these targets any more, and that was reviewed."""
        self.unmapped = sorted(unmapped)

    def limit(self, limits: dict[str, int], breaches: list[str]) -> None:
        self.limits, self.breaches = limits, breaches

    def show_members(self) -> None:
        """The service has shown who is in a group."""
        self.members_shown = True

    def show_no_members(self) -> None:
        """It did not show who is in one that has members."""
        self.members_shown = False

    def known(self, rests_on: str) -> Learned:
        """What has been found of the service with this profile and these mappings."""
        return self.learned if self.learned.get("rests_on") == rests_on else Learned(rests_on=rests_on)

    def learn(self, learned: Learned) -> None:
        """What is known of the service from now on, if that is anything."""
        self.learned = learned if learned.keys() - {"rests_on"} else Learned()

    def list_in_part(self, kinds: Iterable[str]) -> None:
        """The service's lists of these resource types do not show all that there are; those of the others do."""
        self.incomplete = sorted(kinds)

    def count_removals(self, at: str, taken: Collection[tuple[str, str]]) -> None:
        """(address, kind) of each, once, however often a journal is read or a step is tried again."""
        if taken:
            again = set(taken)
            self.removals = [r for r in self.removals if (r["address"], r["kind"]) not in again]
            self.removals += [{"at": at, "address": address, "kind": kind} for address, kind in taken]

    def forget_removals(self, until: str) -> None:
        self.removals = [removal for removal in self.removals if removal["at"] > until]

    # An apply

    def begin_run(self) -> None:
        """The journal's lines so far are in the record from here on."""
        self.runs += 1

    def begin(self, commit: str) -> None:
        """Something of a commit is applied; what was declared at each may stand in an entry until one is complete."""
        if self.commit and commit not in (self.commit, *self.begun):
            self.begun = [*self.begun, commit]

    def complete(self, commit: str | None) -> None:
        """No declared change of the commit is left to do; None where none is known."""
        if commit:
            self.commit, self.begun = commit, []

    def tell_skips(self, told: Mapping[str, str], skipped: Collection[str]) -> None:
        """Codes by address, as the log says them from now on; of those who are not `skipped` any more it says nothing."""
        self.skips = {**{address: code for address, code in self.skips.items() if address in skipped}, **told}

    # Roles over an API beside SCIM

    def know_roles(self, memory: RoleMemory) -> None:
        """What was read of them before the first write."""
        self.role_api = memory

    def see_roles(self, id: str, seen: SeenRoles) -> None:
        """What one account holds after a write."""
        self.role_api.setdefault("seen", {})[id] = seen

    # Entries

    def written(self, address: str) -> str | None:
        """The address of an entry as the record has it, whatever its case; None where there is none."""
        return next((recorded for recorded in self.entries if fold(recorded) == fold(address)), None)

    def keep(self, address: str, entry: Entry) -> None:
        self.entries[address] = entry

    def drop(self, address: str) -> None:
        self.entries.pop(address, None)

    # People who must stay out

    def revoke(self, address: str, at: str, reason: str) -> None:
        self.revoked[address] = {"at": at, "reason": reason}

    def keep_out(self, revoked: dict[str, Revocation]) -> None:
        """These and nobody else, by today's addresses."""
        self.revoked = revoked

    def forget_revoked(self, addresses: Iterable[str]) -> None:
        for address in addresses:
            self.revoked.pop(address, None)

    # Writes whose outcome nobody knows

    def leave_unanswered(self, address: str, line: Mapping[str, Any]) -> None:
        """A step's line in the journal is kept until the service has been read."""
        write = {name: line[name] for name in Unanswered.__annotations__ if line.get(name) not in (None, [])}
        self.unanswered[address] = write  # type: ignore[assignment]

    @contextmanager
    def intending(self, lines: Iterable[Mapping[str, Any]], at: str) -> Iterator[None]:
        """What is saved meanwhile says, for whoever has it without the journal, that a run is under way since then.

        Of these steps it says that they may have been sent; `at` is "" where nothing is to be done.
        """
        before, self.running = dict(self.unanswered), at
        for line in lines:
            if line["address"] not in self.unanswered:
                self.leave_unanswered(line["address"], {**line, "intended": True})
        try:
            yield
        finally:
            self.unanswered, self.running = before, ""

    def forget_intended(self) -> None:
        """The journal is there: a step without a line in it was never sent."""
        self.running = ""
        self.unanswered = {address: write for address, write in self.unanswered.items() if not write.get("intended")}

    def add_generated(self, address: str, generated: Mapping[str, Any]) -> None:
        if address in self.unanswered:
            write = self.unanswered[address]
            write["wanted"] = {**write.get("wanted", {}), **generated}

    def answer(self, address: str) -> None:
        self.unanswered.pop(address, None)

    def hear(self, address: str) -> Unanswered:
        """The service has been read, and tells what came of the write."""
        write = self.heard[address] = self.unanswered.pop(address)
        return write

    def doubt(self, address: str) -> None:
        """What was heard says not that it was done."""
        self.heard.pop(address, None)
