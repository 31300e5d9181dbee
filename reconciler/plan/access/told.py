"""Records of the log in, what each says of who had what before it and after it out. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from reconciler.declare.names import STRANGER, fold, group_address, is_group, is_user
from reconciler.plan.access.keys import UNKNOWN, Names, Thing
from reconciler.plan.access.one_record import (
    active_by,
    address_of,
    called_by,
    id_of,
    is_known,
    is_written,
    mends,
    modified,
    replaces,
)
from reconciler.plan.access.past import Moment, Record, given

ROLES, MEMBERS = "appRoleAssignments", "members"
ROLE = "roles."  # how the key of a role begins among those of the configuration
# What is told of the change that gave or took something: of a million records the rest would fill the memory.
LASTING = ("id", "activityDateTime", "cycleId", "provisioningAction", "initiatedBy")
UNTOLD: Record = {}
OURS = (
    "kind", "address", "action", "declaredAt", "commit", "pullRequest", "approvals", "access", "startedBy", "readBack",
)  # fmt: skip


_Role = tuple[str, bool | None, bool | None, bool]  # a folded role, before, after, and whether the first is sure


class Seen(NamedTuple):
    """That a record told whether a role or group was privileged: when, and whether by what somebody gained, or lost."""

    at: str
    privileged: bool
    gains: bool = True


class Changed(NamedTuple):
    """That roles (folded) were declared otherwise, beside another name: between the beginning and the end of a cycle."""

    begin: str
    end: str
    names: frozenset[str]


class _Exchanged(NamedTuple):
    """What roles somebody got in one record, and which ones went, all folded."""

    cycle: str
    account: str
    record: Record
    came: set[str]
    went: set[str]


class Told:
    """`moments` are those of each thing, in the order of the log; `names` those of accounts, `groups` those of groups;
    `spelled` is how a role is written; `renamed` are roles that got another name: when, and what each is called since and was
    called before, folded. `roles_seen` (by folded name) and `groups_seen` (by key) are when the log told whether these are
    privileged, `roles_changed` when roles were declared otherwise.
    """

    def __init__(self) -> None:
        self.names, self.groups = Names(), Names()
        self.moments: dict[Thing, list[Moment]] = defaultdict(list)
        self.spelled: dict[str, str] = {}
        self.roles_seen: dict[str, list[Seen]] = defaultdict(list)
        self.groups_seen: dict[str, list[Seen]] = defaultdict(list)
        self.roles_changed: list[Changed] = []
        self._cycle = ("", "")  # the one that is looked at, and when it began
        self.renamed: list[tuple[str, str, str]] = []
        self._of: dict[str, list[Thing]] = defaultdict(list)  # an account -> what is told of it
        self._inside: dict[str, set[Thing]] = defaultdict(set)
        self._kept: tuple[Record, Record] = ({}, {})  # the record that was looked at last, and what of it lasts
        self._known = False  # of the record that is looked at whether it is known what came of it
        self._exchanged: list[_Exchanged] = []  # of one cycle, which may tell at its end that it was another name alone
        self._begun: set[str] = set()  # groups whose beginning is in the log, so that whom it did not put in came by hand

    def look(self, records: Iterable[Record]) -> None:
        """At records in the order of the log; in a cycle accounts come first, since members are told by their names."""
        groups: list[Record] = []
        for record in records:
            if groups and (record.get("cycleId") != groups[0].get("cycleId") or not record.get("cycleId")):
                self._groups(groups)
                groups = []
            ours, address = record["reconcile"], address_of(record)
            if record.get("cycleId") != self._cycle[0]:
                self._cycle = record.get("cycleId", ""), str(record.get("activityDateTime", ""))
            if ours.get("kind") != "object":
                self._known = False
                self._audit(record, ours)
                continue
            self._known = is_known(record)
            if not is_written(record, self._known):
                continue
            if is_group(address):
                groups.append(record)
            else:
                self._user(record, ours, address)
        self._groups(groups)

    def _audit(self, record: Record, ours: Record) -> None:
        """What is no object, and tells of access all the same."""
        details = ours.get("details") or {}
        if ours.get("kind") == "configurationChanged":
            at, renamed = str(record.get("activityDateTime", "")), details.get("renamedRoles") or {}
            pairs = [(fold(new), fold(old)) for new, old in renamed.items()]
            self.renamed += [(at, *pair) for pair in pairs]
            keys = (fold(str(key)) for key in details.get("keys") or ())
            names = {key.removeprefix(ROLE) for key in keys if key.startswith(ROLE)} - {name for pair in pairs for name in pair}
            if names:
                self.roles_changed.append(Changed(min(self._cycle[1], at), at, frozenset(names)))
            for item in self._exchanged if pairs else ():
                if item.cycle == record.get("cycleId"):
                    self._rename(item, pairs)
        if ours.get("kind") == "recordCommand" and details.get("command") == "forget":
            self._forgotten(str(details.get("address", "")), details.get("held") or {}, record)

    def renamed_between(self, since: str, until: str) -> dict[str, str]:
        """The roles that got another name after the one time and until the other: folded, what each was before."""
        return {new: old for at, new, old in self.renamed if since < at <= until}

    def _forgotten(self, address: str, held: Record, record: Record) -> None:
        """`held` is what the record knew until then; since then nobody manages it, and what it has is known to nobody."""
        at = str(record.get("activityDateTime", ""))
        if is_user(address):
            key = self.names.member(address, at) if address.startswith(STRANGER) else self.names.key(address, held.get("id"), at)
            roles = {Thing(key, "role", self._spell(name)) for name in held.get("roles", ())}
            self._forget(Thing(key, "account"), held.get("active"), record)
            for thing in {*roles, *(thing for thing in self._of[key] if thing.kind == "role")}:
                self._forget(thing, thing in roles if held else None, record)
        elif is_group(address):
            key = self.groups.key(address, held.get("id"), at)
            inside = {Thing(self.names.member(name, at), "group", key) for name in held.get("members", ())}
            self._inside[key] |= inside
            for thing in list(self._inside[key]):
                self._forget(thing, thing in inside if held else None, record)

    def _forget(self, thing: Thing, before: bool | None, record: Record) -> None:
        """Whoever was out already is told of as before."""
        moments = self.moments.get(thing)
        if before is not False and not (moments and moments[-1].after is False):
            self._put(thing, record, before, None)

    def _groups(self, records: Iterable[Record]) -> None:
        """Those of one cycle."""
        for record in records:
            self._known = is_known(record)
            self._group(record, record["reconcile"], address_of(record))

    def _put(self, thing: Thing, record: Record, before: bool | None, after: bool | None, sure: bool = True) -> None:
        if not self._known:
            after = None
        steady, moments = before is True and after is True and sure, self.moments[thing]
        if steady and len(moments) > 1 and moments[-1].is_steady and moments[-2].is_steady:
            moments.pop()
        # What neither gave nor took tells no more: there may be a million.
        told = UNTOLD if steady else self._lasting(record)
        at = str(record.get("activityDateTime", ""))
        if not moments:
            self._of[thing.account].append(thing)
        # A clock that was set back between two of them does not change their order.
        moments.append(Moment(max(at, moments[-1].at) if moments else at, before, after, sure, told))

    def _found_gone(self, things: Iterable[Thing], record: Record) -> None:
        """What somebody deleted by hand, at a time that nobody knows."""
        for thing in things:
            if self.moments.get(thing) and self.moments[thing][-1].after is not False:
                self._put(thing, record, False, False, sure=False)

    def _lasting(self, record: Record) -> Record:
        """The same for every moment of one record."""
        if self._kept[0] is not record:
            ours = record["reconcile"]
            lasting = {name: record[name] for name in LASTING if name in record}
            self._kept = record, {**lasting, "reconcile": {name: ours[name] for name in OURS if name in ours}}
        return self._kept[1]

    # Accounts

    def _user(self, record: Record, ours: Record, address: str) -> None:
        deleted = self.names.by_name.get(fold(address)) if replaces(record) else None
        key = self.names.key(called_by(record, address), id_of(record), str(record.get("activityDateTime", "")))
        if deleted or ours.get("found"):
            self._found_gone(self._ended(deleted or key, ours), record)
        if ours.get("found"):
            self._had_until(key, record)
            return
        self._account(Thing(key, "account"), record, ours, address.startswith(STRANGER))
        told = list(self._roles(record, ours))
        for what, before, after, sure in told:
            self._put(Thing(key, "role", what), record, before, after, sure)
        self._exchange(key, record, told)

    def _account(self, thing: Thing, record: Record, ours: Record, stranger: bool) -> None:
        before, after, sure = active_by(record, ours.get("action", ""))
        moments = self.moments.get(thing)
        out = bool(moments) and self.moments[thing][-1].after is False
        if out and ours.get("action") == "update" and modified(record, "active") == (None, None):
            if stranger:  # what it has is taken from an account that stays disabled
                return
            before, after = None, True if ours.get("roles") else None  # as somebody who was revoked, or who came back by hand
        # When an account came that nobody declared, and who gave it what it has, is in no log.
        self._put(thing, record, before, after, sure and not stranger)

    def _ended(self, key: str, ours: Record) -> list[Thing]:
        """What an account had that was found gone; one that is disabled stays in its groups."""
        stays = ours.get("found") and ours.get("action") == "disable"
        return [thing for thing in self._of[key] if not (stays and thing.kind == "group")]

    def _roles(self, record: Record, ours: Record) -> Iterator[_Role]:
        """What it says of each role, folded: (role, before, after, whether it is sure that it was like this before)."""
        if ours.get("roles") is None:
            return
        was, action = modified(record, ROLES), ours.get("action")
        if was == (None, None) and action == "update" and not (ours.get("access") or ours.get("adopts")):  # as most are
            yield from ((self._spell(name), True, True, True) for name in ours["roles"])
            return
        rows = [row for row in ours.get("access") or () if row.get("kind") == "role"]
        gained, lost = ({self._spell(row["what"]) for row in rows if row.get("gains") is side} for side in (True, False))
        self._see(record, rows)
        after = {self._spell(name) for name in ours["roles"]}
        old, new = ({self._spell(name) for name in side or ()} for side in was)
        adopted, fresh = action == "adopt" or ours.get("adopts") is True, action in ("create", "enable")
        recorded = set() if not mends(ours) else after if was == (None, None) else old  # had by the record until then
        for what in sorted(after):
            came = what in gained or fresh or (was[0] is not None and what in new - old)
            untold = adopted or (what in new and was[0] is None and not came)
            yield what, None if untold else not came, True, not (came and what in recorded)
        for what in sorted((lost | old) - after):
            yield what, True, False, what in old
        if not self._known:  # what no answer came of may be there
            yield from ((what, False, None, True) for what in sorted(gained - after - lost - old))

    def _had_until(self, key: str, record: Record) -> None:
        """What the record knew of the roles of an account that was found gone, also where nothing earlier is left of the log."""
        for name in modified(record, ROLES)[0] or ():
            if not self.moments.get(role := Thing(key, "role", self._spell(name))):
                self._put(role, record, False, False, sure=False)

    def _exchange(self, key: str, record: Record, told: Iterable[_Role]) -> None:
        """Where somebody has one role for another, it may be the same one by another name, now or at an earlier time."""
        came = {what for what, before, after, _ in told if before is False and after}
        went = {what for what, before, after, _ in told if before and not after}
        if not (came and went):
            return
        item = _Exchanged(str(record.get("cycleId", "")), key, self._lasting(record), came, went)
        if self._exchanged and self._exchanged[-1].cycle != item.cycle:
            self._exchanged.clear()
        self._exchanged.append(item)
        self._rename(item, [(new, old) for at, new, old in self.renamed if self._had(Thing(key, "role", old), at)])

    def _had(self, role: Thing, at: str) -> bool:
        """Whether it was given before a time, and so is the role that got another name then."""
        moments = self.moments.get(role, [])
        gave, _ = given(moments, max(len(moments) - 1, 0))
        return gave is None or gave.at <= at

    def _rename(self, item: _Exchanged, pairs: Iterable[tuple[str, str]]) -> None:
        for new, old in pairs:
            if new in item.came and old in item.went:
                for what, other, before in ((new, old, False), (old, new, True)):
                    moments = self.moments[Thing(item.account, "role", what)]
                    places = [place for place, moment in enumerate(moments) if moment.record is item.record]
                    for place in places[-1:]:
                        moments[place] = moments[place]._replace(before=before, other=other)

    def _spell(self, name: Any) -> str:
        folded = fold(str(name))
        if (
            str(name) != folded or folded not in self.spelled
        ):  # of a role that is no longer declared the log may know the key alone
            self.spelled[folded] = str(name)
        return folded

    def _see(self, record: Record, rows: Iterable[Record]) -> None:
        """Whether roles are privileged, and with them the groups through which they come."""
        at = str(record.get("activityDateTime", ""))
        for row in rows:
            seen = Seen(at, row.get("privileged") is True, row.get("gains") is True)
            _add(self.roles_seen[fold(str(row.get("what", "")))], seen)
            for name in str(row.get("through") or "").split(" > ") if seen.privileged and seen.gains else ():
                if (group := self.groups.by_name.get(fold(group_address(name)))) is not None:
                    _add(self.groups_seen[group], seen)

    # Groups

    def _group(self, record: Record, ours: Record, address: str) -> None:
        at, action = str(record.get("activityDateTime", "")), ours.get("action")
        deleted = self.groups.by_name.get(fold(address)) if replaces(record) else None
        key = self.groups.key(address, id_of(record), at)
        if deleted or ours.get("found"):
            self._found_gone(list(self._inside[deleted or key]), record)
        if ours.get("found"):
            return
        for row in (ours.get("access") or ())[:1]:
            _add(self.groups_seen[key], Seen(at, row.get("privileged") is True))
        out, into = modified(record, MEMBERS)
        if action == "delete":
            self._deleted(record, key)
            return
        if action in ("create", "adopt"):
            self._begun.add(key)
        puts_right = mends(ours)
        by_hand = key in self._begun or puts_right
        for side, is_in in ((out, False), (into, True)):
            for member in map(str, side or ()):
                if is_user(member) or member.startswith(UNKNOWN):
                    before = None if action == "adopt" else not is_in
                    thing = Thing(self.names.member(member, at), "group", key)
                    self._inside[key].add(thing)
                    self._put(thing, record, before, is_in, not puts_right if is_in else not by_hand)

    def _deleted(self, record: Record, key: str) -> None:
        for row in record["reconcile"].get("access") or ():
            if is_user(str(row.get("address", ""))):
                self._inside[key].add(Thing(self.names.member(row["address"], str(record.get("activityDateTime"))), "group", key))
        for thing in self._inside[key]:
            moments = self.moments[thing]
            if not moments or moments[-1].after is not False:
                self._put(thing, record, True, False, key not in self._begun)


def _add(seen: list[Seen], item: Seen) -> None:
    """Of what is told again and again the first and the last one do."""
    if len(seen) > 1 and seen[-1][1:] == seen[-2][1:] == item[1:]:
        seen.pop()
    seen.append(item)
