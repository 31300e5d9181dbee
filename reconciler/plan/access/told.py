"""Records of the log in, what each says of who had what before it and after it out. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.declare.names import STRANGER, fold, is_group, is_user
from reconciler.plan.access.keys import Thing
from reconciler.plan.access.ledger import Ledger
from reconciler.plan.access.marks_told import Changed, MarksTold
from reconciler.plan.access.one_record import address_of, is_known, is_written
from reconciler.plan.access.past import Record
from reconciler.plan.access.renamed_roles import RenamedRoles
from reconciler.plan.access.revocations import Revocations
from reconciler.plan.access.told_of_groups import Groups
from reconciler.plan.access.told_of_people import People

ROLE = "roles."  # how the key of a role begins among those of the configuration


class Told:
    """`moments`, `names`, `groups` and `spelled` are the ledger's; `roles` tells of roles that got another name, `marks` of what
    was privileged when, `revocations` of who was revoked.
    """

    def __init__(self) -> None:
        self.ledger, self.marks, self.revocations = Ledger(), MarksTold(), Revocations()
        self.names, self.groups = self.ledger.names, self.ledger.groups
        self.moments, self.spelled = self.ledger.moments, self.ledger.spelled
        self.roles = RenamedRoles(self.ledger)
        self._people, self._groups = People(self.ledger, self.marks, self.roles), Groups(self.ledger, self.marks)
        self._cycle = ("", "")  # the one that is looked at, and when it began

    def look(self, records: Iterable[Record]) -> None:
        """At records in the order of the log; in a cycle accounts come first, since members are told by their names."""
        groups: list[Record] = []
        for record in records:
            if groups and (record.get("cycleId") != groups[0].get("cycleId") or not record.get("cycleId")):
                self._look_at_groups(groups)
                groups = []
            ours, address = record["reconcile"], address_of(record)
            if record.get("cycleId") != self._cycle[0]:
                self._cycle = record.get("cycleId", ""), str(record.get("activityDateTime", ""))
            if ours.get("kind") != "object":
                self.ledger.known = False
                self._audit(record, ours)
                continue
            self.ledger.known = is_known(record)
            if not is_written(record, self.ledger.known):
                continue
            if is_group(address):
                groups.append(record)
            else:
                self._people.look(record, ours, address)
        self._look_at_groups(groups)

    def _look_at_groups(self, records: Iterable[Record]) -> None:
        """Those of one cycle."""
        for record in records:
            self.ledger.known = is_known(record)
            self._groups.look(record)

    def renamed_between(self, since: str, until: str) -> dict[str, str]:
        """The roles that got another name after the one time and until the other: folded, what each was before."""
        return {new: old for at, new, old in self.roles.renamed if since < at <= until}

    # What is no object, and tells of access all the same

    def _audit(self, record: Record, ours: Record) -> None:
        details, at = ours.get("details") or {}, str(record.get("activityDateTime", ""))
        address = str(details.get("address", ""))
        match ours.get("kind"):
            case "configurationChanged":
                self._configured(record, details, at)
            case "revoked":
                self.revocations.revoke(self.names.member(address, at), at, str(details.get("reason", "")))
            case "revocationLifted":
                self.revocations.lift(self.names.member(address, at), at)
            case "recordCommand" if details.get("command") == "forget":
                self._forgotten(address, details.get("held") or {}, record)

    def _configured(self, record: Record, details: Record, at: str) -> None:
        renamed = details.get("renamedRoles") or {}
        pairs = [(self.ledger.spell(new), self.ledger.spell(old)) for new, old in renamed.items()]
        keys = (fold(str(key)) for key in details.get("keys") or ())
        names = {key.removeprefix(ROLE) for key in keys if key.startswith(ROLE)} - {name for pair in pairs for name in pair}
        if names:
            self.marks.changed.append(Changed(min(self._cycle[1], at), at, frozenset(names)))
        self.roles.rename(str(record.get("cycleId", "")), at, pairs)

    def _forgotten(self, address: str, held: Record, record: Record) -> None:
        """`held` is what the record knew until then; since then nobody manages it, and what it has is known to nobody."""
        at, ledger = str(record.get("activityDateTime", "")), self.ledger
        if is_user(address):
            key = self.names.member(address, at) if address.startswith(STRANGER) else self.names.key(address, held.get("id"), at)
            roles = {Thing(key, "role", ledger.spell(name)) for name in held.get("roles", ())}
            ledger.forget(Thing(key, "account"), held.get("active"), record)
            for thing in {*roles, *(thing for thing in ledger.of[key] if thing.kind == "role")}:
                ledger.forget(thing, thing in roles if held else None, record)
        elif is_group(address):
            key = self.groups.key(address, held.get("id"), at)
            inside = {Thing(self.names.member(name, at), "group", key) for name in held.get("members", ())}
            ledger.inside[key] |= inside
            for thing in list(ledger.inside[key]):
                ledger.forget(thing, thing in inside if held else None, record)
