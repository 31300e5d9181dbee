"""Records of accounts in, what each says of who was active and had which roles into the ledger. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from reconciler.declare.names import STRANGER, fold, group_address
from reconciler.plan.access.keys import Thing
from reconciler.plan.access.ledger import Ledger
from reconciler.plan.access.marks_told import MarksTold
from reconciler.plan.access.one_record import active_by, called_by, id_of, is_gone, mends, modified, name_before, replaces
from reconciler.plan.access.past import Record
from reconciler.plan.access.renamed_roles import RenamedRoles, Told

ROLES = "appRoleAssignments"


class Read(NamedTuple):
    """When all roles of an account were told first and last, and whether the first was when it was made."""

    first: str
    last: str
    made: bool


class People:
    def __init__(self, ledger: Ledger, marks: MarksTold, renamed: RenamedRoles) -> None:
        self.ledger, self.marks, self.renamed = ledger, marks, renamed
        self._read: dict[str, Read] = {}  # by account

    def look(self, record: Record, ours: Record, address: str) -> None:
        """At a record of an account."""
        ledger = self.ledger
        deleted = ledger.names.by_name.get(fold(address)) if replaces(record) else None
        key = ledger.names.key(called_by(record, address), id_of(record), str(record.get("activityDateTime", "")))
        if earlier := name_before(record, address):
            ledger.names.until(key, str(record.get("activityDateTime", "")), earlier)
        if deleted or is_gone(ours):
            ledger.found_gone(self._ended(deleted or key, ours), record)
        if is_gone(ours):
            self._had_until(key, record)
            return
        self._account(Thing(key, "account"), record, ours, address.startswith(STRANGER))
        told, staying = list(self._roles(record, ours)), set(map(ledger.spell, ours.get("staying") or ()))
        self._not_told(key, record, {what for what, *_ in told})
        read = self._read.get(key)
        for what, before, after, sure in told:
            if read is not None and not (before is False and sure):
                ledger.absent(Thing(key, "role", what), read.first, read.last, before=False if read.made else None)
            ledger.put(Thing(key, "role", what), record, before, after, sure, what in staying)
        self.renamed.look(key, record, told)
        self._already(key, record, ours)
        if ours.get("roles") is not None and ledger.known:
            at, made = str(record.get("activityDateTime", "")), ours.get("action") == "create"
            self._read[key] = Read(at, at, made) if read is None else read._replace(last=at)

    def _already(self, key: str, record: Record, ours: Record) -> None:
        """The groups in which somebody was already who was adopted."""
        for row in ours.get("held") or ():
            if row.get("kind") == "group":
                ledger, at = self.ledger, str(record.get("activityDateTime", ""))
                thing = Thing(key, "group", ledger.groups.member(group_address(str(row["what"])), at))
                ledger.inside[thing.what].add(thing)
                ledger.put(thing, record, None, True)

    def _account(self, thing: Thing, record: Record, ours: Record, stranger: bool) -> None:
        before, after, sure = active_by(record, ours.get("action", ""))
        if self.ledger.is_out(thing) and ours.get("action") == "update" and modified(record, "active") == (None, None):
            if stranger:  # what it has is taken from an account that stays disabled
                return
            before, after = None, True if ours.get("roles") else None  # as somebody who was revoked, or who came back by hand
        # When an account came that nobody declared, and who gave it what it has, is in no log.
        self.ledger.put(thing, record, before, after, sure and not stranger)

    def _ended(self, key: str, ours: Record) -> list[Thing]:
        """What an account had that was found gone; one that is disabled stays in its groups."""
        stays = is_gone(ours) and ours.get("action") == "disable"
        return [thing for thing in self.ledger.of[key] if not (stays and thing.kind == "group")]

    def _roles(self, record: Record, ours: Record) -> Iterator[Told]:
        """What it says of each role, folded: (role, before, after, whether it is sure that it was like this before)."""
        if ours.get("roles") is None:
            return
        spell = self.ledger.spell
        was, action = modified(record, ROLES), ours.get("action")
        staying = {spell(name) for name in ours.get("staying") or ()}
        met = {spell(name) for name in ours.get("met") or ()}
        tells_more = ours.get("access") or ours.get("adopts") or ours.get("found") or staying
        if was == (None, None) and action == "update" and not tells_more:  # as most are
            yield from ((spell(name), True, True, True) for name in ours["roles"])
            return
        rows = [row for row in ours.get("access") or () if row.get("kind") == "role"]
        gained, lost = ({spell(row["what"]) for row in rows if row.get("gains") is side} for side in (True, False))
        already = [row for row in ours.get("held") or () if row.get("kind") == "role"]
        self.marks.see(record, [*rows, *already], self.ledger.groups)
        if ours.get("found"):
            yield from self._found(was, ours)
            return
        after = {spell(name) for name in ours["roles"]}
        old, new = ({spell(name) for name in side or ()} for side in was)
        adopted, fresh = action == "adopt" or ours.get("adopts") is True, action in ("create", "enable")
        recorded = set() if not mends(ours) else after if was == (None, None) else old  # had by the record until then
        for what in sorted(after & met):
            yield what, None, True, False
        for what in sorted(after - met):
            came = what in gained or fresh or (was[0] is not None and what in new - old)
            untold = adopted or (what in new and was[0] is None and not came)
            # What stays where nothing assigns it may have been given by a hand.
            sure = what not in recorded if came else what not in staying
            yield what, None if untold else not came, True, sure
        for what in sorted((lost | old) - after):
            yield what, True, False, what in old
        if not self.ledger.known:  # what no answer came of may be there
            yield from ((what, False, None, True) for what in sorted(gained - after - lost - old))

    def _found(self, was: tuple[Any, Any], ours: Record) -> Iterator[Told]:
        """Of what was read and not written, as it is since a time that nobody knows."""
        spell = self.ledger.spell
        after, staying = ({spell(name) for name in ours.get(key) or ()} for key in ("roles", "staying"))
        before = {spell(name) for name in was[0] or ()} if was != (None, None) else after
        for what in sorted(before | after):
            steady = what in before and what in after
            yield what, True if steady else None, what in after, steady and what not in staying

    def _not_told(self, key: str, record: Record, told: set[str]) -> None:
        """A record names all roles that somebody has: what it does not name somebody took by hand."""
        if record["reconcile"].get("roles") is not None and self.ledger.known:
            gone = [thing for thing in self.ledger.of[key] if thing.kind == "role" and thing.what not in told]
            self.ledger.found_gone([thing for thing in gone if self.ledger.moments[thing][-1].after], record)

    def _had_until(self, key: str, record: Record) -> None:
        """What the record knew of the roles of an account that was found gone, also where nothing earlier is left of the log."""
        for name in modified(record, ROLES)[0] or ():
            if not self.ledger.moments.get(role := Thing(key, "role", self.ledger.spell(name))):
                self.ledger.put(role, record, False, False, sure=False)
