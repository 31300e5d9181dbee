"""Desired, live and record in, plan out. It is handed no client: it cannot write. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.declare.model import App, fold
from reconciler.plan.diff import causes, differing, in_address_space, initial_attributes, same
from reconciler.plan.digest import change_digest, plan_digest, sha256
from reconciler.plan.live import Live, LiveObject
from reconciler.plan.match import Matcher, RecordView, clashes
from reconciler.plan.model import (
    AttributeChange,
    Change,
    ObjectError,
    Plan,
    Precondition,
    Skip,
    Unmanaged,
)
from reconciler.record.model import Entry, Record
from reconciler.resolve.expressions import IGNORE
from reconciler.resolve.mapping import CompiledMapping
from reconciler.resolve.model import DesiredGroup, DesiredUser, Resolution

Desired = DesiredUser | DesiredGroup


@dataclass
class Planned:
    """A plan, and what an apply of it needs beside it: ids by address, and the entries that the record will get.

    `baselines` holds, for each matched address, the entry as it were if nothing had to change.
    """

    plan: Plan
    ids: dict[str, str] = field(default_factory=dict)
    baselines: dict[str, Entry] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    gone: tuple[str, ...] = ()


@dataclass
class Selection:
    """What was asked for: some addresses, some causes; empty is everything."""

    only: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()

    def takes(self, change: Change) -> bool:
        """A change counts where each of its causes was asked for."""
        chosen = {fold(address) for address in self.only}
        if chosen and fold(change.address) not in chosen:
            return False
        return not self.causes or set(change.causes) <= set(self.causes)


def make_plan(
    app: App, resolution: Resolution, live: Live, record: Record | None, selection: Selection, base_url: str
) -> Planned:
    """The plan of one app (design.md §5 steps 5 to 7)."""
    work = _Planner(app, resolution, live, record)
    work.run()
    return work.finish(selection, base_url)


class _Planner:
    def __init__(self, app: App, resolution: Resolution, live: Live, record: Record | None) -> None:
        self.app, self.resolution, self.live, self.record = app, resolution, live, record
        self.entries: dict[str, Entry] = record.entries if record is not None else {}
        self.changes: list[Change] = []
        self.errors: list[ObjectError] = []
        self.warnings: list[str] = []
        self.recorded: dict[str, str] = {}  # today's address -> address in the record
        self.matched: dict[str, LiveObject] = {}
        self.how: dict[str, str] = {}
        self.addresses: dict[str, str] = {}  # live id -> address
        self.baselines: dict[str, Entry] = {}
        self.unchanged = self.adopted = 0

    def run(self) -> None:
        users, groups = self.resolution.user_mapping, self.resolution.group_mapping
        skipped = self.resolution.skipped
        rows: dict[str, Any] = {a: {} for a in skipped}
        self._match("User", users, self.resolution.users, rows, self.live.users)
        self._match("Group", groups, self.resolution.groups, rows, self.live.groups)
        self._plan_desired("User", users, self.resolution.users)
        self._plan_removed("User", users, self.live.users)
        if self.app.groups.enabled:
            self._plan_desired("Group", groups, self.resolution.groups)
            self._plan_removed("Group", groups, self.live.groups)
        self._warn()

    # Matching

    def _match(
        self, kind: str, mapping: CompiledMapping, desired: Any, skipped: Any, live: dict[str, LiveObject]
    ) -> None:
        declared = {fold(a) for a in desired} | {fold(a) for a in skipped}
        view = RecordView(self.entries, kind, declared)
        for address, item in desired.items():
            old = view.find(address, item.source.row)
            if old is not None and self._same_person(address, old, item):
                self.recorded[address] = old
        for address in skipped:
            if address.startswith(kind + "/") and (old := view.folded.get(fold(address))):
                self.recorded[address] = old
        found = {a: live[i] for a, old in self.recorded.items() if (i := self.entries[old]["id"]) in live}
        found = {a: o for a, o in found.items() if a.startswith(kind + "/")}
        claimed = {e["id"] for a, e in self.entries.items() if a.startswith(kind + "/")}
        self._match_by_attribute(mapping, desired, found, Matcher(mapping, live.values(), claimed))
        for address, other in list(clashes(found)):
            for name in (address, other):
                if found.pop(name, None):
                    self._error(name, "DuplicateSource", f"{address} and {other} match the same account",
                                "give each its own matching attribute")  # fmt: skip
        self.matched.update(found)
        self.addresses.update({item.id: address for address, item in found.items()})
        for address, entry in self.entries.items():
            # A dangling member keeps the id of an account that is gone: that id is nobody's.
            if entry["id"] in live:
                self.addresses.setdefault(entry["id"], address)

    def _same_person(self, address: str, old: str, item: Desired) -> bool:
        known, own = self.entries[old].get("declaredId"), item.source.row.get("id")
        if known is None or own is None or known == own:
            return True
        self._error(address, "IdentityChanged", f"the record knows this name with id {known}, not {own}",
                    "remove the first person's account, or declare the rename with `previously`")  # fmt: skip
        return False

    def _match_by_attribute(
        self, mapping: CompiledMapping, desired: Any, found: dict[str, LiveObject], matcher: Matcher
    ) -> None:
        failed = {error.address for error in self.errors}
        for address, item in desired.items():
            if address in found or address in failed:
                continue
            target, candidates = matcher.candidates(item.values)
            if not candidates:
                target, candidates = self._by_previous(mapping, item, matcher)
            if len(candidates) > 1:
                names = ", ".join(sorted(f"{c.name} ({c.id})" for c in candidates))
                self._error(address, "DuplicateTargetEntries", f"{len(candidates)} accounts match by {target}: {names}",
                            "remove the surplus accounts on the service, or match by another attribute")  # fmt: skip
            elif candidates:
                found[address], self.how[address] = candidates[0], target

    def _by_previous(
        self, mapping: CompiledMapping, item: Desired, matcher: Matcher
    ) -> tuple[str, list[LiveObject]]:
        """Without a record an earlier name is tried in the slots that are mapped straight from the name."""
        key = "userPrincipalName" if isinstance(item, DesiredUser) else "displayName"
        for name in item.source.row.get("previously") or ():
            values = [
                name if slot.mapping.value == key else None for slot in mapping.slots
            ]
            target, candidates = matcher.candidates(tuple(values))
            if candidates:
                return target, candidates
        return "", []

    # Changes

    def _plan_desired(self, kind: str, mapping: CompiledMapping, desired: Any) -> None:
        failed = {error.address for error in self.errors}
        for address in sorted(desired):
            if address in failed:
                continue
            item, live = desired[address], self.matched.get(address)
            if live is None:
                self._create(mapping, item)
            else:
                self._update(mapping, item, live)

    def _create(self, mapping: CompiledMapping, item: Desired) -> None:
        if "create" not in mapping.mapping.targetObjectActions:
            self.warnings.append(f"{item.address} is in scope, but the mapping does not create")
            return
        old = self.recorded.get(item.address)
        reason = "in scope, and no account matches"
        if old is not None:
            reason = "in scope, and its account was deleted on the service"
        if "id" in item.source.row:
            self.baselines[item.address] = {"wanted": {}, "declaredId": item.source.row["id"]}
        add = tuple(sorted(self._possible(item.members))) if isinstance(item, DesiredGroup) else ()
        self._change(item, "create", reason, {"drift" if old else "config"},
                     initial_attributes(mapping, item.values), add, (), None)  # fmt: skip

    def _update(self, mapping: CompiledMapping, item: Desired, live: LiveObject) -> None:
        entry = self._entry(item.address)
        have = in_address_space(mapping, live.values, self.addresses)
        attributes = differing(mapping, item.values, have, entry)
        add, remove = self._members(item, live, entry)
        self._baseline(mapping, item, live, have, attributes, entry)
        if not attributes and not add and not remove:
            self.unchanged += entry is not None
            self.adopted += entry is None
            return
        if "update" not in mapping.mapping.targetObjectActions:
            self.warnings.append(f"{item.address} differs, but the mapping does not update")
            return
        why = causes(attributes, entry) if attributes else set()
        why = self._lapsed(mapping, item, attributes, entry, why) | self._member_causes(add, remove, entry)
        enabling = any(a.path == "active" and a.after is True for a in attributes)
        self._change(item, "enable" if enabling else "update", self._reason(item, live, entry, enabling, why),
                     why, attributes, add, remove, self._rests_on(mapping, live))  # fmt: skip

    def _reason(self, item: Desired, live: LiveObject, entry: Entry | None, enabling: bool, why: set[str]) -> str:
        if entry is None:
            return f"adopts the existing account {live.name}, matched by {self.how.get(item.address, 'id')}"
        old = self.recorded[item.address]
        if fold(old) != fold(item.address):
            return f"renamed from {old.partition('/')[2]}"
        if enabling:
            return "in scope again"
        return {frozenset({"drift"}): "edited on the service since the last apply",
                frozenset({"time"}): "an assignment expired"}.get(frozenset(why), "the declaration changed")  # fmt: skip

    def _lapsed(
        self, mapping: CompiledMapping, item: Desired, changed: Any, entry: Entry | None, why: set[str]
    ) -> set[str]:
        """Roles that went only because an assignment expired are the work of time, not of an edit."""
        if "config" in why and isinstance(item, DesiredUser) and item.lapsed and entry is not None:
            fed = {s.target for s in mapping.slots if s.expression and "appRoleAssignments" in s.expression.sources}
            if all(a.path in fed for a in changed):
                return (why - {"config"}) | {"time"}
        return why

    def _members(
        self, item: Desired, live: LiveObject, entry: Entry | None
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Members to add and to remove; without a word from the service the record is all that we know."""
        if not isinstance(item, DesiredGroup):
            return (), ()
        if not any(m.target == "members" for m in self.app.groups.attributes):
            return (), ()
        if live.members is None:
            have = set((entry or {}).get("members", ()))
        else:
            have = {self.addresses.get(i, "#" + i) for i in live.members}
        wanted = self._possible(item.members)
        surplus = {m for m in have - wanted if not m.startswith("#") or self._assertive(m)}
        return tuple(sorted(wanted - have)), tuple(sorted(surplus))

    def _assertive(self, member: str) -> bool:
        return self.app.groups.assertive and member[1:] in self.live.users

    def _possible(self, members: frozenset[str]) -> set[str]:
        """Members whose account exists or will."""
        if "create" in self.app.users.targetObjectActions:
            failed = {error.address for error in self.errors}
            return set(members) - failed
        return {m for m in members if m in self.matched}

    def _member_causes(self, add: tuple[str, ...], remove: tuple[str, ...], entry: Entry | None) -> set[str]:
        before = set((entry or {}).get("members", ()))
        why = {"drift" if m in before else "config" for m in add}
        for member in remove:
            if member not in before:
                why.add("drift" if entry is not None else "config")
            else:
                skip = self.resolution.skipped.get(member)
                why.add("time" if skip is not None and skip.code == "AssignmentExpired" else "config")
        return why

    def _plan_removed(self, kind: str, mapping: CompiledMapping, live: dict[str, LiveObject]) -> None:
        """Accounts of the record that are no longer in scope, or no longer declared."""
        current = {old for address, old in self.recorded.items() if address not in self.resolution.skipped}
        skips = {fold(address): skip for address, skip in self.resolution.skipped.items()}
        for old, entry in sorted(self.entries.items()):
            if not old.startswith(kind + "/") or old in current:
                continue
            account = live.get(entry["id"])
            skip = skips.get(fold(old))
            if account is None or (skip and skip.code in ("MatchingAttributeEmpty", "DuplicateSource")):
                continue
            if kind == "Group":
                self._remove_group(old, entry, account, mapping)
            else:
                self._remove_user(old, entry, account, mapping, skip)

    def _remove_group(self, address: str, entry: Entry, live: LiveObject, mapping: CompiledMapping) -> None:
        allowed = entry.get("created") and "delete" in mapping.mapping.targetObjectActions
        if allowed:
            self._removal(address, "delete", "no longer assigned or declared", {"config"}, (), mapping, live)

    def _remove_user(
        self, address: str, entry: Entry, live: LiveObject, mapping: CompiledMapping, skip: Any
    ) -> None:
        policy = self.app.deprovisioning.outOfScope if skip else self.app.deprovisioning.removedFromDirectory
        reason = f"{skip.code}: {skip.reason}" if skip else "no longer in the directory"
        why = {"time"} if skip is not None and skip.code == "AssignmentExpired" else {"config"}
        actions = mapping.mapping.targetObjectActions
        if policy == "delete" and "delete" in actions:
            self._removal(address, "delete", reason, why, (), mapping, live)
        elif policy != "retain" and live.active and "update" in actions:
            if not mapping.disables():
                self.warnings.append(f"{address} is retained: no mapping gives `active: false` ({reason})")
                return
            if entry.get("wanted", {}).get("active") is False:
                why = {"drift"}
            self._removal(address, "disable", reason, why, (AttributeChange("active", True, False),), mapping, live)

    def _removal(
        self, address: str, action: str, reason: str, why: set[str], attributes: Any, mapping: CompiledMapping,
        live: LiveObject,
    ) -> None:  # fmt: skip
        skip = self.resolution.skipped.get(address)
        file, line = (skip.file, skip.line) if skip else (self.app.place.file, self.app.place.line)
        change = Change(address, action, reason, tuple(sorted(why)), file, line, live.name, attributes,
                        precondition=self._rests_on(mapping, live))  # fmt: skip
        self._baseline_kept(address)
        self.changes.append(replace(change, digest=change_digest(change)))

    def _change(
        self, item: Desired, action: str, reason: str, why: set[str], attributes: Any, add: Any, remove: Any,
        rests_on: Precondition | None,
    ) -> None:  # fmt: skip
        name = str(item.source.row.get("displayName", ""))
        adopts = self._entry(item.address) is None and rests_on is not None
        change = Change(item.address, action, reason, tuple(sorted(why)), item.source.file, item.source.line, name,
                        attributes, add, remove, rests_on, adopts)  # fmt: skip
        self.changes.append(replace(change, digest=change_digest(change)))

    def _rests_on(self, mapping: CompiledMapping, live: LiveObject) -> Precondition:
        values = in_address_space(mapping, live.values, self.addresses)
        return Precondition(live.id, live.version, sha256({mapping.slots[i].target: values[i] for i in mapping.updates}))

    # What the record will hold

    def _entry(self, address: str) -> Entry | None:
        old = self.recorded.get(address)
        return self.entries[old] if old is not None else None

    def _baseline(
        self, mapping: CompiledMapping, item: Desired, live: LiveObject, have: Any, attributes: Any, entry: Entry | None
    ) -> None:
        base: Entry = {**entry, "id": live.id} if entry is not None else {"id": live.id}
        pending = {a.path for a in attributes}
        wanted, answered = dict(base.get("wanted", {})), dict(base.get("answered", {}))
        for i in mapping.updates:
            slot, want = mapping.slots[i], item.values[i]
            if want is IGNORE or slot.target in pending or (want is None and slot.target not in wanted):
                continue
            wanted[slot.target] = want
            answered.pop(slot.target, None)
            if not same(slot, want, have[i]):
                answered[slot.target] = have[i]
        base["wanted"], base["answered"] = wanted, answered
        if "id" in item.source.row:
            base["declaredId"] = item.source.row["id"]
        if isinstance(item, DesiredGroup):
            base["members"] = sorted(item.members)
        self.baselines[item.address] = base

    def _baseline_kept(self, address: str) -> None:
        entry = self.entries[address]
        self.baselines[address] = {**entry}

    # The end

    def _error(self, address: str, code: str, reason: str, remedy: str) -> None:
        self.errors.append(ObjectError(address, code, reason, remedy))

    def _warn(self) -> None:
        if self.record is None:
            self.warnings.append("there is no record yet: accounts are matched afresh, and only matched ones are managed")
        matcher = Matcher(self.resolution.user_mapping, self.live.users.values(), set(self.addresses))
        names = {fold(item.name): item for item in matcher.live if item.active}
        found = sorted(a for a in self.resolution.skipped if fold(a.partition("/")[2]) in names and a.startswith("User/"))
        for address in found:
            code = self.resolution.skipped[address].code
            self.warnings.append(f"{address} is not in scope ({code}), but an active account that we do not manage has this name")

    def finish(self, selection: Selection, base_url: str) -> Planned:
        kept = tuple(sorted((c for c in self.changes if selection.takes(c)), key=lambda c: (c.address, c.action)))
        known = set(self.addresses)
        unmanaged = tuple(Unmanaged(o.id, o.name) for o in sorted(self.live.users.values()) if o.id not in known)
        skipped = tuple(Skip(s.address, s.code, s.reason, s.remedy) for _, s in sorted(self.resolution.skipped.items()))
        plan = Plan(
            self.app.name, self.app.displayName, base_url, self.app.profile, kept, skipped, unmanaged,
            tuple(self.errors), tuple(self.warnings), self.unchanged, self.adopted,
            tuple(selection.only), tuple(selection.causes), reads=self.live.reads, writes=len(kept),
            digest=plan_digest(self.app.name, base_url, selection.only, selection.causes, kept),
        )  # fmt: skip
        renamed = {new: old for new, old in self.recorded.items() if new != old}
        ids = {address: live_id for live_id, address in self.addresses.items()}
        ids.update({address: live.id for address, live in self.matched.items()})
        ids.update({"#" + i: i for i in self.live.users})
        if not selection.only:
            return Planned(plan, ids, self.baselines, renamed)
        # A part leaves the record of everything else as it is.
        chosen = {fold(address) for address in selection.only}
        part = {a: entry for a, entry in self.baselines.items() if fold(a) in chosen}
        return Planned(plan, ids, part, {new: old for new, old in renamed.items() if fold(new) in chosen})
