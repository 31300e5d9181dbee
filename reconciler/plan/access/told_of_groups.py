"""Records of groups in, what each says of who was inside into the ledger. Pure."""

from __future__ import annotations

from reconciler.declare.names import fold, is_user
from reconciler.plan.access.keys import UNKNOWN, Thing
from reconciler.plan.access.ledger import Ledger
from reconciler.plan.access.marks_told import MarksTold
from reconciler.plan.access.one_record import address_of, id_of, is_gone, mends, modified, name_before, replaces
from reconciler.plan.access.past import Record

MEMBERS = "members"


class Groups:
    def __init__(self, ledger: Ledger, marks: MarksTold) -> None:
        self.ledger, self.marks = ledger, marks
        # Groups whose beginning is in the log, so that whom it did not put in came by hand; and when that was, of those we made.
        self._begun: dict[str, str] = {}

    def look(self, record: Record) -> None:
        """At a record of a group."""
        ledger, ours, address = self.ledger, record["reconcile"], address_of(record)
        at, action = str(record.get("activityDateTime", "")), ours.get("action")
        deleted = ledger.groups.by_name.get(fold(address)) if replaces(record) else None
        key = ledger.groups.key(address, id_of(record), at)
        if earlier := name_before(record, address):
            ledger.groups.until(key, at, earlier)
        if deleted or is_gone(ours):
            ledger.found_gone(list(ledger.inside[deleted or key]), record)
        if is_gone(ours):
            return
        self.marks.see_group(key, at, ours.get("access") or ours.get("held") or ())
        if action == "delete":
            self._deleted(record, key)
            return
        if action in ("create", "adopt") or ours.get("held"):
            self._begun[key] = at if action == "create" and ledger.known else ""
        self._already(record, key, at)
        self._members(record, key, at)

    def _already(self, record: Record, key: str, at: str) -> None:
        """Who was inside when it was adopted with a change."""
        for member in (name for row in record["reconcile"].get("held") or () for name in row.get("members") or ()):
            thing = Thing(self.ledger.names.member(member, at), "group", key)
            self.ledger.inside[key].add(thing)
            self.ledger.put(thing, record, None, True)

    def _members(self, record: Record, key: str, at: str) -> None:
        ours = record["reconcile"]
        puts_right, found = mends(ours), ours.get("found") is True
        by_hand = key in self._begun or puts_right
        for side, is_in in zip(modified(record, MEMBERS), (False, True), strict=True):
            for member in map(str, side or ()):
                if is_user(member) or member.startswith(UNKNOWN):
                    before = None if found or ours.get("action") == "adopt" else not is_in
                    thing = Thing(self.ledger.names.member(member, at), "group", key)
                    self.ledger.inside[key].add(thing)
                    sure = not found and (not puts_right if is_in else not by_hand)
                    if (begun := self._begun.get(key)) and not (before is False and sure) and begun < at:
                        self.ledger.absent(thing, begun)
                    self.ledger.put(thing, record, before, is_in, sure)

    def _deleted(self, record: Record, key: str) -> None:
        ledger, at = self.ledger, str(record.get("activityDateTime"))
        for row in record["reconcile"].get("access") or ():
            if is_user(str(row.get("address", ""))):
                ledger.inside[key].add(Thing(ledger.names.member(row["address"], at), "group", key))
        for thing in ledger.inside[key]:
            if not ledger.is_out(thing):
                ledger.put(thing, record, True, False, key not in self._begun)
